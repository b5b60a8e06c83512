"""How search is, for /health and /metrics."""

from collections.abc import Iterable

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from apps.platform.services.health import Health
from apps.search.selectors.serving import STALE_CHANGES
from apps.search.selectors.status import IndexStatus, index_status

HEALS = (
    "Run manage.py rebuild_search_index --promote. "
    "Where another version of this program made the index, runjobs does so once by itself."
)
NOTICED = "Search and suggestions answer from the database: titles by popularity, no typing error is forgiven."


def health() -> Health:
    """Whether the index answers; without it search is degraded, never down."""
    status = index_status(now=timezone.now())
    if status.release is None:
        return Health("degraded", status.problem, noticed=NOTICED, heals=HEALS)
    if status.pending > STALE_CHANGES:
        return Health("degraded", _behind(status), noticed=NOTICED, heals="It mends itself while runjobs runs.")
    if status.release != status.live or status.sealed:
        return Health(
            "degraded",
            f"Release {status.live} is live; its working copy is not ready yet.",
            noticed="The newest changes of books are not found yet.",
            heals="It mends itself while runjobs runs.",
        )
    return Health("ok", f"Release {status.release}, {status.books:,} books, {status.pending:,} changes waiting.")


def _behind(status: IndexStatus) -> str:
    return f"The index is {status.pending:,} changes behind."


def collect() -> Iterable[Metric]:
    """Gauges of the index as this process sees it."""
    status = index_status(now=timezone.now())
    yield GaugeMetricFamily("epicml_search_index_books", "Books in the index.", value=status.books)
    yield GaugeMetricFamily(
        "epicml_search_index_pending_changes", "Changes not in the index yet.", value=status.pending
    )
    yield GaugeMetricFamily("epicml_search_index_answers", "1 while the index answers.", value=float(status.answers))
