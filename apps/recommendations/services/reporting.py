"""The report of a model: asked as it is served, beside the champion, popularity and each of its parts."""

from collections.abc import Iterator, Mapping
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
from epicml.evaluation.comparison import compare
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
from epicml.evaluation.recommender import Trial, evaluation_of, report, title_of
from epicml.evaluation.report import Measure, Report
from epicml.recommenders.fusion import FusedRecommender

# The interval of 2,000 readers is about 4 % wide; more would cost time in proportion and tell little more.
MOST_CASES = 2000
TRIAL_ANSWERS, TRIAL_BOOKS = 200, 10
GAP = 10
BEST_PART, AFTER_GAP = "ndcg@10:best_part", f"ndcg@10:gap{GAP}"


def evaluate(context: BuildContext, snapshot: Snapshot, audit: Audit, fitted: FittedModels) -> Report:
    """The report of the models in this folder."""
    holdout = read_model(load_arrays(holdout_file(context.folder)), key=context.key, sha256="").recommender
    trained = Trained(snapshot, holdout, fitted.details)
    evaluation_set = _sampled(EvaluationSet.of(snapshot.split, snapshot.features, reader_bands=snapshot.reader_bands))
    context.progress(3, STEPS, f"measuring with {len(evaluation_set.cases):,} readers")
    evaluation = evaluation_of(
        rank_all(evaluation_set, holdout),
        trial=_try_out(context, snapshot, builds_alike=fitted.reproducible),
        findings=audit.findings,
        counts=_counts(snapshot),
    )
    context.progress(4, STEPS, "measuring the champion")
    evaluation = compared_with_champion(evaluation, context, trained)
    written = report(evaluation, seed=SEED)
    more = (_against_best_part(evaluation.challenger, evaluation.parts), *_after_a_gap(snapshot, holdout))
    return replace(written, measures=(*written.measures, *more))


def _sampled(evaluation_set: EvaluationSet) -> EvaluationSet:
    """A fixed sample of the readers where there are many."""
    if len(evaluation_set.cases) <= MOST_CASES:
        return evaluation_set
    chosen = np.random.default_rng(SEED).choice(len(evaluation_set.cases), MOST_CASES, replace=False)
    return EvaluationSet(tuple(evaluation_set.cases[place] for place in np.sort(chosen)), evaluation_set.features)


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


def _against_best_part(challenger: Rankings, parts: Mapping[str, Rankings]) -> Measure:
    """NDCG@10 against the part that does best alone: a fusion that loses to it is not worth its parts."""
    best = max(parts, key=lambda name: (parts[name].ndcg.mean(), name))
    title = f"NDCG@10 against its best part, {title_of(best)}"
    return compare(BEST_PART, title, challenger.ndcg, parts[best].ndcg, seed=SEED, against=best)


def _after_a_gap(snapshot: Snapshot, holdout: FusedRecommender) -> Iterator[Measure]:
    """NDCG@10 when the next reads are not asked for but those after them; none where histories are too short.

    Who shelves books in batches looks as if reading the next one: a model that is good only at that falls here.
    """
    try:
        split = temporal_split(snapshot.interactions, test_share=TEST_SHARE, gap=GAP)
        evaluation_set = _sampled(EvaluationSet.of(split, snapshot.features, reader_bands=snapshot.reader_bands))
    except (InvalidInteractionsError, EmptyEvaluationSetError):
        return
    new, old = rankings_of(evaluation_set, fused(holdout)), rankings_of(evaluation_set, popular(holdout))
    title = f"NDCG@10 after a gap of {GAP} reads, against popularity"
    yield compare(AFTER_GAP, title, new.ndcg, old.ndcg, seed=SEED, against="popularity")


def _counts(snapshot: Snapshot) -> dict[str, str | int | float]:
    details = snapshot.details()
    return {name: details[name] for name in ("rows", "readers", "books", "sha256")}
