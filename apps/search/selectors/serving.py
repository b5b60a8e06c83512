"""Which engine answers a request, and why it is not the index where it is not."""

import threading
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Counter

from apps.catalog.selectors.shelf import Shelf
from apps.platform.services import metrics
from apps.search.engines.database import DatabaseEngine
from apps.search.engines.protocol import Engine
from apps.search.selectors.live_index import OpenIndex, live_index

INDEX_UNAVAILABLE = "index_unavailable"
# An index that is this many changes behind misses too much: an import runs, or nobody applies changes.
STALE_CHANGES = 1000


@dataclass(frozen=True, slots=True)
class Serving:
    """An engine, the release it answers from, and why it is a fallback where it is one."""

    engine: Engine
    release: str | None
    fallback: str | None
    index: OpenIndex | None


_lock = threading.Lock()
_database: DatabaseEngine | None = None
FALLBACKS = Counter(
    "epicml_search_fallbacks", "Answers given without the index.", ("reason",), registry=metrics.registry
)


def serving(shelf: Shelf, *, now: datetime) -> Serving:
    """The live index, or the database where the index cannot be read or is far behind."""
    index = live_index(now=now)
    if index is None or is_stale(index, shelf):
        return database_serving(shelf)
    return Serving(engine=index.engine, release=index.release, fallback=None, index=index)


def is_stale(index: OpenIndex, shelf: Shelf) -> bool:
    """Whether the index misses too many changes to answer from it."""
    return shelf.version - index.engine.cursor > STALE_CHANGES


def database_serving(shelf: Shelf) -> Serving:
    """The books in memory, told apart as a fallback."""
    FALLBACKS.labels(INDEX_UNAVAILABLE).inc()
    return Serving(engine=database_engine(shelf), release=None, fallback=INDEX_UNAVAILABLE, index=None)


def database_engine(shelf: Shelf) -> DatabaseEngine:
    """The engine over the books in memory, made once for each shelf."""
    global _database
    with _lock:
        if _database is None or _database.shelf is not shelf:
            database = DatabaseEngine(shelf)
            database.prepare()
            _database = database
        return _database


def fallback_counts() -> dict[str, int]:
    """How many answers this process gave without the index, by reason."""
    samples = [sample for metric in FALLBACKS.collect() for sample in metric.samples]
    return {sample.labels["reason"]: int(sample.value) for sample in samples if sample.name.endswith("_total")}
