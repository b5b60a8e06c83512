"""The report of a model: asked as it is served, beside the champion, popularity and each of its parts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from apps.platform.services.errors import ConflictError
from apps.recommendations.services.building import MEASURED_FILE, SEED, TEST_SHARE, Trained
from apps.recommendations.services.snapshot import Snapshot
from apps.recommendations.serving import MODEL_FILE, LoadedModel, read_model
from apps.releases.services.files import ArtifactCorruptError, load_arrays
from apps.releases.services.kinds import EvaluateContext
from epicml.datasets.arrays import Bools, Int32s
from epicml.datasets.id_map import ABSENT
from epicml.datasets.interactions import InvalidInteractionsError
from epicml.datasets.splits import temporal_split
from epicml.evaluation.offline import (
    NO_BAND,
    Answers,
    Exam,
    NothingToAskError,
    Question,
    RankBooks,
    answer,
    answer_all,
    fused,
    history_of,
    popular,
)
from epicml.evaluation.recommender import Trial, evidence_of, report, title_of
from epicml.evaluation.report import Measure, Report
from epicml.recommenders.protocol import History, InvalidModelError
from epicml.stats.bootstrap import NothingToCompareError, paired_interval, relative_interval

# The interval of 2,000 readers is about 4 % wide; more would cost time in proportion and tell little more.
LARGEST_EXAM = 2000
TRIAL_ANSWERS, TRIAL_BOOKS = 200, 10
GAP = 10
BEST_PART, AFTER_GAP = "ndcg@10:best_part", f"ndcg@10:gap{GAP}"
STEPS = 5


class NothingToMeasureError(ConflictError):
    """So little was read that no model could be measured."""

    code = "nothing_to_measure"


def evaluate(context: EvaluateContext) -> Report:
    """The report of the model in this folder."""
    trained: Trained = context.built.carried
    try:
        exam = _sampled(Exam.of(trained.split, trained.snapshot.features, reader_bands=trained.snapshot.reader_bands))
    except NothingToAskError as error:
        raise NothingToMeasureError(str(error)) from error
    context.progress(3, STEPS, f"measuring with {len(exam.questions):,} readers")
    answers = answer_all(exam, trained.measured)
    context.progress(4, STEPS, "measuring the champion")
    evidence = evidence_of(
        answers,
        champion=_champion_answers(context, exam, trained.snapshot),
        trial=_try_out(context, trained.snapshot),
        findings=context.built.findings,
        counts=_counts(trained.snapshot),
    )
    written = report(evidence, seed=SEED)
    more = (_against_best_part(evidence.challenger, evidence.parts), *_after_a_gap(trained))
    return replace(written, measures=(*written.measures, *more))


def _sampled(exam: Exam) -> Exam:
    """A fixed sample of the readers where there are many."""
    if len(exam.questions) <= LARGEST_EXAM:
        return exam
    chosen = np.random.default_rng(SEED).choice(len(exam.questions), LARGEST_EXAM, replace=False)
    return Exam(tuple(exam.questions[place] for place in np.sort(chosen)), exam.features)


def _champion_answers(context: EvaluateContext, exam: Exam, snapshot: Snapshot) -> Answers | None:
    """What the champion's measured model answers; None where a version that this one cannot read made it."""
    if context.champion is None or context.champion_folder is None:
        return None
    try:
        arrays = load_arrays(context.champion_folder / MEASURED_FILE)
        model = read_model(arrays, key=context.champion.key, sha256=context.champion.sha256)
    except (ArtifactCorruptError, InvalidModelError):
        return None
    return answer(exam, _in_rows_of(snapshot, model))


def _in_rows_of(snapshot: Snapshot, model: LoadedModel) -> RankBooks:
    """Rank by a model that numbers its books otherwise; books that it does not know are not ranked."""
    old_rows, new_rows = model.books.rows(snapshot.books.ids), snapshot.books.rows(model.books.ids)

    def rank(question: Question, eligible: Bools, k: int) -> Int32s:
        rows = old_rows[question.history.books]
        known = rows != ABSENT
        history = History(rows[known], question.history.values[known])
        allowed = eligible[new_rows] & (new_rows != ABSENT)
        band = None if question.age_band == NO_BAND else question.age_band
        return new_rows[model.recommender.rank(history, eligible=allowed, k=k, age_band=band).books]

    return rank


def _try_out(context: EvaluateContext, snapshot: Snapshot) -> Trial:
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
    return Trial(asked, served, size, builds=2, same=2 if context.built.reproducible else 1)


def _against_best_part(challenger: Answers, parts: Mapping[str, Answers]) -> Measure:
    """NDCG@10 against the part that does best alone: a fusion that loses to it is not worth its parts."""
    best = max(parts, key=lambda name: (parts[name].ndcg.mean(), name))
    title = f"NDCG@10 against its best part, {title_of(best)}"
    return _compared(BEST_PART, title, challenger, parts[best], against=best)


def _after_a_gap(trained: Trained) -> Iterator[Measure]:
    """NDCG@10 when the next reads are not asked for but those after them; none where histories are too short.

    Who shelves books in batches looks as if reading the next one: a model that is good only at that falls here.
    """
    interactions, features = trained.snapshot.interactions, trained.snapshot.features
    try:
        split = temporal_split(interactions, test_share=TEST_SHARE, gap=GAP)
        exam = _sampled(Exam.of(split, features, reader_bands=trained.snapshot.reader_bands))
    except (InvalidInteractionsError, NothingToAskError):
        return
    new, old = answer(exam, fused(trained.measured)), answer(exam, popular(trained.measured))
    title = f"NDCG@10 after a gap of {GAP} reads, against popularity"
    yield _compared(AFTER_GAP, title, new, old, against="popularity")


def _compared(key: str, title: str, new: Answers, old: Answers, *, against: str) -> Measure:
    try:
        change = relative_interval(new.ndcg, old.ndcg, seed=SEED)
    except NothingToCompareError:  # the other one never hits; the difference still has its interval
        change = None
    return Measure(
        key,
        title,
        float(new.ndcg.mean()),
        float(old.ndcg.mean()),
        against=against,
        change=change,
        difference=paired_interval(new.ndcg, old.ndcg, seed=SEED),
        n=len(new.ndcg),
    )


def _counts(snapshot: Snapshot) -> dict[str, str | int | float]:
    details = snapshot.details()
    return {name: details[name] for name in ("rows", "readers", "books", "sha256")}
