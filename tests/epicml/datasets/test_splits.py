"""A cut in time: counted by hand, and looked over for leaks on any history."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.datasets.audit import check_leak
from epicml.datasets.interactions import Interactions, InvalidInteractionsError
from epicml.datasets.splits import InvalidShareError, Split, temporal_split

SHARES = ("0.1", "0.2", "0.25", "0.3", "0.5", "0.7", "0.9")


def histories(*lengths: int) -> Interactions:
    """Readers with so many facts each, on books 0, 1, 2, … in the order of time."""
    reader = np.repeat(np.arange(len(lengths)), lengths)
    book = np.concatenate([np.arange(length) for length in lengths])
    return Interactions.from_rows(
        reader=reader,
        book=book,
        value=np.full(len(book), 5),
        at=1000 + book,
        n_readers=len(lengths),
        n_books=max(lengths),
    )


def counts(interactions: Interactions) -> list[int]:
    return [interactions.reader.tolist().count(reader) for reader in range(interactions.n_readers)]


class TestTemporalSplit:
    @pytest.mark.parametrize(
        ("share", "train", "test"),
        [
            # Readers of 1, 2, 4, 5 and 10 facts; the train side is rounded down and keeps at least one.
            (0.2, [1, 1, 3, 4, 8], [0, 1, 1, 1, 2]),
            (0.5, [1, 1, 2, 2, 5], [0, 1, 2, 3, 5]),
            (0.9, [1, 1, 1, 1, 1], [0, 1, 3, 4, 9]),
        ],
    )
    def test_keeps_the_newest_facts_of_every_reader_for_the_test(
        self, share: float, train: list[int], test: list[int]
    ) -> None:
        cut = temporal_split(histories(1, 2, 4, 5, 10), test_share=share)

        assert counts(cut.train) == train
        assert counts(cut.test) == test
        assert cut.train.book.tolist() == [book for kept in train for book in range(kept)]

    def test_keeps_readers_without_facts_and_all_books_on_both_sides(self) -> None:
        cut = temporal_split(histories(0, 5, 0))

        assert (cut.train.n_readers, cut.train.n_books) == (cut.test.n_readers, cut.test.n_books) == (3, 5)

    @pytest.mark.parametrize(("gap", "books"), [(0, [8, 9]), (1, [9])])
    def test_leaves_the_first_facts_after_the_cut_out_of_both_sides(self, gap: int, books: list[int]) -> None:
        cut = temporal_split(histories(10), gap=gap)

        assert cut.train.book.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
        assert cut.test.book.tolist() == books

    @pytest.mark.parametrize("share", [0.0, 1.0, -0.2, 1.5, math.nan])
    def test_refuses_a_share_that_leaves_a_side_empty(self, share: float) -> None:
        with pytest.raises(InvalidShareError, match=f"share of {share}"):
            temporal_split(histories(5), test_share=share)

    def test_refuses_a_gap_that_would_put_a_fact_on_both_sides(self) -> None:
        with pytest.raises(InvalidShareError, match="gap of -1"):
            temporal_split(histories(10), gap=-1)

    @pytest.mark.parametrize(("lengths", "gap"), [((1, 1, 1), 0), ((10,), 2)])
    def test_refuses_histories_too_short_to_be_cut(self, lengths: tuple[int, ...], gap: int) -> None:
        with pytest.raises(InvalidInteractionsError, match="No interaction is left"):
            temporal_split(histories(*lengths), gap=gap)

    @pytest.mark.parametrize("share", SHARES)
    def test_is_not_misled_by_a_share_that_has_no_exact_binary_form(self, share: str) -> None:
        lengths = range(2, 61)  # of 20 facts 0.9 leaves 2 for the training; 20 * (1 - 0.9) is 1.9999999999999996

        cut = temporal_split(histories(*lengths), test_share=float(share))

        assert counts(cut.train) == [max(math.floor(length * (1 - Fraction(share))), 1) for length in lengths]

    @given(
        st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30)), min_size=1, max_size=60),
        st.sampled_from(SHARES),
        st.integers(0, 3),
    )
    def test_never_lets_a_model_see_the_future(self, rows: list[tuple[int, int]], share: str, gap: int) -> None:
        # The book is the number of the row, so that every fact can be told from every other.
        reader, at = zip(*rows, strict=True)
        whole = Interactions.from_rows(
            reader=reader, book=range(len(rows)), value=[4] * len(rows), at=at, n_readers=5, n_books=len(rows)
        )
        lengths = [reader.count(one) for one in range(5)]
        kept = [min(length, max(math.floor(length * (1 - Fraction(share))), 1)) for length in lengths]
        tested = [max(length - train - gap, 0) for length, train in zip(lengths, kept, strict=True)]
        if not any(tested):
            with pytest.raises(InvalidInteractionsError):
                temporal_split(whole, test_share=float(share), gap=gap)
            return

        cut = temporal_split(whole, test_share=float(share), gap=gap)

        assert (counts(cut.train), counts(cut.test)) == (kept, tested)
        assert not set(cut.train.book.tolist()) & set(cut.test.book.tolist())
        assert all(_newest(cut.train, one) <= _oldest(cut.test, one) for one in range(5))
        assert check_leak(cut) is None

    def test_cuts_facts_of_one_moment_in_the_order_given(self) -> None:
        same_time = Interactions.from_rows(
            reader=[0] * 4, book=[3, 1, 0, 2], value=[5] * 4, at=[9] * 4, n_readers=1, n_books=4
        )

        assert temporal_split(same_time, test_share=0.5).test.book.tolist() == [0, 2]


class TestSplit:
    def test_cannot_be_changed(self) -> None:
        cut = Split(train=histories(1), test=histories(1))

        with pytest.raises(AttributeError):
            cut.train = histories(2)  # type: ignore[misc]


def _newest(side: Interactions, reader: int) -> float:
    return max(side.at[side.reader == reader].tolist(), default=-math.inf)


def _oldest(side: Interactions, reader: int) -> float:
    return min(side.at[side.reader == reader].tolist(), default=math.inf)
