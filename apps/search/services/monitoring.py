"""How search is, for /health and /metrics."""

from collections.abc import Iterable

from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from apps.jobs.services.runner.following import follower_here
from apps.platform.services.health import Health
from apps.search.engines.embedded.folders import damages_count
from apps.search.selectors.fallbacks import STALE_CHANGES
from apps.search.selectors.status import IndexStatus, index_status
from apps.search.services.applying import FOLLOWER

NOTICED = (
    "Search and suggestions answer from the books in memory: more slowly, with the words as they were at the start."
)
NOT_FOUND_YET = "The newest changes of books are not found yet."
ROOM = "Make room, or set TMPDIR to a folder that has it and restart; it is tried again every few seconds."
REMADE = "It mends itself within seconds while runjobs runs."
# Jobs run somewhere; the working copy of this machine is brought up by a process of this machine.
NOBODY = "No process of this machine follows the catalogue."
START = "Run manage.py serve; beside web processes of your own manage.py runjobs, or relayjobs where REDIS_URL is set."
TRIED_AGAIN = "It is tried again every few seconds; the log of the job runner, or relay, of this machine says more."

# What is live cannot be compared with then, so that a person has to say that it shall be replaced.
REBUILD_UNCOMPARED = "manage.py rebuild_search_index --promote --accept not_compared --why REASON."


def health() -> Health:
    """Say whether the index answers; without it search is degraded, never down."""
    status = index_status(now=timezone.now())
    if status.release is None:
        return Health("degraded", status.problem, impact=NOTICED, remedy=_what_opens_one(status))
    if status.problem:
        return Health(
            "degraded",
            f"Release {status.live} is live and cannot be read: {status.problem}",
            impact=f"Release {status.release} answers in its place.",
            remedy=f"Roll back to it, or build a new index: {REBUILD_UNCOMPARED}",
        )
    if status.sealed_damage:
        impact = _of_sealed_damage(status)
        return Health("degraded", status.sealed_damage, impact=impact, remedy=f"Run {REBUILD_UNCOMPARED}")
    return _of_this_copy(status)


def _of_this_copy(status: IndexStatus) -> Health:
    """Say how the working copy of this machine is, and what brings it up to date."""
    impact, detail = NOT_FOUND_YET, ""
    if status.pending > STALE_CHANGES:
        impact, detail = NOTICED, _behind(status)
    elif status.release != status.live or status.sealed or status.damage:
        detail = _without_copy(status)
    elif status.stuck:
        detail = f"Release {status.release} answers without its newest changes: {status.stuck}"
        if status.lacks_room:
            return Health("degraded", detail, impact=impact, remedy=ROOM)
    follower = follower_here(FOLLOWER)
    if follower is None and (detail or status.pending):
        return Health("degraded", detail or f"{_behind(status)} {NOBODY}", impact=impact, remedy=f"{NOBODY} {START}")
    if follower is not None and follower.problem and (detail or status.pending):
        detail = f"{detail or _behind(status)} {follower.problem}"
        return Health("degraded", detail, impact=impact, remedy=TRIED_AGAIN)
    if detail:
        return Health("degraded", detail, impact=impact, remedy=REMADE)
    return Health("ok", f"Release {status.release}, {status.books:,} books, {status.pending:,} changes waiting.")


def _what_opens_one(status: IndexStatus) -> str:
    if status.lacks_room:
        return ROOM
    return f"Run {REBUILD_UNCOMPARED}" if status.live else "Run manage.py rebuild_search_index --promote."


def _without_copy(status: IndexStatus) -> str:
    if status.damaged_at is None:
        return f"Release {status.live} is live; its working copy is not ready yet."
    at = status.damaged_at.strftime("%Y-%m-%d %H:%M UTC")
    return f"The working copy of release {status.live} was damaged, as was found at {at}: {status.damage}."


def _of_sealed_damage(status: IndexStatus) -> str:
    if status.sealed or status.damage:
        return "Nothing yet: web processes answer from what they opened before, without later changes of books."
    return "Nothing yet: the working copy answers. Were it lost, it could not be made anew."


def _behind(status: IndexStatus) -> str:
    return f"The index is {status.pending:,} change{'s' if status.pending != 1 else ''} behind."


def collect() -> Iterable[Metric]:
    """Gauge the index as this process sees it."""
    status = index_status(now=timezone.now())
    yield GaugeMetricFamily("epicml_search_index_books", "Books in the index.", value=status.books)
    yield GaugeMetricFamily(
        "epicml_search_index_pending_changes", "Changes not in the index yet.", value=status.pending
    )
    yield CounterMetricFamily(
        "epicml_search_index_damages", "Times a working copy of this machine was found broken.", value=damages_count()
    )
    yield GaugeMetricFamily("epicml_search_index_answers", "1 while the index answers.", value=float(status.answers))
