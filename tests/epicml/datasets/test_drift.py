"""Thresholds by hand: of n books one may change, and share * n + 2 * sqrt(share * (1 - share) * n)."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.datasets.arrays import Int64s
from epicml.datasets.audit import Finding, Severity
from epicml.datasets.drift import (
    check_band_shares,
    check_bands_moved,
    check_column_changed,
    check_column_lost,
    check_order_changed,
)

bands = st.lists(st.integers(0, 5), min_size=1, max_size=60).map(lambda ranks: np.array(ranks, np.int8))


def shelf(*counts: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    """So many books of each band, the youngest first."""
    return np.repeat(np.arange(len(counts), dtype=np.int8), counts)


def moved(n: int, *, up: int = 0, down: int = 0) -> Finding | None:
    """Of n books for 9 to 11, some are for adults now and some for the youngest."""
    before, after = np.full(n, 2, np.int8), np.full(n, 2, np.int8)
    after[:down], after[down : down + up] = 0, 5
    return check_bands_moved(before, after, label=lambda place: f"b{place}")


class TestBandShares:
    def test_of_the_same_books_are_the_same(self) -> None:
        assert check_band_shares(shelf(10, 20, 30, 5, 5, 5), shelf(10, 20, 30, 5, 5, 5)) is None

    def test_of_all_books_for_the_youngest_stop_with_the_numbers_of_every_band(self) -> None:
        found = check_band_shares(shelf(100, 100, 200, 0, 0, 100), shelf(500))
        assert found is not None
        assert (found.severity, found.name, found.rows) == (Severity.STOP, "band_shares", 400)
        assert found.share == pytest.approx(0.8)
        assert found.text == (
            "The shares of the age bands are not those of the live release: 0 to 5 100 (20.0 %), now 500 (100.0 %); "
            "6 to 8 100 (20.0 %), now 0 (0.0 %); 9 to 11 200 (40.0 %), now 0 (0.0 %); "
            "12 to 14 0 (0.0 %), now 0 (0.0 %); 15 to 17 0 (0.0 %), now 0 (0.0 %); adult 100 (20.0 %), now 0 (0.0 %)."
        )

    def test_stop_where_an_import_of_one_band_changed_them(self) -> None:
        assert check_band_shares(shelf(50, 50, 50, 50, 50, 50), shelf(50, 50, 50, 50, 50, 2050)) is not None

    def test_go_on_where_the_catalogue_grew_evenly(self) -> None:
        assert check_band_shares(shelf(5, 10, 15), shelf(500, 1000, 1500)) is None

    @pytest.mark.parametrize(("grown", "stops"), [(160, False), (180, True)])
    def test_allow_a_tenth_and_twice_the_standard_error(self, grown: int, stops: bool) -> None:
        # 100 of 1,000 before. 160 more make 260 of 1,160, a shift of 12.4 points; pooled 360 of 2,160 are .1667, with
        # an error of sqrt(.1389 * (1/1000 + 1/1160)) = .0161, so that .1322 is allowed. 180 more: 13.7 against .1324.
        found = check_band_shares(shelf(100, 900), shelf(100 + grown, 900))
        assert (found is not None) is stops

    def test_of_a_few_books_may_shift_far_by_chance(self) -> None:
        assert check_band_shares(shelf(2, 2), shelf(4, 2)) is None

    @pytest.mark.parametrize(("before", "after"), [(shelf(0), shelf(5)), (shelf(5), shelf(0))])
    def test_of_no_books_say_nothing(self, before: np.ndarray, after: np.ndarray) -> None:
        assert check_band_shares(before, after) is None


class TestBandsMoved:
    # 5 % of 100 and two errors of sqrt(.05 * .95 * 100) = 2.18: 9.36. Of 1,000: 50 + 13.8 = 63.8.
    @pytest.mark.parametrize(
        ("n", "up", "stops"), [(100, 9, False), (100, 10, True), (1000, 63, False), (1000, 64, True)]
    )
    def test_stop_beyond_a_twentieth(self, n: int, up: int, stops: bool) -> None:
        assert (moved(n, up=up) is not None) is stops

    # 2 % of 100 and two errors of sqrt(.02 * .98 * 100) = 1.4: 4.8. Of 1,000: 20 + 8.85 = 28.9.
    @pytest.mark.parametrize(
        ("n", "down", "stops"), [(100, 4, False), (100, 5, True), (1000, 28, False), (1000, 29, True)]
    )
    def test_stop_earlier_where_books_move_to_younger_readers(self, n: int, down: int, stops: bool) -> None:
        assert (moved(n, down=down) is not None) is stops

    @pytest.mark.parametrize(("n", "down", "stops"), [(1, 1, False), (2, 1, False), (2, 2, True), (5, 2, True)])
    def test_let_one_book_of_a_small_shelf_move(self, n: int, down: int, stops: bool) -> None:
        assert (moved(n, down=down) is not None) is stops

    def test_say_how_many_and_name_those_that_moved_down_furthest(self) -> None:
        before, after = shelf(10, 10, 10, 10, 10, 10), shelf(10, 10, 10, 10, 10, 10)
        after[0], after[20], after[30], after[50], after[51], after[52] = 5, 1, 5, 0, 4, 4
        found = check_bands_moved(before, after, label=lambda place: f"b{place}")
        assert found is not None
        assert (found.name, found.rows, found.severity) == ("bands_moved", 6, Severity.STOP)
        assert found.text == (
            "Of the 60 books that the live release knows, 6 (10.0 %) have another age band; 4 (6.7 %) moved to younger "
            "readers."
        )
        assert found.examples == ("b50: adult, now 0 to 5", "b20: 9 to 11, now 6 to 8", "b51: adult, now 15 to 17")

    def test_see_bands_that_changed_places_while_their_shares_stayed(self) -> None:
        before = shelf(100, 100)
        assert check_band_shares(before, before[::-1]) is None
        found = check_bands_moved(before, before[::-1], label=str)
        assert found is not None
        assert found.rows == 200

    @given(bands)
    def test_find_nothing_where_nothing_moved(self, ranks: np.ndarray) -> None:
        assert check_bands_moved(ranks, ranks.copy(), label=str) is None

    @given(bands)
    def test_find_every_shelf_of_which_half_moved_down(self, ranks: np.ndarray) -> None:
        found = check_bands_moved(ranks, np.zeros_like(ranks), label=str)
        assert found is not None or int((ranks > 0).sum()) < max(2, len(ranks) / 2)


class TestColumnLost:
    # 10 % of 50 and two errors of sqrt(.1 * .9 * 50) = 2.12: 9.2.
    @pytest.mark.parametrize(("n_lost", "stops"), [(0, False), (9, False), (10, True), (50, True)])
    def test_stops_beyond_a_tenth_of_those_that_had_a_value(self, n_lost: int, stops: bool) -> None:
        before = np.repeat([7, 0], [50, 500])
        after = before.copy()
        after[:n_lost] = 0
        assert (check_column_lost("series", before, after, label=str) is not None) is stops

    def test_says_how_many_and_which(self) -> None:
        before, after = np.full(40, 7), np.repeat([7, 0], [10, 30])
        found = check_column_lost("genres", before, after, label=lambda place: f"b{place}")
        assert found is not None
        assert found.text == "Of 40 books that had a value in “genres”, 30 (75.0 %) have none now."
        assert (found.column, found.rows, found.examples, found.name) == (
            "genres",
            30,
            ("b10", "b11", "b12"),
            "columns_lost",
        )

    def test_does_not_mind_values_that_come(self) -> None:
        assert check_column_lost("series", np.zeros(50, np.int64), np.ones(50, np.int64), label=str) is None


class TestColumnChanged:
    # 10 % of 50 and two errors of sqrt(.1 * .9 * 50) = 2.12: 9.2.
    @pytest.mark.parametrize(("n_changed", "stops"), [(0, False), (9, False), (10, True), (50, True)])
    def test_stops_beyond_a_tenth(self, n_changed: int, stops: bool) -> None:
        before = np.arange(1, 51)
        after = before.copy()
        after[:n_changed] += 1000
        assert (check_column_changed("title", before, after, label=str) is not None) is stops

    def test_finds_rows_that_slipped(self) -> None:
        found = check_column_changed("title", np.arange(1, 41), np.roll(np.arange(1, 41), 1), label=lambda n: f"b{n}")
        assert found is not None
        assert (found.name, found.rows, found.examples) == ("columns_changed", 40, ("b0", "b1", "b2"))

    def test_leaves_what_came_or_went_to_others(self) -> None:
        some = np.arange(1, 51)
        for before, after in ((some, np.zeros(50, np.int64)), (np.zeros(50, np.int64), some)):
            assert check_column_changed("title", before, after, label=str) is None


class TestOrderChanged:
    @pytest.mark.parametrize("grown", [lambda n: n, lambda n: 7 * n, lambda n: n**2 + 3])
    def test_does_not_mind_numbers_that_grow(self, grown: Callable[[Int64s], Int64s]) -> None:
        some = np.arange(1, 60)
        assert check_order_changed("popularity", some, grown(some), label=str) is None

    def test_finds_numbers_that_were_dealt_anew(self) -> None:
        some = np.arange(1, 401)
        found = check_order_changed("popularity", some, np.random.default_rng(1).permutation(some), label=str)
        assert found is not None
        assert (found.name, found.rows, len(found.examples)) == ("columns_changed", 400, 3)

    # Of 17 books the error is 1 / sqrt(16) = .25, so that chance may take half of the agreement: -.01 is let through
    # no more, 0 still is. With the middle book apart, ranks that fold back upon themselves agree by 0.
    def test_allows_for_chance_where_books_are_few(self) -> None:
        folded = np.abs(np.arange(1, 18) - 9) + 1
        assert check_order_changed("popularity", np.arange(1, 18), folded, label=str) is None
        assert (
            check_order_changed("popularity", np.arange(1, 66), np.abs(np.arange(1, 66) - 33) + 1, label=str)
            is not None
        )

    @pytest.mark.parametrize("n", [0, 1, 2, 30])
    def test_of_books_that_are_all_alike_says_nothing(self, n: int) -> None:
        alike = np.full(n, 5)
        assert check_order_changed("popularity", alike, np.arange(1, n + 1), label=str) is None
        assert check_order_changed("popularity", np.arange(1, n + 1), alike, label=str) is None
