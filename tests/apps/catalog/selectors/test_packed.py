"""Names, lists and splices against what is written out by hand."""

import numpy as np
import pytest

from apps.catalog.selectors.packed import SEARCHED_ONE_BY_ONE, Lists, Names, Splice
from epicml.datasets.id_map import ABSENT


def ids(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(numbers, np.int64)


def lists(*rows: list[int]) -> Lists:
    return Lists().spliced(Splice.of(ids(), removed=ids(), added=np.arange(len(rows))), rows)


def as_rows(packed: Lists) -> list[list[int]]:
    return [packed.row(row) for row in range(len(packed.starts) - 1)]


class TestNames:
    def test_keep_their_codes_when_others_come(self) -> None:
        first, _ = Names().with_names(["Ada", "Zoë"])
        second, codes = first.with_names(["Zoë", "A"])
        assert codes == {"Zoë": 1, "A": 2}
        assert (second.all(), first.all()) == (["Ada", "Zoë", "A"], ["Ada", "Zoë"])
        assert [second[code] for code in range(3)] == ["Ada", "Zoë", "A"]

    def test_are_the_same_value_where_no_name_is_new(self) -> None:
        names, _ = Names().with_names(["Ada", "Tom"])
        assert names.with_names(["Tom"])[0] is names

    @pytest.mark.parametrize("name", ["", "Ad", "da", "Ada ", "ADA", "AdaTom"])
    def test_are_told_by_the_whole_of_them(self, name: str) -> None:
        names, _ = Names().with_names(["Ada", "Tom"])
        assert names.code(name) == ABSENT

    @pytest.mark.parametrize("name", ["", "\x00", "\ud800", "日本", "a" * 300, "\n"])
    def test_may_be_any_text(self, name: str) -> None:
        names, codes = Names().with_names(["Ada", name, "Tom"])
        assert (names[codes[name]], names.code(name), names.code("Tom")) == (name, 1, 2)

    def test_get_the_same_codes_one_by_one_and_many_at_a_time(self) -> None:
        many = [f"name {number}" for number in range(3 * SEARCHED_ONE_BY_ONE)]
        names, codes = Names().with_names(many)
        assert [names.code(name) for name in many] == [codes[name] for name in many] == list(range(len(many)))
        assert names.with_names([*many, "new"])[1] == {**codes, "new": len(many)}


class TestSplice:
    def test_puts_rows_in_their_order_among_those_that_stay(self) -> None:
        splice = Splice.of(ids(2, 4, 6, 8), removed=ids(4, 8), added=ids(1, 3, 5, 9))
        assert splice.column(ids(2, 4, 6, 8), ids(1, 3, 5, 9)).tolist() == [1, 2, 3, 5, 6, 9]
        assert splice.moved().tolist() == [1, ABSENT, 4, ABSENT]
        assert (splice.added.tolist(), splice.after) == ([0, 2, 3, 5], 6)

    def test_moves_no_row_where_a_book_only_changed(self) -> None:
        column = ids(10, 20, 30)
        splice = Splice.of(ids(2, 4, 6), removed=ids(4), added=ids(4))
        assert splice.stays_in_place
        assert splice.column(column, ids(99)).tolist() == [10, 99, 30]
        assert column.tolist() == [10, 20, 30]
        assert splice.moved().tolist() == [0, ABSENT, 2]

    def test_moves_rows_where_one_came_and_another_went(self) -> None:
        assert not Splice.of(ids(2, 4, 6), removed=ids(2), added=ids(5)).stays_in_place


class TestLists:
    @pytest.mark.parametrize(
        ("left", "come", "rows", "expected"),
        [
            ([], [], [], [[1, 2], [], [3]]),
            ([20], [20], [[7, 8, 9]], [[1, 2], [7, 8, 9], [3]]),
            ([10], [10], [[5, 6]], [[5, 6], [], [3]]),
            ([10, 30], [], [], [[]]),
            ([20], [5, 35], [[4], []], [[4], [1, 2], [3], []]),
            ([], [15, 16], [[8], [9]], [[1, 2], [8], [9], [], [3]]),
        ],
    )
    def test_are_spliced(
        self, left: list[int], come: list[int], rows: list[list[int]], expected: list[list[int]]
    ) -> None:
        before = lists([1, 2], [], [3])
        splice = Splice.of(ids(10, 20, 30), removed=ids(*left), added=ids(*come))
        assert as_rows(before.spliced(splice, rows)) == expected
        assert as_rows(before) == [[1, 2], [], [3]]

    def test_hold_numbers_of_any_size_in_as_few_bytes_as_they_need(self) -> None:
        small = lists([1, 2])
        large = small.spliced(Splice.of(ids(0), removed=ids(), added=ids(1)), [[70_000]])
        assert (small.values.itemsize, large.values.itemsize) == (1, 4)
        assert as_rows(large) == [[1, 2], [70_000]]

    def test_find_rows_and_their_first_number(self) -> None:
        packed = lists([1, 2], [], [2], [~2, 3])
        assert packed.rows_with(2).tolist() == [0, 2]
        assert packed.having([1, 3]).tolist() == [True, False, False, True]
        assert packed.having([]).tolist() == [False] * 4
        assert packed.first().tolist() == [1, ABSENT, 2, ~2]

    @pytest.mark.parametrize("rows", [[0], [3, 0], [0, 1, 2, 3], [3, 2, 1, 0], []])
    def test_count_their_numbers_in_the_rows_asked_for(self, rows: list[int]) -> None:
        packed = lists([1, 2], [], [2], [~2, 3])
        counted = [number for row in rows for number in packed.row(row) if number >= 0]
        counts = packed.counts(np.array(rows, np.int64), size=4).tolist()
        assert counts == [counted.count(number) for number in range(4)]

    def test_sum_the_weights_of_the_rows_of_each_number(self) -> None:
        packed = lists([1, 2], [], [2], [~2, 3])
        assert packed.sums(np.array([1.0, 10.0, 100.0, 1000.0]), size=4).tolist() == [0, 1, 101, 1000]
