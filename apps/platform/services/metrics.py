"""What is counted, for Prometheus: requests of all web processes together, and what apps register in `ready()`."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from apps.platform.services.counter_files import CountersOfAllProcesses, write_counts
from apps.platform.services.outages import log_outage, outage_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# From a suggestion (a millisecond) to a report that somebody waits for.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

write_counts()
registry = CollectorRegistry()
REQUESTS = Counter("epicml_http_requests", "Requests answered.", ("route", "method", "status"), registry=registry)
DURATION = Histogram(
    "epicml_http_request_duration_seconds", "Time to answer.", ("route",), registry=registry, buckets=_BUCKETS
)


class _Registered(Collector):
    """Metrics that are read when somebody asks, such as how many jobs wait."""

    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        try:
            return list(self._read())
        except Exception as error:  # what was counted in memory is wanted most while the database is away
            outage = outage_of(error)
            if outage is None:
                raise
            log_outage(outage, error)
            return []


_collectors: dict[str, _Registered] = {}


def register_collector(read: Callable[[], Iterable[Metric]]) -> None:
    """Add what this function returns to every answer of /metrics from now on; it must be quick."""
    _collectors[f"{read.__module__}.{read.__qualname__}"] = _Registered(read)


def exposition() -> bytes:
    """Write all metrics in Prometheus' text format."""
    collected = registry
    if folder := os.environ.get(_FOLDER):
        collected = CollectorRegistry()
        collected.register(CountersOfAllProcesses(Path(folder)))
    asked = CollectorRegistry()
    for collector in _collectors.values():
        asked.register(collector)
    return generate_latest(collected) + generate_latest(asked)
