"""Which model recommends, and what one reader sees of it."""

import json
from collections.abc import Sequence
from datetime import datetime
from time import perf_counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from apps.platform.pages.shell import actor_of, page, staff_page
from apps.platform.services import formats
from apps.platform.services.audit import Action
from apps.readers.selectors import ReaderNotFoundError, reader_profile, sample_readers
from apps.readers.services import export_reader, record_access
from apps.recommendations.pages.shown_lists import shown_panel, shown_values
from apps.recommendations.services.lists.candidate_pool import current_pool
from apps.recommendations.services.lists.contexts import levels_of
from apps.recommendations.services.lists.explain import ExplainedItem, Explanation, explain
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.listing import releases, releases_waiting
from apps.releases.selectors.live import LiveRelease, live_release
from epicml.text.normalise import main_title

KIND = "recommender"
SHOWN_RELEASES = 10
SHOWN_BOOKS = 10


@staff_page("releases.view_release")
def models(request: HttpRequest) -> HttpResponse:
    """Show which model recommends, and whether this server serves it."""
    asked = request.GET.get("reader", "").strip()
    unknown = ""
    if asked:
        try:
            return HttpResponseRedirect(reverse("reader-sees", args=[reader_profile(asked).key]))
        except ReaderNotFoundError:
            unknown = asked[:64]
    now, waiting = timezone.now(), releases_waiting()
    live, served = live_release(KIND), current_pool(now).model
    samples = sample_readers(per_band=2) if request.user.has_perm("readers.view_reader") else []
    record_access(Action.READER_LISTED, [sample.key for sample in samples], by=actor_of(request), now=now)
    return page(
        request,
        "recommendations/models.html",
        title="Models",
        answer=_answer(live, served.key if served else None, now),
        live=live,
        report=release_detail(KIND, live.key).row.gate_reason if live else "",
        served=served.key if served else None,
        differs=bool(live and (served is None or served.key != live.key)),
        rows=[(row, row in waiting) for row in releases(kind=KIND, limit=SHOWN_RELEASES, now=now)],
        samples=samples,
        asked=asked,
        unknown=unknown,
    )


def _answer(live: LiveRelease | None, served: str | None, now: datetime) -> str:
    if live is None:
        return "No model is live; readers are shown what is popular at their age."
    if served != live.key:
        instead = f"{served} answers instead" if served else "popular books are shown instead"
        return f"{live.key} is live, but this server could not load it: {instead}."
    return f"{live.key}, live for {formats.age(live.promoted_at, now)}."


@staff_page("readers.view_reader")
def reader(request: HttpRequest, key: str) -> HttpResponse:
    """Show what this reader would be shown now, and what was shown before, with the reasons of each."""
    started = perf_counter()
    seen = explain(key, limit=SHOWN_BOOKS, now=timezone.now())
    seconds = perf_counter() - started
    shown = shown_panel(seen.reader.id, asked=request.GET.get("list", ""))
    record_access(Action.READER_SEEN, [key], by=actor_of(request), now=timezone.now())
    total, levels = seen.filters[0].left, levels_of(seen.reader)
    return page(
        request,
        "recommendations/reader.html",
        title=f"Reader {key}",
        answer=reader_answer(seen),
        seen=seen,
        seconds=seconds,
        parts=[formats.term(part) for part in seen.parts],
        items=[_item_line(item, seen.parts) for item in seen.items],
        steps=[
            (step, formats.change(-step.removed) if step.removed else "0", step.left / total if total else 0.0)
            for step in seen.filters
        ],
        levels=f"Reading level {levels[0]} to {levels[1]}" if levels else "",
        made_up=settings.DEMO,
        shown=shown_values(shown),
    )


@staff_page("readers.view_reader")
def export(request: HttpRequest, key: str) -> HttpResponse:
    """Return everything that is stored of this reader as a file."""
    stored = export_reader(key, by=actor_of(request), now=timezone.now())
    body = json.dumps(stored, indent=2, default=str)
    return HttpResponse(
        body,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="reader-{key}.json"'},
    )


def reader_answer(seen: Explanation) -> str:
    """Say how many books were chosen from how many, and whether a fallback was needed."""
    chosen = formats.counted(len(seen.items), "book")
    allowed = f"{chosen} chosen from the {formats.thousands(seen.filters[-1].left)} that are allowed"
    needed = "A fallback was needed." if seen.fallback else "No fallback was needed."
    return f"{allowed} for age {seen.reader.age_band.label}. {needed}"


def _item_line(item: ExplainedItem, parts: Sequence[str]) -> dict[str, Any]:
    return {
        "rank": item.rank,
        "title": item.card.title,
        "authors": ", ".join(item.card.authors),
        "instead_of": main_title(item.instead_of.title) if item.instead_of else "",
        "reason": item.reason.text,
        "score": item.score,
        "places": [(formats.term(part), item.places.get(part, 0)) for part in parts],
    }
