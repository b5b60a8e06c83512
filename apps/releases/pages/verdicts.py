"""The answer at the head of a release's page, and the states of its life, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from apps.platform.pages.marks import BETTER, RUNNING, UNKNOWN, WATCH, WORSE, mark
from apps.platform.services import formats
from apps.releases.selectors.detail import ReleaseDetail, Step

# State of a release: the shape of its mark, and its word.
STATE_WORDS = {
    "building": (RUNNING, "Building"),
    "refused_by_audit": (WORSE, "Refused by the audit"),
    "built": (RUNNING, "Being evaluated"),
    "evaluated": (RUNNING, "At the gate"),
    "passed": (BETTER, "Passed"),
    "refused": (WORSE, "Refused by the gate"),
    "live": (BETTER, "Live"),
    "retired": (UNKNOWN, "Was live"),
    "failed": (WORSE, "Failed"),
}
DONE_WORDS = {
    "Build": "Built",
    "Audit": "No findings",
    "Evaluate": "Evaluated",
    "Gate": "Passed",
    "Promote": "Was live",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the page says first."""

    state: str
    sentence: str
    because: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the life strip."""

    name: str
    mark: SafeString
    line: str
    is_now: bool
    is_stop: bool


def state_mark(state: str, *, waits: bool = False) -> SafeString:
    """Mark a release's state, for lists; one that passed waits only while it may be promoted."""
    return mark(RUNNING, "Waits for you") if waits else mark(*STATE_WORDS[state])


def verdict(detail: ReleaseDetail) -> Verdict:
    """Say the verdict in one sentence, and what it rests on."""
    row, live = detail.row, detail.live
    stays = f"{live.key} stays live and keeps serving." if live else "Nothing is live yet."
    if row.state == "live":
        since = formats.moment(row.promoted_at)
        return Verdict(BETTER, f"Yes. It is the live one since {since}.", row.gate_reason)
    if row.state == "retired":
        return Verdict(UNKNOWN, f"It was live until {formats.moment(row.retired_at)}.", stays)
    if row.state in {"refused", "refused_by_audit"}:
        return Verdict(WORSE, row.gate_headline, f"{row.gate_reason} {stays}")
    if row.state == "failed":
        return Verdict(WORSE, "No. It was not finished.", f"{row.error} {stays}")
    if row.state != "passed":
        return Verdict(RUNNING, "Not known yet: it is being made.", stays)
    if detail.why_not_promotable:
        return Verdict(WATCH, "Not any more.", f"{detail.why_not_promotable} {stays}")
    return Verdict(BETTER, row.gate_headline, row.gate_reason)


def strip(detail: ReleaseDetail) -> list[Cell]:
    """Show the five steps of its life."""
    return [_cell(number, step, detail) for number, step in enumerate(detail.steps, start=1)]


def _cell(number: int, step: Step, detail: ReleaseDetail) -> Cell:
    return Cell(
        name=f"{number}. {step.name}",
        mark=_step_mark(step, detail),
        line=_step_line(step, detail),
        is_now=step.state in {"waits", "running"},
        is_stop=step.state in {"refused", "failed"},
    )


def _step_mark(step: Step, detail: ReleaseDetail) -> SafeString:
    if step.state == "done" and step.name == "Audit" and detail.findings:
        only_notes = all(finding["severity"] == "note" for finding in detail.findings)
        return mark(BETTER if only_notes else WATCH, step.text)
    if step.state == "done" and step.name == "Promote" and detail.row.state == "live":
        return mark(BETTER, "Live")
    words = {
        "done": (BETTER, DONE_WORDS[step.name]),
        "refused": (WORSE, "Refused"),
        "failed": (WORSE, "Failed"),
        "running": (RUNNING, "Running"),
        "waits": (RUNNING, "Waits for you"),
        "open": (UNKNOWN, "Not possible" if detail.row.gate_passed is False else "Not reached"),
    }
    return mark(*words[step.state])


def _step_line(step: Step, detail: ReleaseDetail) -> str:
    if step.state == "done" and step.name == "Build":
        job = f", job {detail.row.job_id}" if detail.row.job_id else ""
        return f"{formats.clock_range(detail.row.created_at, step.at)}{job}"
    if step.state == "done" and step.name == "Evaluate":
        return formats.clock(step.at)
    if step.state == "done" and step.name == "Audit":
        accepted = any(finding["severity"] == "stop" for finding in detail.findings)
        return "accepted by a person" if accepted else "nothing stops the build"
    if step.state == "done" and step.name == "Promote":
        return f"since {formats.moment(step.at)}" if detail.row.state == "live" else step.text
    return step.text


def spans_text(since: datetime, until: datetime | None, now: datetime) -> str:
    """Say when a release was live: live since 14 Nov 2026, 09:20 UTC, 6 days; or 2 Nov 2026 to 14 Nov 2026, 12 days."""
    if until is None:
        return f"live since {formats.moment(since)}, {formats.age(since, now)}"
    if formats.day(since) == formats.day(until):
        return f"{formats.day(since)}, {formats.clock_range(since, until)}, {formats.age(since, until)}"
    return f"{formats.day(since)} to {formats.day(until)}, {formats.age(since, until)}"
