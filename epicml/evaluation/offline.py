"""Rank for the readers of the past as if it were now, and see whether the books they read next are in the lists."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy import sparse

from epicml.datasets.arrays import Bools, Float64s, Int8s, Int32s
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ModelRows
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
RankBooks = Callable[["TestCase", Bools, int], Int32s]


class EmptyEvaluationSetError(ValueError):
    """No reader has a book in the test that could have been recommended."""

    def __init__(self) -> None:
        super().__init__("No reader liked an eligible, unread book in the test; there is nothing to evaluate on.")


@dataclass(frozen=True, slots=True)
class TestCase:
    """One reader at the moment of the cut.

    Attributes:
        reader: row of the reader.
        history: what was read before the cut, newest first.
        relevant: int32, the books liked after it that may be shown to the reader and were not read before.
        age_band: rank of the reader's band, -1 where readers have none.
        excluded: int32, books that may not be ranked, by whichever recommender.
    """

    __test__: ClassVar[bool] = False  # pytest: not a class of tests

    reader: int
    history: History
    relevant: Int32s
    age_band: int = NO_BAND
    excluded: Int32s = field(default_factory=lambda: np.zeros(0, np.int32))


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """All cases of one split.

    Attributes:
        cases: one per reader who liked something after the cut.
        features: of the books; their bands say who may see what.
    """

    cases: tuple[TestCase, ...]
    features: BookFeatures

    @classmethod
    def of(cls, split: Split, features: BookFeatures, *, reader_bands: Int8s | None = None) -> "EvaluationSet":
        """Make a case of every reader who liked something after the cut.

        Args:
            split: train side = histories, test side = what is looked for.
            features: one entry per book.
            reader_bands: int8[n_readers]; None if every reader may see everything.

        Raises:
            EmptyEvaluationSetError: there is no such reader.
        """
        cases = tuple(_cases(split, features, reader_bands))
        if not cases:
            raise EmptyEvaluationSetError
        return cls(cases, features)

    def without(self, facts: sparse.csr_array[np.float32]) -> "EvaluationSet":
        """Leave these facts out of what is looked for and of what may be ranked.

        Args:
            facts: float32[n_readers, n_books], not 0 where the reader's fact on the book is left out.

        Returns:
            An evaluation set of the readers who still look for something; it may have no case left. A fact of the
            history stays there.
        """
        cases = []
        for case in self.cases:
            row = facts.indices[facts.indptr[case.reader] : facts.indptr[case.reader + 1]].astype(np.int32)
            left_out = np.setdiff1d(row, case.history.books)
            relevant = case.relevant[~np.isin(case.relevant, left_out)]
            cases.append(replace(case, relevant=relevant, excluded=left_out.astype(np.int32)))
        return EvaluationSet(tuple(case for case in cases if len(case.relevant)), self.features)

    def sample(self, *, most: int, seed: int) -> "EvaluationSet":
        """Draw so many cases at random, in their order; all where there are no more."""
        if len(self.cases) <= most:
            return self
        chosen = np.random.default_rng(seed).choice(len(self.cases), most, replace=False)
        return EvaluationSet(tuple(self.cases[place] for place in np.sort(chosen)), self.features)

    @property
    def n_relevant(self) -> int:
        """Count the books that are looked for in all."""
        return sum(len(case.relevant) for case in self.cases)

    def eligible(self, age_band: int) -> Bools:
        """bool[n_books]: what a reader of this band may see; all for -1."""
        if age_band == NO_BAND:
            return np.ones(len(self.features), np.bool_)
        return np.asarray(self.features.age_band <= age_band)


def has_cases(split: Split, features: BookFeatures, *, reader_bands: Int8s | None = None) -> bool:
    """Tell whether `EvaluationSet.of` would have a case, without making them all."""
    return next(_cases(split, features, reader_bands), None) is not None


@dataclass(frozen=True)
class Rankings:
    """The lists that one recommender gave for an evaluation set.

    Attributes:
        evaluation_set: the cases that were ranked for.
        lists: one per case, int32 of at most 20 books, best first.
    """

    evaluation_set: EvaluationSet
    lists: tuple[Int32s, ...]

    @cached_property
    def ndcg(self) -> Float64s:
        """float64[cases]: NDCG@10 of each list; every liked book has grade 1."""
        return self._measured(lambda books, liked: ranking.ndcg(books, dict.fromkeys(liked, 1.0), k=SHORT))

    @cached_property
    def recall(self) -> Float64s:
        """float64[cases]: recall@20 of each list."""
        return self._measured(lambda books, liked: ranking.recall(books, liked, k=LONG))

    @cached_property
    def precision(self) -> Float64s:
        """float64[cases]: precision@10 of each list."""
        return self._measured(lambda books, liked: ranking.precision(books, liked, k=SHORT))

    @cached_property
    def mrr(self) -> Float64s:
        """float64[cases]: reciprocal rank at 10 of each list."""
        return self._measured(lambda books, liked: ranking.mrr(books, liked, k=SHORT))

    @property
    def coverage(self) -> float:
        """Share of the catalogue that stands among the first 10 of some list, in [0, 1]."""
        lists = (books.tolist() for books in self.lists)
        return ranking.coverage(lists, catalogue=len(self.evaluation_set.features), k=SHORT)

    @property
    def above_band(self) -> int:
        """Count the books that were shown to readers too young for them."""
        pairs = zip(self.evaluation_set.cases, self.lists, strict=True)
        return sum(int((~self.evaluation_set.eligible(case.age_band)[books]).sum()) for case, books in pairs)

    @property
    def already_read(self) -> int:
        """Count the books that were shown to readers who had read them."""
        pairs = zip(self.evaluation_set.cases, self.lists, strict=True)
        return sum(int(np.isin(books, case.history.books).sum()) for case, books in pairs)

    def _measured(self, measure: Callable[[list[int], list[int]], float]) -> Float64s:
        pairs = zip(self.evaluation_set.cases, self.lists, strict=True)
        return np.array([measure(books.tolist(), case.relevant.tolist()) for case, books in pairs])


def rankings_of(evaluation_set: EvaluationSet, rank: RankBooks) -> Rankings:
    """Rank the best 20 books for every case by one recommender, series in their order as they are served."""
    eligible = {band: evaluation_set.eligible(band) for band in {case.age_band for case in evaluation_set.cases}}
    order = SeriesOrder.of(evaluation_set.features)
    rank_served = rank if not len(order.books) else _in_order_of_series(rank, order)

    def ranked(case: TestCase) -> Int32s:
        allowed = eligible[case.age_band]
        if len(case.excluded):
            allowed = allowed.copy()
            allowed[case.excluded] = False
        return rank_served(case, allowed, LONG)

    return Rankings(evaluation_set, tuple(ranked(case) for case in evaluation_set.cases))


def _in_order_of_series(rank: RankBooks, order: SeriesOrder) -> RankBooks:
    """Replace each later volume by the one that its reader goes on with."""

    def in_order(case: TestCase, eligible: Bools, k: int) -> Int32s:
        # What is excluded was read too, only later: it must not keep back the volumes that follow it.
        read = np.concatenate((case.history.books, case.excluded))
        places = offered(
            lambda may_earn, count: rank(case, may_earn, count).tolist(),
            volumes=order.after(read.astype(np.int32)),
            eligible=eligible,
            k=k,
            book_of=int,
        )
        return np.array([book for _, book in places], np.int32)

    return in_order


def rank_all(evaluation_set: EvaluationSet, model: FusedRecommender) -> dict[str, Rankings]:
    """Rank by the fusion, by popularity and by each part alone.

    A champion that was fitted on the test facts would win unfairly: compare fits on the same train side.
    """
    ranks: Mapping[str, RankBooks] = {
        model.name: fused(model),
        model.popularity.name: popular(model),
        **{part.name: alone(part) for part in model.parts},
    }
    return {name: rankings_of(evaluation_set, rank) for name, rank in ranks.items()}


def fused(model: FusedRecommender) -> RankBooks:
    """Rank by the fusion."""

    def rank(case: TestCase, eligible: Bools, k: int) -> Int32s:
        band = None if case.age_band == NO_BAND else case.age_band
        return model.rank(case.history, eligible=eligible, k=k, age_band=band).books

    return rank


def popular(model: FusedRecommender) -> RankBooks:
    """Rank by the popularity that the fusion falls back on."""

    def rank(case: TestCase, eligible: Bools, k: int) -> Int32s:
        band = None if case.age_band == NO_BAND else case.age_band
        return model.popularity.top(age_band=band, eligible=_unread(case, eligible), k=k)

    return rank


def alone(part: Recommender) -> RankBooks:
    """Rank by one part, with nothing to fill its list."""

    def rank(case: TestCase, eligible: Bools, k: int) -> Int32s:
        scores = part.score(case.history.recent()).scores
        return top_k(scores, eligible=_unread(case, eligible), k=k)

    return rank


def _unread(case: TestCase, eligible: Bools) -> Bools:
    allowed = eligible.copy()
    allowed[case.history.books] = False
    return allowed


def _cases(split: Split, features: BookFeatures, reader_bands: Int8s | None) -> Iterator[TestCase]:
    bands = np.full(split.train.n_readers, NO_BAND, np.int8) if reader_bands is None else reader_bands
    asked = (_case(split, features, reader, int(bands[reader])) for reader in np.unique(split.test.reader))
    return (case for case in asked if len(case.relevant))


def _case(split: Split, features: BookFeatures, reader: int, age_band: int) -> TestCase:
    history = history_of(split.train, reader)
    later = split.test.of_reader(reader)
    liked = np.unique(split.test.book[later][split.test.value[later] >= POSITIVE_FROM])
    allowed = ~np.isin(liked, history.books)
    if age_band != NO_BAND:
        allowed &= features.age_band[liked] <= age_band
    return TestCase(reader, history, liked[allowed], age_band)


def history_of(interactions: Interactions, reader: int) -> History:
    """Return one reader's history as a request would see it: newest first, each book once, with its latest value."""
    facts = interactions.of_reader(reader)
    books, values = interactions.book[facts][::-1], interactions.value[facts][::-1]
    first = np.sort(np.unique(books, return_index=True)[1])
    return History(ModelRows(books[first]), values[first])
