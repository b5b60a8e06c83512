"""The report of a model: asked as it is served, beside the champion, popularity and each of its parts."""

from dataclasses import replace

import numpy as np

from apps.recommendations.services.building import SEED, STEPS, FittedModels, holdout_file
from apps.recommendations.services.comparing import Trained, compared_with_champion
from apps.recommendations.services.snapshot import TEST_SHARE, Snapshot
from apps.recommendations.serving import MODEL_FILE, read_model
from apps.releases.services.files import load_arrays
from apps.releases.services.kinds import Audit, BuildContext
from epicml.datasets.interactions import InvalidInteractionsError
from epicml.datasets.splits import temporal_split
from epicml.evaluation.offline import (
    EmptyEvaluationSetError,
    EvaluationSet,
    Rankings,
    fused,
    history_of,
    popular,
    rank_all,
    rankings_of,
)
from epicml.evaluation.recommender import GAP, Trial, evaluation_of, report
from epicml.evaluation.report import Report
from epicml.recommenders.fusion import FusedRecommender

# The interval of 2,000 readers is about 4 % wide; more would cost time in proportion and tell little more.
MOST_CASES = 2000
TRIAL_ANSWERS, TRIAL_BOOKS = 200, 10


def evaluate(context: BuildContext, snapshot: Snapshot, audit: Audit, fitted: FittedModels) -> Report:
    """Measure the models in this folder."""
    holdout = read_model(load_arrays(holdout_file(context.folder)), key=context.key, sha256="").recommender
    trained = Trained(snapshot, holdout, fitted.details)
    evaluation_set = EvaluationSet.of(snapshot.split, snapshot.features, reader_bands=snapshot.reader_bands)
    evaluation_set = evaluation_set.sample(most=MOST_CASES, seed=SEED)
    readers = f"{len(evaluation_set.cases):,} readers"
    context.progress(3, STEPS, f"measuring with {readers}")
    evaluation = evaluation_of(
        rank_all(evaluation_set, holdout),
        trial=_try_out(context, snapshot, builds_alike=fitted.reproducible),
        findings=audit.findings,
        counts={name: snapshot.details()[name] for name in ("rows", "readers", "books", "sha256")},
    )
    context.progress(4, STEPS, "measuring the champion")
    evaluation = compared_with_champion(evaluation, context, trained)
    evaluation = replace(evaluation, after_gap=_after_a_gap(snapshot, holdout))
    how = f"; {evaluation.how}" if evaluation.how else ""
    return report(evaluation, method=f"temporal split, {readers}, paired bootstrap{how}", seed=SEED)


def _try_out(context: BuildContext, snapshot: Snapshot, *, builds_alike: bool) -> Trial:
    """Load the served model from its sealed folder, and ask it for readers with everything they read."""
    arrays = load_arrays(context.folder / MODEL_FILE)
    model = read_model(arrays, key=context.key, sha256="").recommender
    asked = min(TRIAL_ANSWERS, len(snapshot.readers))
    readers = np.random.default_rng(SEED).choice(len(snapshot.readers), asked, replace=False)
    served = 0
    for reader in readers.tolist():
        history, band = history_of(snapshot.interactions, reader), int(snapshot.reader_bands[reader])
        unread = snapshot.features.age_band <= band
        found = model.rank(history, eligible=unread, k=TRIAL_BOOKS, age_band=band).books
        unread[history.books] = False
        served += bool(unread[found].all()) and len(found) == min(TRIAL_BOOKS, int(unread.sum()))
    size = sum(array.nbytes for array in arrays.values())
    return Trial(asked, served, size, builds=2, same=2 if builds_alike else 1)


def _after_a_gap(snapshot: Snapshot, holdout: FusedRecommender) -> tuple[Rankings, Rankings] | None:
    """Rank for the reads after a gap by the holdout model and by popularity; None where histories are too short."""
    try:
        split = temporal_split(snapshot.interactions, test_share=TEST_SHARE, gap=GAP)
        cases = EvaluationSet.of(split, snapshot.features, reader_bands=snapshot.reader_bands)
    except (InvalidInteractionsError, EmptyEvaluationSetError):
        return None
    some = cases.sample(most=MOST_CASES, seed=SEED)
    return rankings_of(some, fused(holdout)), rankings_of(some, popular(holdout))
