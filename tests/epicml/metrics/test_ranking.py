"""Ranking measures on lists worked out by hand, and NDCG against a second implementation."""

import math
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.metrics.ranking import (
    EmptyCatalogueError,
    InvalidCutoffError,
    InvalidGradeError,
    coverage,
    mrr,
    ndcg,
    precision,
    recall,
)

BOOKS = [f"book {number}" for number in range(12)]
rankings = st.permutations(BOOKS).flatmap(lambda order: st.integers(0, len(order)).map(lambda n: order[:n]))
judgments = st.dictionaries(st.sampled_from(BOOKS), st.integers(0, 4), max_size=len(BOOKS))
cutoffs = st.integers(1, 15)

SHARES: dict[str, Callable[..., float]] = {"recall": recall, "precision": precision, "mrr": mrr}


def ndcg_by_places(ranked: Sequence[str], grades: Mapping[str, float], k: int) -> float:
    """NDCG as Burges et al. 2005 write it, place by place."""

    def dcg(order: Sequence[float]) -> float:
        total = 0.0
        for index in range(min(k, len(order))):
            total += (math.pow(2, order[index]) - 1) * math.log(2) / math.log(2 + index)
        return total

    best = dcg(sorted(grades.values(), reverse=True))
    return dcg([grades.get(book, 0) for book in ranked]) / best if best else math.nan


class TestNdcg:
    def test_weighs_grades_by_place(self) -> None:
        grades = {"a": 3, "b": 2, "c": 0, "d": 1, "e": 3}

        # Gains 7, 3, 0, 1 over log2 of 2, 3, 4, 5: 7 + 1.8928 + 0 + 0.4307 = 9.3235.
        # The best order is 7, 7, 3, 1: 7 + 4.4165 + 1.5 + 0.4307 = 13.3472.
        assert ndcg(["a", "b", "c", "d"], grades, k=4) == pytest.approx(9.3235 / 13.3472, abs=1e-4)

    def test_counts_no_place_beyond_the_cutoff(self) -> None:
        # At 2 places: (7 + 1.8928) / (7 + 4.4165).
        assert ndcg(["a", "b", "e"], {"a": 3, "b": 2, "e": 3}, k=2) == pytest.approx(8.8928 / 11.4165, abs=1e-4)

    @pytest.mark.parametrize(("place", "expected"), [(1, 1.0), (2, 0.6309), (3, 0.5), (7, 1 / 3)])
    def test_discounts_the_one_relevant_book_by_the_logarithm_of_its_place(self, place: int, expected: float) -> None:
        ranked = [*BOOKS[: place - 1], "wanted"]

        assert ndcg(ranked, {"wanted": 2}, k=10) == pytest.approx(expected, abs=1e-4)

    @pytest.mark.parametrize("grades", [{}, {"a": 0}])
    def test_has_no_number_without_a_relevant_book(self, grades: dict[str, float]) -> None:
        assert math.isnan(ndcg(["a"], grades, k=1))

    def test_is_zero_for_an_empty_list(self) -> None:
        assert ndcg([], {"a": 1}, k=10) == 0

    @pytest.mark.parametrize("grade", [-1, -0.001, math.nan, math.inf])
    def test_refuses_a_grade_that_is_none(self, grade: float) -> None:
        with pytest.raises(InvalidGradeError, match=f"grade of {grade}"):
            ndcg(["a"], {"a": 1, "b": grade}, k=1)

    @given(rankings, judgments, cutoffs)
    def test_agrees_with_a_second_implementation(self, ranked: list[str], grades: dict[str, float], k: int) -> None:
        assert ndcg(ranked, grades, k=k) == pytest.approx(ndcg_by_places(ranked, grades, k), nan_ok=True)

    @given(rankings, judgments, cutoffs)
    def test_is_a_share(self, ranked: list[str], grades: dict[str, float], k: int) -> None:
        found = ndcg(ranked, grades, k=k)

        assert math.isnan(found) or 0 <= found <= 1 + 1e-12

    @given(judgments.filter(lambda grades: any(grades.values())), cutoffs)
    def test_is_one_for_the_best_order(self, grades: dict[str, float], k: int) -> None:
        best = sorted(grades, key=lambda book: -grades[book])

        assert ndcg(best, grades, k=k) == pytest.approx(1)

    @given(st.permutations(BOOKS), judgments.filter(lambda grades: any(grades.values())), st.integers(0, 10))
    def test_never_falls_when_the_better_of_two_neighbours_goes_first(
        self, ranked: list[str], grades: dict[str, float], place: int
    ) -> None:
        pair = sorted(ranked[place : place + 2], key=lambda book: -grades.get(book, 0))
        better = [*ranked[:place], *pair, *ranked[place + 2 :]]

        assert ndcg(better, grades, k=12) >= ndcg(ranked, grades, k=12) - 1e-12


