"""However many books one reader, or many readers, have: a fit keeps to its memory."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.datasets.features import BookFeatures
from epicml.datasets.interactions import Interactions, InvalidInteractionsError
from epicml.recommenders import lightfm
from epicml.recommenders.fusion import FusedRecommender
from epicml.recommenders.item_knn import ItemKnn
from epicml.recommenders.lightfm import FoldedLightFM
from epicml.recommenders.pairs import NEWEST_LIKED, blocks, newest_liked
from epicml.recommenders.sequence_knn import FARTHEST, SequenceKnn
from tests.epicml.recommenders.library import facts

MIB = 2**20
Fit = Callable[[Interactions], object]
needs_lightfm = pytest.mark.skipif(not lightfm.is_installed(), reason="LightFM is not installed")


def read(lengths: list[int], *, n_books: int, seed: int = 3) -> Interactions:
    """Readers who liked so many books each, in an order of their own."""
    random = np.random.default_rng(seed)
    book = np.concatenate([random.permutation(n_books)[:length] for length in lengths])
    return Interactions.from_rows(
        reader=np.repeat(np.arange(len(lengths)), lengths),
        book=book,
        value=np.full(len(book), 5.0),
        at=np.arange(len(book)),
        n_readers=len(lengths),
        n_books=n_books,
    )


def peak(fit: Fit, interactions: Interactions) -> int:
    """The most bytes that were held at one moment of the fit, beside the facts."""
    tracemalloc.start()
    try:
        fit(interactions)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def features(n_books: int, *, group: int = -1) -> BookFeatures:
    """Books of which all are of this series and author, numbered through."""
    everything = np.full(n_books, group, np.int32)
    return BookFeatures.of(
        age_band=np.zeros(n_books, np.int8),
        series=everything,
        author=everything,
        series_number=np.arange(1, n_books + 1, dtype=np.float32),
    )


def fuse(interactions: Interactions) -> FusedRecommender:
    n_books = interactions.n_books
    return FusedRecommender.fit(interactions, features(n_books), seed=1, with_lightfm=False)


class TestNewestLiked:
    def test_keeps_the_newest_liked_books_of_each_reader(self) -> None:
        # reader 0 liked 3, 1 and 0 and disliked 2; reader 1 liked 2
        log = facts((0, 3), (0, 2, 1.0), (0, 1), (0, 0), (1, 2), n_books=4)
        kept = newest_liked(log, most=2)
        assert list(zip(kept.reader.tolist(), kept.book.tolist(), strict=True)) == [(0, 1), (0, 0), (1, 2)]

    def test_leaves_out_nothing_where_nobody_liked_more(self) -> None:
        log = read([NEWEST_LIKED, 3], n_books=NEWEST_LIKED)
        assert len(newest_liked(log)) == NEWEST_LIKED + 3

    def test_needs_a_liked_book(self) -> None:
        with pytest.raises(InvalidInteractionsError):
            newest_liked(facts((0, 0, 3.0), n_books=1))


class TestBlocks:
    @given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 50))
    def test_follow_each_other_and_hold_no_more_than_asked_but_for_single_rows(
        self, entries: list[int], most: int
    ) -> None:
        found = list(blocks(np.array(entries, np.int64), most=most))
        assert [row for run in found for row in range(run.start, run.stop)] == list(range(len(entries)))
        for run in found:
            assert sum(entries[run]) <= most or run.stop - run.start == 1


class TestReaderOfMoreBooksThanAnyPerson:
    """The newest 500 of 1,200 books speak for each other; the older ones speak as if they had not been read."""

    READ = read([1200], n_books=1200)
    NEWEST = READ.book[-NEWEST_LIKED:]

    def test_gives_item_knn_pairs_of_the_newest_books_only(self) -> None:
        table = ItemKnn.fit(self.READ, neighbours=1200).table
        assert len(table.books) == NEWEST_LIKED * (NEWEST_LIKED - 1)
        assert set(table.books.tolist()) == set(self.NEWEST.tolist())

    def test_gives_sequence_pairs_of_the_newest_books_only(self) -> None:
        table = SequenceKnn.fit(self.READ, neighbours=1200).table
        # each distance d joins 500 - d pairs, in both directions
        assert len(table.books) == 2 * sum(NEWEST_LIKED - distance for distance in range(1, FARTHEST + 1))
        assert set(table.books.tolist()) == set(self.NEWEST.tolist())

    @needs_lightfm
    def test_gives_lightfm_samples_of_the_newest_books_only(self) -> None:
        only_newest = self.READ.where(self.READ.from_newest < NEWEST_LIKED)
        both = [
            FoldedLightFM.fit(log, features(1200), seed=1, dimensions=4, epochs=1).vectors
            for log in (self.READ, only_newest)
        ]
        assert both[0].tobytes() == both[1].tobytes()


class TestPeakMemory:
    """With 4,000 books all pairs are 16 million: 128 MB as a matrix alone, and several times that to fit it."""

    BOOKS = 4000
    # 2 million pairs at once take about 40 bytes each; the tables of the result 4,000 x 400 x 8, twice for a moment.
    MOST = 120 * MIB

    @pytest.mark.parametrize("fit", [ItemKnn.fit, SequenceKnn.fit, fuse])
    @pytest.mark.parametrize(
        "lengths",
        [[3900], [1500] * 100, [1] * 3000, [2] * 1500 + [3900] * 3],
        ids=["one machine", "a hundred heavy readers", "one book each", "three machines among many"],
    )
    def test_is_bounded_whoever_reads(self, fit: Fit, lengths: list[int]) -> None:
        assert peak(fit, read(lengths, n_books=self.BOOKS)) < self.MOST

    def test_grows_with_no_reader_beyond_the_newest_books(self) -> None:
        short, long = (peak(fuse, read([length], n_books=self.BOOKS)) for length in (NEWEST_LIKED, 3900))
        assert long < short + 5 * MIB

    @pytest.mark.parametrize("fit", [ItemKnn.fit, SequenceKnn.fit])
    def test_is_bounded_where_everybody_read_one_book(self, fit: Fit) -> None:
        random = np.random.default_rng(5)
        readers = 3000
        other = random.integers(1, self.BOOKS, readers * 9).reshape(readers, 9)
        log = Interactions.from_rows(
            reader=np.repeat(np.arange(readers), 10),
            book=np.concatenate((np.zeros((readers, 1), np.int64), other), axis=1).ravel(),
            value=np.full(readers * 10, 5.0),
            at=np.arange(readers * 10),
            n_readers=readers,
            n_books=self.BOOKS,
        )
        assert peak(fit, log) < self.MOST
