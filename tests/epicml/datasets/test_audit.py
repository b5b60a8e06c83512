"""One sample of every fault that the audit knows, and clean data in which it finds none."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.datasets.audit import (
    NULL_WORDS,
    Finding,
    Severity,
    check_duplicates,
    check_hidden_nulls,
    check_known,
    check_leak,
    check_order,
    check_positives,
    check_range,
    most_severe_first,
)
from epicml.datasets.interactions import Interactions
from epicml.datasets.splits import Split

STOP, WARNING, NOTE = Severity.STOP, Severity.WARNING, Severity.NOTE


def facts(reader: list[int], at: list[int]) -> Interactions:
    n = len(reader)
    return Interactions.from_rows(
        reader=reader, book=list(range(n)), value=[5] * n, at=at, n_readers=3, n_books=max(n, 1)
    )


def of(finding: Finding | None) -> Finding:
    assert finding is not None
    return finding


class TestEachCheck:
    @given(
        st.lists(
            st.tuples(st.integers(-2, 4), st.integers(-2, 4), st.floats(allow_nan=True), st.integers(0, 9)),
            min_size=1,
            max_size=20,
        )
    )
    def test_looks_at_anything_without_a_warning_or_an_error(self, rows: list[tuple[int, int, float, int]]) -> None:
        readers, books, values, times = (np.array(column) for column in zip(*rows, strict=True))

        found = [
            check_known("reader", readers, 2),
            check_known("book", books, 2),
            check_range(values),
            check_positives(values),
            check_duplicates(readers, books, times),
            check_order(readers, times),
        ]

        assert all(0 < one.share <= 1 and 0 < one.rows <= len(rows) for one in found if one is not None)


class TestGravestFirst:
    def test_keeps_the_order_of_those_that_weigh_the_same(self) -> None:
        weights = (("a", NOTE), ("b", WARNING), ("c", STOP), ("d", WARNING), ("e", STOP))
        found = most_severe_first(Finding(severity, column, "", 1.0, 1) for column, severity in weights)
        assert [one.column for one in found] == ["c", "e", "b", "d", "a"]


class TestFinding:
    def test_comes_back_from_json_as_it_went(self) -> None:
        finding = Finding(WARNING, "language", "Hidden missing values", 0.25, 3, ("“n/a”", "“”"), "read as missing")

        assert Finding.from_json(json.loads(json.dumps(finding.as_json()))) == finding

    def test_is_written_in_plain_json(self) -> None:
        assert Finding(STOP, "rows", "None.", 1.0, 0).as_json() == {
            "severity": "stop",
            "column": "rows",
            "text": "None.",
            "share": 1.0,
            "rows": 0,
            "examples": [],
            "done": "",
            "name": "",
        }


class TestCheckHiddenNulls:
    @pytest.mark.parametrize("word", sorted(NULL_WORDS))
    def test_knows_every_word_for_nothing_in_any_case_and_with_blanks(self, word: str) -> None:
        finding = of(check_hidden_nulls("isbn", ["123", word, f" {word.upper()}\t", "9"]))

        assert (finding.rows, finding.share, finding.done) == (2, 0.5, "read as missing")

    def test_shows_three_examples_as_they_are_written(self) -> None:
        values = ["NULL", "n/a", "NULL", " ", "-", "en"]

        assert of(check_hidden_nulls("language", values)).examples == ("“NULL”", "“n/a”", "“ ”")

    @pytest.mark.parametrize("values", [[], ["en", "nano"], ["Nonesuch", "unknown author"], [None, 0, math.nan]])
    def test_leaves_alone_what_means_something_or_is_openly_missing(self, values: list[object]) -> None:
        assert check_hidden_nulls("title", values) is None


class TestCheckKnown:
    @pytest.mark.parametrize(("rows", "severity"), [([-1, 2, 3, -1], STOP), ([0, 0, -1, 1], WARNING)])
    def test_stops_where_nothing_is_known(self, rows: list[int], severity: Severity) -> None:
        assert of(check_known("reader", np.array(rows), 2)).severity is severity

    def test_names_the_first_three_rows_counted_from_one(self) -> None:
        finding = of(check_known("book", np.array([-1, 0, 1, 2, 5, -1, 7]), 2))

        assert finding.examples == ("row 1", "row 4", "row 5")
        assert (finding.rows, finding.share, finding.done) == (5, 5 / 7, "left out")

    def test_takes_the_first_and_the_last_row_of_the_catalogue_for_known(self) -> None:
        assert check_known("book", np.array([0, 2]), 3) is None


class TestCheckRange:
    def test_takes_one_and_five_stars_for_ratings(self) -> None:
        assert check_range(np.array([1.0, 5.0])) is None

    def test_shows_each_wrong_value_once(self) -> None:
        finding = of(check_range(np.array([0.0, 0.0, 5.01, 3.0, 100.0, -1.0])))

        assert finding.examples == ("0", "5.01", "100")
        assert (finding.severity, finding.rows) == (WARNING, 5)

    def test_stops_where_no_rating_is_one(self) -> None:
        assert of(check_range(np.array([0.0, math.nan, math.inf]))).severity is STOP


class TestCheckPositives:
    @pytest.mark.parametrize("value", [4.0, 5.0])
    def test_is_content_with_one_liked_book(self, value: float) -> None:
        assert check_positives(np.array([1.0, value])) is None

    @pytest.mark.parametrize("value", [3.99, 5.5, math.inf, math.nan])
    def test_does_not_count_what_is_no_rating_of_four_stars_or_more(self, value: float) -> None:
        assert of(check_positives(np.array([1.0, value]))).severity is STOP


class TestCheckDuplicates:
    def test_marks_every_copy_after_the_first(self) -> None:
        readers, books, times = np.array([0, 1, 0, 0, 1, 0]), np.array([5, 5, 5, 5, 6, 5]), np.array([9, 9, 9, 8, 9, 9])

        finding = of(check_duplicates(readers, books, times))

        assert (finding.rows, finding.share) == (2, 2 / 6)
        assert finding.examples == ("row 3", "row 6")

    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30))
    def test_counts_what_a_set_would_drop(self, rows: list[tuple[int, int, int]]) -> None:
        readers, books, times = (np.array(column) for column in zip(*rows, strict=True))

        finding = check_duplicates(readers, books, times)

        assert (finding.rows if finding else 0) == len(rows) - len(set(rows))


class TestCheckOrder:
    def test_says_which_two_rows_go_back(self) -> None:
        finding = of(check_order(np.array([0, 0, 0, 4, 4]), np.array([1, 3, 2, 9, 8])))

        assert finding.rows == 2
        assert finding.examples == ("reader 0, rows 2 and 3", "reader 4, rows 4 and 5")

    @pytest.mark.parametrize(("readers", "times"), [([0, 0], [5, 5]), ([0, 1], [5, 1]), ([0], [5])])
    def test_allows_equal_times_and_another_reader(self, readers: list[int], times: list[int]) -> None:
        assert check_order(np.array(readers), np.array(times)) is None


class TestCheckLeak:
    def test_compares_a_reader_with_their_own_training_only(self) -> None:
        assert check_leak(Split(train=facts([0, 1], [10, 99]), test=facts([0, 2], [11, 1]))) is None

    def test_allows_a_test_fact_of_the_same_moment(self) -> None:
        assert check_leak(Split(train=facts([0], [10]), test=facts([0], [10]))) is None

    def test_counts_the_test_facts_that_are_older(self) -> None:
        finding = of(check_leak(Split(train=facts([0, 0], [10, 30]), test=facts([0, 0, 0, 1], [20, 29, 31, 0]))))

        assert (finding.severity, finding.rows, finding.share) == (STOP, 2, 0.5)
