"""How search is, for /health and /metrics."""

from collections.abc import Iterable

from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from apps.platform.services.health import Health
from apps.search.engines.embedded.folders import damages_count
from apps.search.selectors.fallbacks import STALE_CHANGES
from apps.search.selectors.status import IndexStatus, index_status

NOTICED = (
    "Search and suggestions answer from the books in memory: more slowly, with the words as they were at the start."
)
NOT_FOUND_YET = "The newest changes of books are not found yet."
ROOM = "Make room, or set TMPDIR to a folder that has it and restart; it is tried again every few seconds."
REMADE = "It mends itself within seconds while runjobs runs."

# What is live cannot be compared with then, so that a person has to say that it shall be replaced.
REBUILD_UNCOMPARED = "manage.py rebuild_search_index --promote --accept not_compared --why REASON."


def health() -> Health:
    """Whether the index answers; without it search is degraded, never down."""
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
    if status.pending > STALE_CHANGES:
        return Health("degraded", _behind(status), impact=NOTICED, remedy=REMADE)
    if status.release != status.live or status.sealed or status.damage:
        return Health("degraded", _without_copy(status), impact=NOT_FOUND_YET, remedy=REMADE)
    if status.stuck:
        detail = f"Release {status.release} answers without its newest changes: {status.stuck}"
        return Health("degraded", detail, impact=NOT_FOUND_YET, remedy=ROOM if status.lacks_room else REMADE)
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
    return f"The index is {status.pending:,} changes behind."


def collect() -> Iterable[Metric]:
    """Gauges of the index as this process sees it."""
    status = index_status(now=timezone.now())
    yield GaugeMetricFamily("epicml_search_index_books", "Books in the index.", value=status.books)
    yield GaugeMetricFamily(
        "epicml_search_index_pending_changes", "Changes not in the index yet.", value=status.pending
    )
    yield CounterMetricFamily(
        "epicml_search_index_damages", "Times a working copy of this machine was found broken.", value=damages_count()
    )
    yield GaugeMetricFamily("epicml_search_index_answers", "1 while the index answers.", value=float(status.answers))
