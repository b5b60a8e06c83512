"""Ask a recommender about the past as if it were now, and see whether the readers' next books are in its lists."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from epicml.datasets.arrays import Bools, Float64s, Int8s, Int32s
from epicml.datasets.features import BookFeatures
from epicml.datasets.interactions import POSITIVE_FROM, Interactions
from epicml.datasets.splits import Split
from epicml.metrics import ranking
from epicml.recommenders.fusion import FusedRecommender
from epicml.recommenders.protocol import History, Recommender
from epicml.recommenders.series import SeriesOrder, offered
from epicml.recommenders.top_k import top_k

# How deep each list is measured: NDCG, precision and MRR at 10, recall at 20.
SHORT, LONG = 10, 20
NO_BAND = -1

# Ranks k eligible unread books for one reader.
RankBooks = Callable[["Question", Bools, int], Int32s]


class NothingToAskError(ValueError):
    """No reader has a book in the test that could have been recommended."""

    def __init__(self) -> None:
        super().__init__("No reader liked an eligible, unread book in the test; there is nothing to evaluate on.")


@dataclass(frozen=True, slots=True)
class Question:
    """One reader at the moment of the cut.

    Attributes:
        reader: row of the reader.
        history: what was read before the cut, newest first.
        relevant: int32, the books liked after it that may be shown to the reader and were not read before.
        age_band: rank of the reader's band, -1 where readers have none.
        excluded: int32, books that may not be answered, whoever is asked.
    """

    reader: int
    history: History
    relevant: Int32s
    age_band: int = NO_BAND
    excluded: Int32s = field(default_factory=lambda: np.zeros(0, np.int32))


@dataclass(frozen=True, slots=True)
class Exam:
    """All questions of one split.

    Attributes:
        questions: one per reader that can be asked.
        features: of the books; their bands say who may see what.
    """

    questions: tuple[Question, ...]
    features: BookFeatures

    @classmethod
    def of(cls, split: Split, features: BookFeatures, *, reader_bands: Int8s | None = None) -> "Exam":
        """Ask every reader who liked something after the cut.

        Args:
            split: train side = histories, test side = what is looked for.
            features: one entry per book.
            reader_bands: int8[n_readers]; None if every reader may see everything.

        Raises:
            NothingToAskError: nobody can be asked.
        """
        questions = tuple(_questions(split, features, reader_bands))
        if not questions:
            raise NothingToAskError
        return cls(questions, features)

    def without(self, facts: sparse.csr_array[np.float32]) -> "Exam":
        """The same questions where these facts are neither looked for nor may be answered.

        Args:
            facts: float32[n_readers, n_books], not 0 where the reader's fact on the book is left out.

        Returns:
            An exam of the readers who still look for something; it may have no question left. A fact of the history
            stays there.
        """
        asked = (_without(question, _row(facts, question.reader)) for question in self.questions)
        return Exam(tuple(question for question in asked if len(question.relevant)), self.features)

    @property
    def n_relevant(self) -> int:
        """How many books are looked for in all."""
        return sum(len(question.relevant) for question in self.questions)

    def eligible(self, age_band: int) -> Bools:
        """bool[n_books]: what a reader of this band may see; all for -1."""
        if age_band == NO_BAND:
            return np.ones(len(self.features), np.bool_)
        return np.asarray(self.features.age_band <= age_band)


def can_ask(split: Split, features: BookFeatures, *, reader_bands: Int8s | None = None) -> bool:
    """Whether `Exam.of` would have a question; found out without making them all."""
    return next(_questions(split, features, reader_bands), None) is not None


@dataclass(frozen=True)
class Answers:
    """The lists that one recommender gave in an exam.

    Attributes:
        exam: the questions.
        lists: one per question, int32 of at most 20 books, best first.
    """

    exam: Exam
    lists: tuple[Int32s, ...]

    @cached_property
    def ndcg(self) -> Float64s:
        """float64[questions]: NDCG@10 of each list; every liked book has grade 1."""
        return self._measured(lambda books, liked: ranking.ndcg(books, dict.fromkeys(liked, 1.0), k=SHORT))

    @cached_property
    def recall(self) -> Float64s:
        """float64[questions]: recall@20 of each list."""
        return self._measured(lambda books, liked: ranking.recall(books, liked, k=LONG))

    @cached_property
    def precision(self) -> Float64s:
        """float64[questions]: precision@10 of each list."""
        return self._measured(lambda books, liked: ranking.precision(books, liked, k=SHORT))

    @cached_property
    def mrr(self) -> Float64s:
        """float64[questions]: reciprocal rank at 10 of each list."""
        return self._measured(lambda books, liked: ranking.mrr(books, liked, k=SHORT))

    @property
    def coverage(self) -> float:
        """Share of the catalogue that stands among the first 10 of some list, in [0, 1]."""
        lists = (books.tolist() for books in self.lists)
        return ranking.coverage(lists, catalogue=len(self.exam.features), k=SHORT)

    @property
    def above_band(self) -> int:
        """How many books were shown to readers too young for them."""
        pairs = zip(self.exam.questions, self.lists, strict=True)
        return sum(int((~self.exam.eligible(question.age_band)[books]).sum()) for question, books in pairs)

    @property
    def already_read(self) -> int:
        """How many books were shown to readers who had read them."""
        pairs = zip(self.exam.questions, self.lists, strict=True)
        return sum(int(np.isin(books, question.history.books).sum()) for question, books in pairs)

    def _measured(self, measure: Callable[[list[int], list[int]], float]) -> Float64s:
        pairs = zip(self.exam.questions, self.lists, strict=True)
        return np.array([measure(books.tolist(), question.relevant.tolist()) for question, books in pairs])


def answer(exam: Exam, rank: RankBooks) -> Answers:
    """Let one recommender answer every question with its best 20 books, series in their order as they are served."""
    eligible = {band: exam.eligible(band) for band in {question.age_band for question in exam.questions}}
    order = SeriesOrder.of(exam.features)
    ask = rank if not len(order.books) else _in_order_of_series(rank, order)

    def answered(question: Question) -> Int32s:
        allowed = eligible[question.age_band]
        if len(question.excluded):
            allowed = allowed.copy()
            allowed[question.excluded] = False
        return ask(question, allowed, LONG)

    return Answers(exam, tuple(answered(question) for question in exam.questions))


def _in_order_of_series(rank: RankBooks, order: SeriesOrder) -> RankBooks:
    """The same ranking, each later volume replaced by the one that its reader goes on with."""

    def ask(question: Question, eligible: Bools, k: int) -> Int32s:
        # What is excluded was read too, only later: it must not keep back the volumes that follow it.
        read = np.concatenate((question.history.books, question.excluded))
        places = offered(
            lambda may_earn, count: rank(question, may_earn, count).tolist(),
            volumes=order.after(read.astype(np.int32)),
            eligible=eligible,
            k=k,
            book_of=int,
        )
        return np.array([book for _, book in places], np.int32)

    return ask


def answer_all(exam: Exam, model: FusedRecommender) -> dict[str, Answers]:
    """The answers of the fusion, of popularity and of each part alone, under their names.

    A champion that was fitted on the test facts would win unfairly: compare fits on the same train side.
    """
    ranks: Mapping[str, RankBooks] = {
        model.name: fused(model),
        model.popularity.name: popular(model),
        **{part.name: alone(part) for part in model.parts},
    }
    return {name: answer(exam, rank) for name, rank in ranks.items()}


def fused(model: FusedRecommender) -> RankBooks:
    """Rank by the fusion."""

    def rank(question: Question, eligible: Bools, k: int) -> Int32s:
        band = None if question.age_band == NO_BAND else question.age_band
        return model.rank(question.history, eligible=eligible, k=k, age_band=band).books

    return rank


def popular(model: FusedRecommender) -> RankBooks:
    """Rank by the popularity that the fusion falls back on."""

    def rank(question: Question, eligible: Bools, k: int) -> Int32s:
        band = None if question.age_band == NO_BAND else question.age_band
        return model.popularity.top(age_band=band, eligible=_unread(question, eligible), k=k)

    return rank


def alone(part: Recommender) -> RankBooks:
    """Rank by one part, with nothing to fill its list."""

    def rank(question: Question, eligible: Bools, k: int) -> Int32s:
        scores = part.score(question.history.recent()).scores
        return top_k(scores, eligible=_unread(question, eligible), k=k)

    return rank


def _unread(question: Question, eligible: Bools) -> Bools:
    allowed = eligible.copy()
    allowed[question.history.books] = False
    return allowed


def _questions(split: Split, features: BookFeatures, reader_bands: Int8s | None) -> Iterator[Question]:
    bands = np.full(split.train.n_readers, NO_BAND, np.int8) if reader_bands is None else reader_bands
    asked = (_question(split, features, reader, int(bands[reader])) for reader in np.unique(split.test.reader))
    return (question for question in asked if len(question.relevant))


def _question(split: Split, features: BookFeatures, reader: int, age_band: int) -> Question:
    history = history_of(split.train, reader)
    later = split.test.of_reader(reader)
    liked = np.unique(split.test.book[later][split.test.value[later] >= POSITIVE_FROM])
    allowed = ~np.isin(liked, history.books)
    if age_band != NO_BAND:
        allowed &= features.age_band[liked] <= age_band
    return Question(reader, history, liked[allowed], age_band)


def _row(facts: sparse.csr_array[np.float32], row: int) -> Int32s:
    return facts.indices[facts.indptr[row] : facts.indptr[row + 1]].astype(np.int32)


def _without(question: Question, books: Int32s) -> Question:
    left_out = np.setdiff1d(books, question.history.books)
    relevant = question.relevant[~np.isin(question.relevant, left_out)]
    return replace(question, relevant=relevant, excluded=left_out.astype(np.int32))


def history_of(interactions: Interactions, reader: int) -> History:
    """One reader's history as a request would see it: newest first, each book once, with its latest value."""
    facts = interactions.of_reader(reader)
    books, values = interactions.book[facts][::-1], interactions.value[facts][::-1]
    first = np.sort(np.unique(books, return_index=True)[1])
    return History(books[first], values[first])
