"""How a new model is compared with the live one: on facts that neither of them saw when it learned.

The live release holds a holdout model, fitted on the older part of each reader's history. What that part was is kept
nowhere; it is worked out again from the events, as they were known at the instant of that release's snapshot. Facts
that came later but happened earlier (an import) move the cut: then the champion has learned some of today's test facts.
Such facts are left out for both; where too few are left, the champion's recipe is fitted anew beside the challenger
(docs/adr/0008-compare-on-facts-that-neither-model-saw.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from scipy import sparse

from apps.events.selectors import training_rows
from apps.recommendations.services.building import STEPS, holdout_file
from apps.recommendations.services.snapshot import CHUNK_ROWS, TEST_SHARE, Snapshot
from apps.recommendations.serving import LoadedModel, read_model
from apps.releases.selectors.live import LiveRelease
from apps.releases.services.files import ArtifactCorruptError, load_arrays
from apps.releases.services.kinds import BuildContext
from epicml.datasets.arrays import Bools, Int32s
from epicml.datasets.event_log import read_log
from epicml.datasets.id_map import ABSENT
from epicml.datasets.interactions import Interactions, InvalidInteractionsError
from epicml.datasets.splits import temporal_split
from epicml.evaluation.offline import NO_BAND, RankBooks, TestCase, fused, rankings_of
from epicml.evaluation.recommender import Evaluation
from epicml.recommenders import lightfm
from epicml.recommenders.fusion import PART_KINDS, FusedRecommender
from epicml.recommenders.protocol import History, InvalidModelError
from epicml.recommenders.settings import FusionSettings

# With less, the champion has also learned from other readers what belongs to the facts that are left.
LEAST_UNSEEN = 0.6
STEP = 4  # of the steps of a build

Seen = sparse.csr_array[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """The challenger: what it learned from, its holdout model, and what its manifest says."""

    snapshot: Snapshot
    holdout: FusedRecommender
    details: Mapping[str, Any]


class NotComparableError(Exception):
    """The live release cannot be compared with; the text ends the sentence "..., because"."""


def compared_with_champion(evaluation: Evaluation, context: BuildContext, trained: Trained) -> Evaluation:
    """Add the champion's rankings beside the challenger's, or the reason why there are none."""
    if context.champion is None:
        return evaluation
    try:
        return _compared(evaluation, context, context.champion, trained)
    except NotComparableError as error:
        return replace(evaluation, not_compared=str(error))


def _compared(evaluation: Evaluation, context: BuildContext, champion: LiveRelease, trained: Trained) -> Evaluation:
    model = _holdout_model(context, champion)
    if not len(np.intersect1d(model.books.ids, trained.snapshot.books.ids)):
        raise NotComparableError("it knows none of the books that there are now")
    evaluation_set = evaluation.challenger.evaluation_set
    unseen = evaluation_set.without(seen_by(champion, model, trained.snapshot))
    share = unseen.n_relevant / evaluation_set.n_relevant
    if share < LEAST_UNSEEN:
        return _beside_refitted(evaluation, context, champion, trained, share=share)
    how = f"the champion's holdout model, on {unseen.n_relevant:,} facts that neither model saw"
    whole = unseen.n_relevant == evaluation_set.n_relevant
    beside = evaluation.challenger if whole else rankings_of(unseen, fused(trained.holdout))
    rankings = rankings_of(beside.evaluation_set, in_rows_of(trained.snapshot, model))
    return replace(evaluation, champion=rankings, beside_champion=beside, how=how)


def _holdout_model(context: BuildContext, champion: LiveRelease) -> LoadedModel:
    if context.champion_folder is None:
        raise NotComparableError(context.champion_problem or "its files cannot be read")
    path = holdout_file(context.champion_folder)
    if not path.exists():
        raise NotComparableError(f"it has no {path.name}")
    try:
        arrays = load_arrays(path)
        return read_model(arrays, key=champion.key, sha256=champion.sha256)
    except (ArtifactCorruptError, InvalidModelError, ValueError) as error:
        raise NotComparableError(f"its holdout model cannot be read: {str(error).rstrip('.')}") from error


def _beside_refitted(
    evaluation: Evaluation, context: BuildContext, champion: LiveRelease, trained: Trained, *, share: float
) -> Evaluation:
    """Fit the champion's recipe on what the challenger learned, and rank for the same cases."""
    how = f"the champion's recipe fitted anew, for its holdout model saw {1 - share:.0%} of the facts asked for"
    recipe = _recipe(champion.manifest)
    if recipe == _recipe(trained.details):
        rankings = evaluation.challenger  # the same recipe on the same facts gives the same model, to the byte
    else:
        rankings = rankings_of(evaluation.challenger.evaluation_set, fused(_refitted(recipe, trained, context)))
    return replace(evaluation, champion=rankings, how=how)


