"""Lent popularity against the line through all known books, drawn by numpy, and against numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.recommenders.cold_start import KnownBooks, outside_popularity

Book = tuple[int, int]  # count, age band
books = st.tuples(st.integers(0, 40), st.integers(0, 5))


def columns(found: list[Book]) -> tuple[np.ndarray, np.ndarray]:
    counts, bands = zip(*found, strict=True) if found else ((), ())
    return np.array(counts, np.int32), np.array(bands, np.int8)


class TestOutsidePopularity:
    def test_is_halved_for_each_band_between(self) -> None:
        found = outside_popularity(np.array([999, 599, 299, 7]), np.array([0, 1, 2, 5]), seen_from=2)
        assert found.tolist() == [250, 300, 300, 1]


class TestLend:
    @given(
        st.lists(st.tuples(books, st.sampled_from([0.1, 0.2, 0.25, 0.7])), min_size=1, max_size=12),
        st.lists(books, max_size=6),
        st.integers(0, 5),
    )
    def test_lies_on_the_line_through_all_known_books(
        self, known: list[tuple[Book, float]], new: list[Book], seen_from: int
    ) -> None:
        counts, bands = columns([book for book, _ in known])
        scores = np.array([score for _, score in known], np.float32)
        outside = outside_popularity(*columns(new), seen_from=seen_from)
        expected = np.interp(
            outside,
            np.sort(outside_popularity(counts, bands, seen_from=seen_from)),
            np.sort(scores).astype(np.float64),
        )
        estimated = KnownBooks.of(counts, bands).estimate(outside, seen_from=seen_from, scores=np.sort(scores))
        assert estimated.tolist() == pytest.approx(expected.tolist(), rel=1e-12)

    def test_is_that_of_the_ends_beyond_them(self) -> None:
        known = KnownBooks.of(np.array([9, 19], np.int32), np.array([2, 2], np.int8))
        scores = np.array([0.25, 0.5], np.float32)
        assert known.estimate(np.array([1.0, 15.0, 1e9]), seen_from=2, scores=scores).tolist() == [0.25, 0.375, 0.5]

    def test_is_nothing_where_no_book_is_new(self) -> None:
        known = KnownBooks.of(np.array([9], np.int32), np.array([2], np.int8))
        assert known.estimate(np.zeros(0), seen_from=2, scores=np.ones(1, np.float32)).tolist() == []


class TestWithChanged:
    @given(st.lists(books, max_size=10), st.lists(books, max_size=4), st.data())
    def test_is_what_it_would_be_of_these_books(
        self, before: list[Book], came: list[Book], data: st.DataObject
    ) -> None:
        stays = data.draw(st.lists(st.booleans(), min_size=len(before), max_size=len(before)))
        went = [book for book, stay in zip(before, stays, strict=True) if not stay]
        kept = [book for book, stay in zip(before, stays, strict=True) if stay]
        changed = KnownBooks.of(*columns(before)).with_changed(columns(went), columns(came))
        expected = KnownBooks.of(*columns(kept + came))
        assert [counts.tolist() for counts in changed.counts] == [counts.tolist() for counts in expected.counts]
