"""How recommending is: its latency, its fallbacks, the model that serves."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from prometheus_client import Counter, Histogram
from prometheus_client.metrics_core import InfoMetricFamily, Metric

from apps.platform.services.health import Health
from apps.platform.services.metrics import registry
from apps.recommendations import serving
from apps.releases.services.files import known_damage

LATENCY = Histogram(
    "epicml_recommendations_seconds",
    "Time to make a list, without HTTP.",
    ("list",),
    registry=registry,
    buckets=(0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.5),
)
ANSWERS = Counter(
    "epicml_recommendations", "Lists answered, by what they fell back to.", ("fallback",), registry=registry
)
REMOVED = Counter(
    "epicml_recommendations_removed_at_exit",
    "Books stopped by the last check; anything above 0 is a fault.",
    registry=registry,
)


def timed(name: str) -> AbstractContextManager[object]:
    """Record the time inside under this name."""
    return LATENCY.labels(name).time()


def count_answer(fallback: str | None) -> None:
    """Count one more list that was answered."""
    ANSWERS.labels(fallback or "none").inc()


def count_removed(books: int) -> None:
    """Count books that were stopped by the check at the exit."""
    REMOVED.inc(books)


def live_model_metric() -> Iterator[Metric]:
    """Tell which model this process serves."""
    state = serving.models.state()
    yield InfoMetricFamily(
        "epicml_recommender", "The model in memory.", {"served": state.served or "", "live": state.live or ""}
    )


def model_health(*, now: datetime) -> Health:
    """Tell whether the live model is the one that serves."""
    serving.models.current(now)
    state, retry = serving.models.state(), serving.models.opener.retry_after
    if state.failure:
        return Health(
            "degraded",
            f"Recommender {state.live} cannot be loaded: {state.failure}",
            impact=f"{state.served} serves on." if state.served else "Readers see popular books.",
            remedy=f"It is tried again every {retry.seconds} s; or roll back, or train anew: manage.py "
            "train_recommender --promote --accept not_compared --why REASON.",
        )
    if state.live is None:
        return Health(
            "degraded",
            "No recommender is live.",
            impact="Readers see popular books.",
            remedy="Run manage.py train_recommender --promote.",
        )
    damage = known_damage(serving.KIND, state.live_sha256)
    if damage:
        return Health(
            "degraded",
            damage,
            impact="Nothing yet: the model is in memory. After a restart the one before it would serve.",
            remedy="Bring the files back from a backup, roll back, or train anew: manage.py train_recommender "
            "--promote --accept not_compared --why REASON.",
        )
    return Health("ok", f"Recommender {state.served} serves.")
