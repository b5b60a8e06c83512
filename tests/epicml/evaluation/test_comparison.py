import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.evaluation.comparison import compare, relative_change
from epicml.evaluation.gate import Bound, GateRule, decide
from epicml.evaluation.report import Measure, Report, Unit

NAN = math.nan
# What scores are, and everything that a score should never be.
scores = st.sampled_from([0.0, 0.25, 0.5, 1.0, 5e-324, 1e-300, NAN, math.inf, -math.inf])
pairs = st.lists(st.tuples(scores, scores), max_size=6)


def measured(new: list[float], old: list[float] | None) -> Measure:
    return compare("saved", "Saved", new, old, seed=0, note="" if old else "nothing was live")


class TestCompare:
    def test_gives_both_means_the_change_and_the_difference(self) -> None:
        measure = measured([0.4, 0.6], [0.2, 0.3])  # each number is twice as high, by .2 and .3
        assert (measure.challenger, measure.champion, measure.n, measure.note) == (0.5, 0.25, 2, "")
        assert measure.change is not None
        assert (measure.change.estimate, measure.change.low, measure.change.high) == pytest.approx((1, 1, 1))
        assert measure.difference is not None
        assert measure.difference.estimate == pytest.approx(0.25)

    def test_keeps_unit_and_opponent(self) -> None:
        measure = compare("k", "K", [1, 1], [1, 1], seed=0, against="popularity", unit=Unit.SHARE)
        assert (measure.against, measure.unit) == ("popularity", Unit.SHARE)

    def test_with_nothing_has_no_interval_and_says_why(self) -> None:
        measure = measured([0.5, 0.7], None)
        assert (measure.champion, measure.n) == (None, 2)
        assert measure.challenger == pytest.approx(0.6)
        assert (measure.change, measure.difference, measure.note) == (None, None, "nothing was live")

    @pytest.mark.parametrize("old", [[0.0, 0.0, 0.0], [0.0, 0.0, 0.9]])
    def test_with_what_is_near_0_has_the_difference_only(self, old: list[float]) -> None:
        # of three readers one draw in 27 takes only the two who have 0
        measure = measured([0.9, 0.9, 0.9], old)
        assert measure.change is None
        assert measure.difference is not None
        assert measure.difference.estimate == pytest.approx(0.9 - sum(old) / 3)
        assert measure.note == "champion is at or near 0"

    def test_leaves_out_cases_that_lack_a_number(self) -> None:
        measure = measured([NAN, 0.2, 0.4, 0.9], [0.3, 0.1, 0.1, NAN])
        assert (measure.challenger, measure.champion) == pytest.approx((0.3, 0.1))
        assert measure.n == 2

    def test_of_one_case_is_sure_of_nothing(self) -> None:
        measure = measured([0.9], [0.1])
        assert (measure.challenger, measure.champion) == (0.9, 0.1)
        assert (measure.change, measure.difference, measure.note) == (None, None, "too few to compare")

    @pytest.mark.parametrize(("new", "old"), [([], []), ([NAN, NAN], [NAN, NAN]), ([1.0, NAN], [NAN, 1.0])])
    def test_of_no_case_has_no_value(self, new: list[float], old: list[float]) -> None:
        measure = measured(new, old)
        assert math.isnan(measure.challenger)
        assert measure.n == 0

    @given(pairs, st.booleans())
    def test_never_fails_and_is_always_decided(self, pairs: list[tuple[float, float]], is_first: bool) -> None:
        new, old = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        measure = measured(new, None if is_first else old)
        report = Report("by hand", (measure,), champion="" if is_first else "2026-11-24.1")
        rules = [GateRule(bound.value, "saved", bound, -0.02, "a rule", "No.") for bound in Bound]
        verdict = decide(Report.from_json(report.as_json()), rules)
        assert {result.rule: bool(result.found) for result in verdict.results} == {bound.value: True for bound in Bound}
        for interval in (measure.change, measure.difference):
            assert interval is None or all(math.isfinite(end) for end in (interval.low, interval.high))
        if math.isnan(measure.challenger):
            assert not any(result.passed for result in verdict.results)


class TestRelativeChange:
    def test_is_the_change_of_the_means(self) -> None:
        found = relative_change([3, 3], [2, 2], seed=0)
        assert found is not None
        assert found.estimate == 0.5

    @pytest.mark.parametrize("old", [[0, 0], [0, 1], [5e-324, 5e-324], [NAN, NAN]])
    def test_of_a_base_at_or_near_0_is_missing(self, old: list[float]) -> None:
        assert relative_change([1, 1], old, seed=0) is None
