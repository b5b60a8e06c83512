"""The first page of the staff site: is everything served, and does anything wait for a person?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from apps.jobs.selectors.jobs import counts_by_name, oldest_due_at
from apps.jobs.selectors.ledger_time import ledger_now
from apps.jobs.selectors.runners import runners_able
from apps.platform.pages import formats
from apps.platform.pages.views import health_mark, health_sentence
from apps.platform.services.health import parts_health
from apps.releases.pages.views import list_line, waiting_sentence
from apps.releases.selectors.listing import releases_waiting
from apps.releases.selectors.live import live_release
from apps.releases.services.kinds import release_kinds


@dataclass(frozen=True, slots=True)
class Work:
    """Background work at this moment."""

    waiting: int
    running: int
    dead: int
    runners: int
    oldest: str

    @property
    def stands_still(self) -> bool:
        """Work waits and nobody is there to do it."""
        return bool(self.waiting) and not self.runners


def dashboard(request: HttpRequest, context: Mapping[str, Any]) -> dict[str, Any]:
    """What the overview shows, on top of the shell's context."""
    now = timezone.now()
    parts, kinds = parts_health(), release_kinds()
    titles = {kind.name: kind.title for kind in kinds}
    sees_releases = request.user.has_perm("releases.view_release")
    waiting = releases_waiting() if sees_releases else []
    names = [f"{titles.get(row.kind, row.kind)} {row.key}" for row in waiting]
    return {
        **context,
        "title": "Overview",
        "answer": f"{health_sentence(parts)} {waiting_sentence(names)}",
        "meta": [f"as of {formats.moment(now)}"],
        "parts": [(part, health_mark(part)) for part in parts],
        "live": [(kind, live_release(kind.name)) for kind in kinds] if sees_releases else [],
        "waiting": [list_line(row, titles, waits=True) for row in waiting],
        "sees_releases": sees_releases,
        "work": work_now(now),
        "now": now,
    }


def work_now(now: datetime) -> Work:
    """How much waits, runs and is dead, and who is there to do it."""
    counts = counts_by_name()
    by_state = {
        state: sum(n for (_, found), n in counts.items() if found == state) for state in ("queued", "leased", "dead")
    }
    oldest = oldest_due_at(now)
    return Work(
        by_state["queued"],
        by_state["leased"],
        by_state["dead"],
        len(runners_able(ledger_now(now))),
        formats.age(oldest, now) if oldest else "",
    )
