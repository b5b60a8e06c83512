"""Everything that is built and served: what is live, what waits, and one release with what speaks for it."""

import csv
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.platform.pages.marks import mark
from apps.platform.pages.shell import page, staff_page
from apps.platform.services import formats
from apps.platform.services.tabular.spreadsheets import escaped_row
from apps.releases.pages import report_rows, verdicts
from apps.releases.pages.build_progress import progress_of
from apps.releases.pages.facts import origin_facts
from apps.releases.selectors.detail import ReleaseDetail, release_detail
from apps.releases.selectors.listing import ReleaseRow, release_count, releases_waiting
from apps.releases.selectors.listing import releases as list_releases
from apps.releases.selectors.live import live_release
from apps.releases.services.kinds import release_kind, release_kinds, rule_words
from apps.releases.services.wording import Words, told_results

PAGE_SIZE = 25


@staff_page("releases.view_release")
def releases(request: HttpRequest) -> HttpResponse:
    """What is live, and what waits?"""
    kind = release_kind(request.GET["kind"]).name if request.GET.get("kind") else None
    text = request.GET.get("page", "1")
    number = max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1
    total = release_count(kind=kind)
    rows = list_releases(kind=kind, offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE, now=timezone.now())
    waiting = releases_waiting()
    titles = {known.name: known.title for known in release_kinds()}
    return page(
        request,
        "releases/list.html",
        title="Releases",
        answer=waiting_sentence([f"{titles.get(row.kind, row.kind)} {row.key}" for row in waiting]),
        chosen=kind,
        kinds=release_kinds(),
        live=[(known, live_release(known.name)) for known in release_kinds()],
        rows=[list_line(row, titles, waits=row in waiting) for row in rows],
        total=total,
        number=number,
        more=number * PAGE_SIZE < total,
    )


@staff_page("releases.view_release")
def release(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """May it replace the live one?"""
    known, now = release_kind(kind), timezone.now()
    detail = release_detail(kind, key, now=now)
    report = report_rows.stored_report(detail)
    table = None
    if report and report.measures:
        against = request.GET.get("against", "")
        table = report_rows.report_table(report, _results(detail, known.words), known.rules, against=against)
    return page(
        request,
        "releases/detail.html",
        title=f"{known.title} {key}",
        kind=known,
        detail=detail,
        verdict=verdicts.verdict(detail),
        strip=verdicts.strip(detail),
        table=table,
        slices=report_rows.slice_table(report) if report else None,
        origin=origin_facts(detail),
        history=[(span, verdicts.spans_text(span.since, span.until, now)) for span in detail.live_history],
        buttons=_buttons(request, detail),
        progress=progress_of(detail, now=now),
        findings=[{**finding, "mark": mark(*SEVERITIES[finding["severity"]])} for finding in detail.findings],
    )


def _results(detail: ReleaseDetail, words: Words) -> list[Mapping[str, Any]]:
    """Tell what the rules found, and which of it a person accepted."""
    names = {accepted["name"] for accepted in detail.row.accepted}
    return [
        {**result, "accepted": not result["passed"] and result["rule"] in names}
        for result in told_results(detail, words)
    ]


SEVERITIES: Mapping[str, tuple[str, str]] = {
    "stop": ("worse", "Stops"),
    "warning": ("watch", "Warning"),
    "note": ("unknown", "Note"),
}


@staff_page("releases.view_release")
def report_csv(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Write the report as a file, in full precision."""
    detail = release_detail(kind, key)
    report = report_rows.stored_report(detail)
    rules = {result["measure"]: result for result in told_results(detail, rule_words(kind))}
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{kind}-{key}.csv"'
    writer = csv.writer(answer)
    writer.writerow(CSV_COLUMNS)
    for measure in report.measures if report else ():
        change, rule = measure.change, rules.get(measure.key)
        ends = (change.estimate, change.low, change.high) if change else ("", "", "")
        verdict = (rule["text"], "passed" if rule["passed"] else "failed") if rule else ("", "")
        champion = "" if measure.champion is None else measure.champion
        values = (measure.key, measure.title, measure.against, champion, measure.challenger, measure.unit.value)
        counts = (measure.wins, measure.losses, measure.ties, measure.p_value)
        paired = ["" if count is None else count for count in counts]
        writer.writerow(escaped_row([*values, *ends, measure.n, *paired, *verdict]))
    return answer


CSV_COLUMNS = (
    "measure", "title", "against", "champion", "challenger", "unit", "change", "change_low", "change_high", "n", "wins",
    "losses", "ties", "p_value", "rule", "gate",
)  # fmt: skip


def waiting_sentence(names: Sequence[str]) -> str:
    """Say what waits for a person, or that nothing does."""
    if not names:
        return "Nothing waits for you."
    return f"{formats.counted(len(names), 'release waits', 'releases wait')} for you: {', '.join(names)}."


def list_line(row: ReleaseRow, titles: Mapping[str, str], *, waits: bool) -> dict[str, Any]:
    """Show a release as a line of a list."""
    return {
        "row": row,
        "title": titles.get(row.kind, row.kind),
        "mark": verdicts.state_mark(row.state, waits=waits),
        "href": reverse("release", args=[row.kind, row.key]),
        "reason": row.error or row.gate_reason,
    }


def _buttons(request: HttpRequest, detail: ReleaseDetail) -> list[dict[str, str]]:
    """List what this visitor may do with the release; what they may not carries its reason."""
    row = detail.row
    span = next((span for span in detail.live_history if span.key == row.key), None)
    allowed = request.user.has_perm("releases.change_release")
    if row.state == "retired" and span and span.can_roll_back and allowed:
        return [{"text": "Roll back to this…", "href": reverse("release-roll-back", args=[row.kind, row.key])}]
    if row.state in {"live", "retired"}:
        return []
    address = reverse("release-promote", args=[row.kind, row.key])
    if detail.to_accept and allowed:
        return [{"text": "Accept and promote…", "href": address}]
    reason = detail.why_not_promotable or ("" if allowed else "You may look, not decide: ask for the permission.")
    if not reason:
        return [{"text": "Promote…", "href": address, "primary": "yes"}]
    names = list(dict.fromkeys(refusal["name"] for refusal in row.refusals if refusal["name"]))
    return [{"text": "Promote", "reason": f"Refused by the gate: {', '.join(names)}" if names else reason}]
