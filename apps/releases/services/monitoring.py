"""How the storage of artifacts is, what this machine has of it, and which releases this process serves."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric

from apps.platform.services.health import Health
from apps.releases import artifacts
from apps.releases.artifacts import ArtifactStorageError
from apps.releases.services.kinds import release_kinds
from apps.releases.services.live_artifact import artifact_states

ASK_EVERY_SECONDS = 30.0  # each question is a request that object storage charges for
ASK_AGAIN_SECONDS = 5.0  # while it is away


@dataclass(slots=True)
class _LastProbe:
    """What the storage said last, in this process."""

    problem: str = ""
    at: float | None = None
    clock: Callable[[], float] = field(default=time.monotonic)

    def is_old(self) -> bool:
        """Tell whether it is to be asked again."""
        every = ASK_AGAIN_SECONDS if self.problem else ASK_EVERY_SECONDS
        return self.at is None or self.clock() - self.at >= every


_last = _LastProbe()


def storage_health() -> Health:
    """Tell whether artifacts can be stored and fetched; what is open goes on either way."""
    if not artifacts.keeps_copies():
        return Health("ok", f"Artifacts lie in {artifacts.place()}.")
    if _last.is_old():
        try:
            artifacts.check_reachable()
        except ArtifactStorageError as error:
            _last.problem = error.message
        else:
            _last.problem = ""
        _last.at = _last.clock()
    copies = "; ".join(
        f"{kind.name} {', '.join(keys)}" for kind in release_kinds() if (keys := artifacts.cached(kind.name))
    )
    here = f"This machine has copies of {copies}." if copies else "This machine has no copies yet."
    if not _last.problem:
        return Health("ok", f"Artifacts lie in {artifacts.place()}. {here}")
    return Health(
        "degraded",
        _last.problem,
        impact=f"Nothing yet: what is open goes on. {here} Nothing can be built, or fetched by a new machine.",
        remedy=f"It is asked again every {ASK_AGAIN_SECONDS:.0f} s. Bring the storage back; or set ARTIFACTS_URL or "
        "the credentials right, and restart.",
    )


def reset_storage_health() -> None:
    """Ask the storage anew. For tests."""
    _last.problem, _last.at = "", None


def collect() -> Iterator[Metric]:
    """Tell where artifacts lie, which of them this machine has copies of, and what this process serves."""
    yield InfoMetricFamily("epicml_artifact_storage", "Where artifacts lie.", {"place": artifacts.place()})
    copies = GaugeMetricFamily("epicml_artifact_copies", "Releases of which this machine has a copy.", labels=["kind"])
    for kind in release_kinds():
        copies.add_metric([kind.name], len(artifacts.cached(kind.name)))
    yield copies
    served = InfoMetricFamily("epicml_live_artifact", "What this process has open.", labels=["kind"])
    for state in artifact_states():
        served.add_metric(
            [state.kind],
            {"served": state.served or "", "live": state.live or "", "beside": " ".join(state.beside)},
        )
    yield served
