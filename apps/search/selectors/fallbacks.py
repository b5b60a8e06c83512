"""How far an index may be behind before the database answers in its place, and how often that was so."""

from prometheus_client import Counter

from apps.platform.services import metrics

INDEX_UNAVAILABLE = "index_unavailable"
# An index that is this many changes behind misses too much: an import runs, or nobody applies changes.
STALE_CHANGES = 1000

FALLBACKS = Counter(
    "epicml_search_fallbacks", "Answers given without the index.", ("reason",), registry=metrics.registry
)


def fallback_counts() -> dict[str, int]:
    """Count the answers that this process gave without the index, by reason."""
    samples = [sample for metric in FALLBACKS.collect() for sample in metric.samples]
    return {sample.labels["reason"]: int(sample.value) for sample in samples if sample.name.endswith("_total")}