def _recipe(manifest: Mapping[str, Any]) -> tuple[frozenset[str], FusionSettings, int]:
    """Read the parts, the settings and the seed of a model."""
    try:
        settings = {**manifest["settings"]}
        return frozenset(manifest["models"]), FusionSettings(**settings), int(manifest["seed"])
    except (KeyError, TypeError, ValueError) as error:
        raise NotComparableError("it does not say how it was made, so that it could be made again") from error


def _refitted(
    recipe: tuple[frozenset[str], FusionSettings, int], trained: Trained, context: BuildContext
) -> FusedRecommender:
    models, settings, seed = recipe
    with_lightfm = "lightfm" in models
    known = {*PART_KINDS, "popularity"} - ({"lightfm"} if not lightfm.is_installed() else set())
    if models - known:
        raise NotComparableError(f"its parts {', '.join(sorted(models - known))} cannot be fitted here")
    return FusedRecommender.fit(
        trained.snapshot.split.train,
        trained.snapshot.features,
        seed=seed,
        with_lightfm=with_lightfm,
        settings=settings,
        progress=lambda part: context.progress(STEP, STEPS, f"fitting the champion's recipe: {part}"),
        reader_bands=trained.snapshot.reader_bands,
    )


def seen_by(champion: LiveRelease, model: LoadedModel, snapshot: Snapshot) -> Seen:
    """Find the facts that the champion's holdout model has learned: not 0 at [reader, book] of this snapshot."""
    known = champion.manifest.get("snapshot", {})
    try:
        up_to = datetime.fromisoformat(known["up_to"])
    except (KeyError, TypeError, ValueError) as error:
        raise NotComparableError("it does not say up to when its facts go") from error
    rows = training_rows(up_to=up_to, received_by=up_to, last_event=known.get("last_event"), chunk=CHUNK_ROWS)
    readers, facts, _ = read_log(rows, books=model.books)
    # More facts than it counted: some were stored while it read. Which ones is not known, so all count as seen.
    is_exact = len(facts) <= int(known.get("rows", 0))
    learned = _learned(facts, float(champion.manifest.get("test_share", TEST_SHARE))) if is_exact else None
    seen = facts if learned is None else learned
    return _in_rows(snapshot, readers.ids[seen.reader], model.books.ids[seen.book])


def _learned(facts: Interactions, test_share: float) -> Interactions | None:
    """Return the older side of the cut; None where nobody is long enough to be cut."""
    if not len(facts):
        return None
    try:
        return temporal_split(facts, test_share=test_share).train
    except InvalidInteractionsError:
        return None


def _in_rows(snapshot: Snapshot, reader_ids: np.ndarray[Any, Any], book_ids: np.ndarray[Any, Any]) -> Seen:
    readers, books = snapshot.readers.rows(reader_ids), snapshot.books.rows(book_ids)
    known = (readers != ABSENT) & (books != ABSENT)
    shape = (len(snapshot.readers), len(snapshot.books))
    ones = np.ones(int(known.sum()), np.float32)
    return sparse.csr_array((ones, (readers[known], books[known])), shape=shape)


def in_rows_of(snapshot: Snapshot, model: LoadedModel) -> RankBooks:
    """Rank by a model that numbers its books otherwise; books that it does not know are not ranked."""
    old_rows, new_rows = model.books.rows(snapshot.books.ids), snapshot.books.rows(model.books.ids)

    def rank(case: TestCase, eligible: Bools, k: int) -> Int32s:
        rows = old_rows[case.history.books]
        known = rows != ABSENT
        history = History(rows[known], case.history.values[known])
        allowed = eligible[new_rows] & (new_rows != ABSENT)
        band = None if case.age_band == NO_BAND else case.age_band
        return new_rows[model.recommender.rank(history, eligible=allowed, k=k, age_band=band).books]

    return rank
