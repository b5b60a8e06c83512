import hashlib
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.datasets.interactions import Interactions, InvalidInteractionsError

Row = tuple[int, int, float, int]
N_READERS, N_BOOKS = 5, 6

rows_of_facts = st.lists(
    st.tuples(
        st.integers(0, N_READERS - 1), st.integers(0, N_BOOKS - 1), st.sampled_from([1.0, 3.5, 4.0, 5.0]), st.integers()
    ).map(lambda row: (*row[:3], row[3] % 1000)),
    min_size=1,
    max_size=40,
)


def facts(rows: list[Row], *, n_readers: int = N_READERS, n_books: int = N_BOOKS) -> Interactions:
    reader, book, value, at = zip(*rows, strict=True)
    return Interactions.from_rows(reader=reader, book=book, value=value, at=at, n_readers=n_readers, n_books=n_books)


def as_rows(interactions: Interactions) -> list[Row]:
    columns = (interactions.reader, interactions.book, interactions.value, interactions.at)
    return list(zip(*(column.tolist() for column in columns), strict=True))


# Reader 1 has three facts, reader 3 two; 0, 2 and 4 have none.
SOME: list[Row] = [(3, 0, 5.0, 20), (1, 2, 4.0, 30), (1, 1, 2.0, 10), (3, 5, 3.0, 15), (1, 2, 5.0, 20)]


class TestFromRows:
    def test_sorts_by_reader_and_time(self) -> None:
        assert as_rows(facts(SOME)) == [(1, 1, 2, 10), (1, 2, 5, 20), (1, 2, 4, 30), (3, 5, 3, 15), (3, 0, 5, 20)]

    def test_keeps_the_order_of_facts_of_one_moment(self) -> None:
        assert as_rows(facts([(0, book, 4.0, 7) for book in (3, 1, 2)])) == [(0, book, 4, 7) for book in (3, 1, 2)]

    @given(rows_of_facts)
    def test_keeps_every_fact(self, rows: list[Row]) -> None:
        made = facts(rows)

        assert as_rows(made) == sorted(rows, key=lambda row: (row[0], row[3]))
        assert [made.reader.dtype, made.book.dtype, made.value.dtype, made.at.dtype] == ["i4", "i4", "f4", "i8"]

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"reader": [-1, 0]}, "reader row -1"),
            ({"reader": [0, 5]}, "reader row 0 or 5 is outside 0 to 4"),
            ({"reader": np.array([0, 2**32])}, "reader row 0 or 4294967296"),
            ({"book": [6, 0]}, "book row 0 or 6 is outside 0 to 5"),
            ({"book": [0, -2]}, "book row -2"),
            ({"value": [1, math.nan]}, "1 values are not finite"),
            ({"value": [math.inf, -math.inf]}, "2 values are not finite"),
            ({"at": [1]}, r"unequal lengths: \[1, 2\]"),
            ({"reader": [], "book": [], "value": [], "at": []}, "no interactions"),
        ],
    )
    def test_refuses_rows_that_are_no_facts(self, changed: dict[str, Any], says: str) -> None:
        columns: dict[str, Any] = {"reader": [0, 1], "book": [0, 1], "value": [5, 5], "at": [1, 2]} | changed

        with pytest.raises(InvalidInteractionsError, match=says):
            Interactions.from_rows(**columns, n_readers=N_READERS, n_books=N_BOOKS)


class TestHistories:
    def test_begin_where_the_reader_before_ends(self) -> None:
        assert facts(SOME).starts.tolist() == [0, 0, 3, 3, 5, 5]

    def test_number_facts_from_both_ends(self) -> None:
        assert facts(SOME).from_oldest.tolist() == [0, 1, 2, 0, 1]
        assert facts(SOME).from_newest.tolist() == [2, 1, 0, 1, 0]

    @pytest.mark.parametrize(("reader", "books"), [(0, []), (1, [1, 2, 2]), (3, [5, 0]), (4, [])])
    def test_are_cut_out_by_reader(self, reader: int, books: list[int]) -> None:
        made = facts(SOME)

        assert made.book[made.of_reader(reader)].tolist() == books

    @given(rows_of_facts)
    def test_hold_every_fact_of_their_reader_oldest_first(self, rows: list[Row]) -> None:
        made = facts(rows)

        for reader in range(N_READERS):
            history = made.of_reader(reader)
            mine = sorted(row[3] for row in rows if row[0] == reader)
            assert made.at[history].tolist() == mine
            assert made.from_oldest[history].tolist() == list(range(len(mine)))
            assert made.from_newest[history].tolist() == list(range(len(mine)))[::-1]


class TestWhere:
    def test_keeps_marked_facts_and_all_readers_and_books(self) -> None:
        kept = facts(SOME).where(np.array([False, True, False, False, True]))

        assert as_rows(kept) == [(1, 2, 5, 20), (3, 0, 5, 20)]
        assert (kept.n_readers, kept.n_books) == (N_READERS, N_BOOKS)

    def test_refuses_to_keep_nothing(self) -> None:
        with pytest.raises(InvalidInteractionsError, match="No interaction is left"):
            facts(SOME).where(np.zeros(len(SOME), bool))


class TestPositives:
    def test_are_the_facts_of_four_stars_and_more(self) -> None:
        assert facts(SOME).positives().value.tolist() == [5, 4, 5]

    def test_follow_another_threshold(self) -> None:
        assert facts(SOME).positives(threshold=5).book.tolist() == [2, 0]

    def test_are_refused_where_nobody_liked_a_book(self) -> None:
        with pytest.raises(InvalidInteractionsError):
            facts([(0, 0, 3.5, 1)]).positives()


class TestMatrix:
    def test_has_a_one_for_each_reader_and_book_however_often_they_met(self) -> None:
        expected = np.zeros((N_READERS, N_BOOKS))
        expected[[1, 1, 3, 3], [1, 2, 5, 0]] = 1

        matrix = facts(SOME).matrix()

        assert matrix.toarray().tolist() == expected.tolist()
        assert matrix.nnz == 4
        assert matrix.dtype == np.float32


class TestSha256:
    def test_is_that_of_the_counts_and_the_columns_in_little_endian(self) -> None:
        stored = b"5 6 2" + struct.pack("<2i 2i 2f 2q", 1, 3, 2, 0, 4.0, 5.0, 10, 20)

        assert facts([(3, 0, 5.0, 20), (1, 2, 4.0, 10)]).sha256() == hashlib.sha256(stored).hexdigest()

    @given(st.permutations(SOME))
    def test_does_not_depend_on_the_order_of_reading(self, rows: list[Row]) -> None:
        assert facts(rows).sha256() == facts(SOME).sha256()

    @pytest.mark.parametrize("changed", [(2, 0, 5.0, 20), (3, 1, 5.0, 20), (3, 0, 4.0, 20), (3, 0, 5.0, 21)])
    def test_changes_with_every_column(self, changed: Row) -> None:
        assert facts([changed, *SOME[1:]]).sha256() != facts(SOME).sha256()

    @pytest.mark.parametrize("counts", [{"n_readers": N_READERS + 1}, {"n_books": N_BOOKS + 1}])
    def test_changes_with_the_readers_and_books_without_a_fact(self, counts: dict[str, int]) -> None:
        assert facts(SOME, **counts).sha256() != facts(SOME).sha256()
