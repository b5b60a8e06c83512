"""A model is built: one fitted on everything, to be served, and one fitted on the older part, to be measured."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.catalog.selectors.shelf import shelf
from apps.recommendations.services.auditing import audit_snapshot, audit_split, nothing_to_ask
from apps.recommendations.services.snapshot import Snapshot, take_snapshot
from apps.recommendations.serving import BOOK_IDS, MODEL_FILE
from apps.releases.services.catalogue import books_of, keep_catalogue
from apps.releases.services.files import save_arrays
from apps.releases.services.kinds import AuditRefusedError, BuildContext, Built, Progress, must_stop
from epicml.datasets.arrays import NamedArrays
from epicml.datasets.audit import Finding, gravest_first
from epicml.datasets.interactions import POSITIVE_FROM, Interactions
from epicml.datasets.splits import Split, temporal_split
from epicml.evaluation.offline import Exam, NothingToAskError
from epicml.recommenders import lightfm
from epicml.recommenders.fusion import FusedRecommender

# The measured model lies beside the served one: a later release is compared with it on newer facts of the same readers,
# of which it saw none. The served one has seen them all, so comparing with that would be unfair to the challenger.
MEASURED_FILE = "measured.npz"
SEED = 42
TEST_SHARE = 0.2
STEPS = 5
REBUILT_READERS = 200  # enough to run every part; a full second fit would double the time


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What the evaluation needs of a build and is not stored."""

    snapshot: Snapshot
    split: Split
    measured: FusedRecommender
    exam: Exam


def build(context: BuildContext) -> Built:
    """The folder holds the served and the measured model, from a snapshot of everything up to now."""
    context.progress(0, STEPS, "reading what readers did")
    snapshot = take_snapshot(up_to=context.now)
    findings = keep_catalogue(context, books_of(shelf().cards))
    findings += audit_snapshot(snapshot, champion_rows=_rows_of(context))
    if must_stop(findings):
        raise AuditRefusedError(findings)
    split = temporal_split(snapshot.interactions, test_share=TEST_SHARE)
    findings += audit_split(split)
    if must_stop(findings):
        raise AuditRefusedError(findings)
    exam = _exam_of(split, snapshot, findings)
    fit = _Fit(snapshot, with_lightfm=_with_lightfm(context.options), progress=context.progress)
    measured = fit(split.train, step=1, what="the measured model")
    save_arrays(context.folder / MEASURED_FILE, _saved(measured, snapshot))
    served = fit(snapshot.interactions, step=2, what="the served model")
    save_arrays(context.folder / MODEL_FILE, _saved(served, snapshot))
    return Built(
        details={
            "snapshot": snapshot.details(),
            "models": [part.name for part in served.parts] + ["popularity"],
            "settings": served.settings.as_json(),
            "seed": SEED,
            "test_share": TEST_SHARE,
        },
        findings=gravest_first(findings),
        reproducible=_is_reproducible(fit, split.train),
        carried=Trained(snapshot, split, measured, exam),
    )


def _exam_of(split: Split, snapshot: Snapshot, findings: Sequence[Finding]) -> Exam:
    """The questions that the model will be measured with; without any the data are refused."""
    try:
        return Exam.of(split, snapshot.features, reader_bands=snapshot.reader_bands)
    except NothingToAskError as error:
        raise AuditRefusedError([*findings, nothing_to_ask(split)]) from error


class _Fit:
    """Fits models on parts of one snapshot, always in the same way."""

    def __init__(self, snapshot: Snapshot, *, with_lightfm: bool, progress: Progress) -> None:
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
    """The fingerprint of a model."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _is_reproducible(fit: _Fit, interactions: Interactions) -> bool:
    """Whether the same facts give the same bytes twice; tried on some of the readers."""
    some = interactions.where(interactions.reader < REBUILT_READERS)
    if not (some.value >= POSITIVE_FROM).any():
        some = interactions
    first, second = (fit(some, step=3, what="twice, to compare the hashes").arrays() for _ in range(2))
    return arrays_sha256(first) == arrays_sha256(second)


def _saved(model: FusedRecommender, snapshot: Snapshot) -> NamedArrays:
    return {**model.arrays(), BOOK_IDS: snapshot.books.ids}


def _with_lightfm(options: Mapping[str, Any]) -> bool:
    return bool(options.get("lightfm", True)) and lightfm.is_installed()


def _rows_of(context: BuildContext) -> int | None:
    champion = context.champion
    return int(champion.manifest["snapshot"]["rows"]) if champion and "snapshot" in champion.manifest else None