class TestRecall:
    @pytest.mark.parametrize(
        ("k", "expected"), [(1, 1 / 4), (2, 1 / 4), (3, 2 / 4), (5, 3 / 4), (99, 3 / 4)]
    )  # of a, c, e and z, the list has a at place 1, c at 3 and e at 5
    def test_counts_the_relevant_books_that_are_shown(self, k: int, expected: float) -> None:
        assert recall(["a", "b", "c", "d", "e"], ["a", "c", "e", "z"], k=k) == expected

    def test_counts_a_book_named_twice_as_one(self) -> None:
        assert recall(["a"], ["a", "a"], k=1) == 1


class TestPrecision:
    @pytest.mark.parametrize(("k", "expected"), [(1, 1.0), (2, 1 / 2), (3, 2 / 3), (5, 3 / 5), (10, 3 / 10)])
    def test_counts_the_places_well_used_and_an_empty_place_as_a_miss(self, k: int, expected: float) -> None:
        assert precision(["a", "b", "c", "d", "e"], ["a", "c", "e", "z"], k=k) == expected


class TestMrr:
    @pytest.mark.parametrize(
        ("relevant", "k", "expected"),
        [({"a"}, 5, 1.0), ({"c", "d"}, 5, 1 / 3), ({"e"}, 5, 1 / 5), ({"e"}, 4, 0.0), ({"z"}, 5, 0.0)],
    )
    def test_is_one_over_the_first_relevant_place(self, relevant: set[str], k: int, expected: float) -> None:
        assert mrr(["a", "b", "c", "d", "e"], relevant, k=k) == expected


class TestSharesOfRelevantBooks:
    @pytest.mark.parametrize("measure", SHARES.values(), ids=SHARES)
    def test_have_no_number_where_nothing_is_relevant(self, measure: Callable[..., float]) -> None:
        assert math.isnan(measure(["a"], set(), k=1))

    @pytest.mark.parametrize("measure", SHARES.values(), ids=SHARES)
    def test_take_relevant_books_that_can_be_read_only_once(self, measure: Callable[..., float]) -> None:
        assert measure(["a", "b"], iter(["b"]), k=2) == measure(["a", "b"], {"b"}, k=2)

    @given(rankings, st.sets(st.sampled_from(BOOKS), min_size=1), cutoffs)
    def test_count_the_same_hits(self, ranked: list[str], relevant: set[str], k: int) -> None:
        hits = sum(book in relevant for book in ranked[:k])

        assert recall(ranked, relevant, k=k) * len(relevant) == pytest.approx(hits)
        assert precision(ranked, relevant, k=k) * k == pytest.approx(hits)
        assert (mrr(ranked, relevant, k=k) > 0) is (hits > 0)


class TestCoverage:
    @pytest.mark.parametrize(("k", "expected"), [(1, 2 / 10), (2, 3 / 10), (3, 5 / 10)])
    def test_counts_each_book_once_however_often_it_is_shown(self, k: int, expected: float) -> None:
        lists = [["a", "b", "c"], ["a", "d", "e"], ["b", "a"], []]  # first places a, a, b; then also d; then c and e

        assert coverage(lists, catalogue=10, k=k) == expected

    def test_is_zero_where_nobody_is_shown_anything(self) -> None:
        assert coverage([], catalogue=3, k=1) == 0

    @pytest.mark.parametrize("catalogue", [0, -1])
    def test_refuses_an_empty_catalogue(self, catalogue: int) -> None:
        with pytest.raises(EmptyCatalogueError, match="at least 1"):
            coverage([["a"]], catalogue=catalogue, k=1)


class TestCutoff:
    @pytest.mark.parametrize("k", [0, -3])
    @pytest.mark.parametrize(
        "measure",
        [
            lambda k: ndcg(["a"], {"a": 1}, k=k),
            lambda k: recall(["a"], {"a"}, k=k),
            lambda k: precision(["a"], {"a"}, k=k),
            lambda k: mrr(["a"], {"a"}, k=k),
            lambda k: coverage([["a"]], catalogue=1, k=k),
        ],
        ids=["ndcg", "recall", "precision", "mrr", "coverage"],
    )
    def test_is_at_least_one(self, measure: Callable[[int], float], k: int) -> None:
        with pytest.raises(InvalidCutoffError, match=f"first {k} places"):
            measure(k)
