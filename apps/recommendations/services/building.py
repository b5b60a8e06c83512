"""A model is built: one fitted on everything, to be served, and one fitted on the older part, to be measured."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps.jobs.services.ledger.registry import ReportProgress
from apps.recommendations.services.snapshot import TEST_SHARE, Snapshot, take_snapshot
from apps.recommendations.serving import BOOK_IDS, MODEL_FILE
from apps.releases.services.catalogue import keep_catalogue
from apps.releases.services.files import save_arrays
from apps.releases.services.kinds import BuildContext
from apps.releases.services.steps import Stored
from epicml.datasets.arrays import NamedArrays
from epicml.datasets.interactions import POSITIVE_FROM, Interactions
from epicml.recommenders import lightfm
from epicml.recommenders.fusion import FusedRecommender

# The holdout model lies beside the served one: a later release is compared with it on newer facts of the same readers,
# of which it saw none. The served one has seen them all, so comparing with that would be unfair to the challenger.
HOLDOUT_FILE = "holdout.npz"
HOLDOUT_FILE_BEFORE = "measured.npz"  # in releases that were sealed before it was called so
SEED = 42
STEPS = 5
REBUILT_READERS = 200  # enough to run every part; a full second fit would double the time


@dataclass(frozen=True, slots=True)
class FittedModels:
    """What a fit says of itself beside its two models: the manifest, and whether the same facts gave the same bytes."""

    details: Mapping[str, Any]
    reproducible: bool

    def stored(self) -> Stored:
        """Return it as it is written."""
        return Stored({"details": self.details, "reproducible": self.reproducible})

    @classmethod
    def restored(cls, stored: Stored) -> "FittedModels":
        """Return what was written."""
        return cls(stored.values["details"], stored.values["reproducible"])


def snapshot(context: BuildContext) -> Snapshot:
    """Take the snapshot of everything up to the instant of this build."""
    context.progress(0, STEPS, "reading what readers did")
    return take_snapshot(up_to=context.now, last_event=context.last_event)


def fit(context: BuildContext, data: Snapshot) -> FittedModels:
    """Write the served and the holdout model into the folder."""
    with_lightfm = bool(context.options.get("lightfm", True)) and lightfm.is_installed()
    fit_on = _Fit(data, with_lightfm=with_lightfm, progress=context.progress)
    holdout = fit_on(data.split.train, step=1, what="the holdout model")
    save_arrays(context.folder / HOLDOUT_FILE, _saved(holdout, data))
    served = fit_on(data.interactions, step=2, what="the served model")
    save_arrays(context.folder / MODEL_FILE, _saved(served, data))
    keep_catalogue(context.folder, data.catalogue)
    details = {
        "snapshot": data.details(),
        "models": [part.name for part in served.parts] + ["popularity"],
        "settings": served.settings.as_json(),
        "seed": SEED,
        "test_share": TEST_SHARE,
    }
    return FittedModels(details, _is_reproducible(fit_on, data.split.train))


def holdout_file(folder: Path) -> Path:
    """Return where the holdout model of a release lies: under its name, or the one of earlier versions."""
    before = folder / HOLDOUT_FILE_BEFORE
    return before if before.exists() else folder / HOLDOUT_FILE


class _Fit:
    """Fits models on parts of one snapshot, always in the same way."""

    def __init__(self, snapshot: Snapshot, *, with_lightfm: bool, progress: ReportProgress) -> None:
        self.snapshot = snapshot
        self.with_lightfm = with_lightfm
        self.progress = progress

    def __call__(self, interactions: Interactions, *, step: int, what: str) -> FusedRecommender:
        return FusedRecommender.fit(
            interactions,
            self.snapshot.features,
            seed=SEED,
            with_lightfm=self.with_lightfm,
            reader_bands=self.snapshot.reader_bands,
            progress=lambda part: self.progress(step, STEPS, f"fitting {what}: {part}"),
        )


def arrays_sha256(arrays: Mapping[str, np.ndarray[Any, Any]]) -> str:
    """Return the fingerprint of a model."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _is_reproducible(fit: _Fit, interactions: Interactions) -> bool:
    """Try on some of the readers whether the same facts give the same bytes twice."""
    some = interactions.where(interactions.reader < REBUILT_READERS)
    if not (some.value >= POSITIVE_FROM).any():
        some = interactions
    first, second = (fit(some, step=3, what="twice, to compare the hashes").arrays() for _ in range(2))
    return arrays_sha256(first) == arrays_sha256(second)


def _saved(model: FusedRecommender, snapshot: Snapshot) -> NamedArrays:
    return {**model.arrays(), BOOK_IDS: snapshot.books.ids}
