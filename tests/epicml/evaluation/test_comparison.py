import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.evaluation.comparison import compare, counted, paired_difference, relative_change
from epicml.evaluation.gate import Basis, Bound, GateRule, decide
from epicml.evaluation.report import Measure, Note, Report, Unit

NAN = math.nan
# What scores are, and everything that a score should never be.
scores = st.sampled_from([0.0, 0.25, 0.5, 1.0, 5e-324, 1e-300, NAN, math.inf, -math.inf])
pairs = st.lists(st.tuples(scores, scores), max_size=6)


def measured(new: list[float], old: list[float] | None) -> Measure:
    return compare("saved", "Saved", new, old, seed=0, note="" if old else Note.NOTHING_LIVE)


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
        assert (measure.change, measure.difference, measure.note) == (None, None, Note.NOTHING_LIVE)

    @pytest.mark.parametrize("old", [[0.0, 0.0, 0.0], [0.0, 0.0, 0.9]])
    def test_with_what_is_near_0_has_the_difference_only(self, old: list[float]) -> None:
        # of three readers one draw in 27 takes only the two who have 0
        measure = measured([0.9, 0.9, 0.9], old)
        assert measure.change is None
        assert measure.difference is not None
        assert measure.difference.estimate == pytest.approx(0.9 - sum(old) / 3)
        assert measure.note is Note.NEAR_ZERO

    def test_leaves_out_cases_that_lack_a_number(self) -> None:
        measure = measured([NAN, 0.2, 0.4, 0.9], [0.3, 0.1, 0.1, NAN])
        assert (measure.challenger, measure.champion) == pytest.approx((0.3, 0.1))
        assert measure.n == 2

    def test_of_one_case_is_sure_of_nothing(self) -> None:
        measure = measured([0.9], [0.1])
        assert (measure.challenger, measure.champion) == (0.9, 0.1)
        assert (measure.change, measure.difference, measure.note) == (None, None, Note.TOO_FEW)

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
        rules = [GateRule(bound.value, "saved", bound, -0.02) for bound in Bound]
        found = decide(Report.from_json(report.as_json()), rules)
        assert [result.rule for result in found.results] == [bound.value for bound in Bound]
        assert {result.tested is None for result in found.results if result.basis is Basis.VALUE} <= {False}
        for interval in (measure.change, measure.difference):
            assert interval is None or all(math.isfinite(end) for end in (interval.low, interval.high))
        if math.isnan(measure.challenger):
            assert not any(result.passed for result in found.results)


class TestPairedDifference:
    def test_counts_wins_losses_and_ties(self) -> None:
        found = paired_difference([3, 2, 2, 5, NAN], [1, 2, 4, 1, 9], seed=0)
        assert (found.n, found.wins, found.losses, found.ties) == (4, 2, 1, 1)
        assert (found.value, found.baseline) == (3, 2)

    @pytest.mark.parametrize(
        ("wins", "losses", "p_value"),
        # two-sided sign test by hand: of 5 coins all alike 2 / 32; of 6 at least 5 alike 2 * (6 + 1) / 64
        [(5, 0, 2 / 32), (0, 5, 2 / 32), (5, 1, 14 / 64), (3, 3, 1), (0, 0, 1)],
    )
    def test_has_the_p_value_of_the_sign_test(self, wins: int, losses: int, p_value: float) -> None:
        new = [1.0] * wins + [0.0] * losses + [0.5, 0.5]
        old = [0.0] * wins + [1.0] * losses + [0.5, 0.5]
        assert paired_difference(new, old, seed=0).p_value == pytest.approx(p_value)

    @given(pairs)
    def test_is_the_other_way_round_for_the_other_system(self, pairs: list[tuple[float, float]]) -> None:
        new, old = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        one, other = paired_difference(new, old, seed=0), paired_difference(old, new, seed=0)
        assert (one.wins, one.losses, one.ties, one.p_value) == (other.losses, other.wins, other.ties, other.p_value)
        assert one.wins + one.losses + one.ties == one.n

    def test_is_in_the_measure(self) -> None:
        measure = measured([3, 2, 2, 5], [1, 2, 4, 1])
        assert (measure.wins, measure.losses, measure.ties, measure.p_value) == (2, 1, 1, 1)
        assert Measure.from_json(Report("by hand", (measure,)).as_json()["measures"][0]) == measure


class TestCounted:
    def test_has_no_interval_and_says_so(self) -> None:
        measure = counted("lost", "Lost", 2, n=40, champion=3)
        assert (measure.challenger, measure.champion, measure.n, measure.unit) == (2, 3, 40, Unit.COUNT)
        assert (measure.change, measure.difference, measure.wins, measure.note) == (None, None, None, Note.COUNTED)


class TestRelativeChange:
    def test_is_the_change_of_the_means(self) -> None:
        found = relative_change([3, 3], [2, 2], seed=0)
        assert found is not None
        assert found.estimate == 0.5

    @pytest.mark.parametrize("old", [[0, 0], [0, 1], [5e-324, 5e-324], [NAN, NAN]])
    def test_of_a_base_at_or_near_0_is_missing(self, old: list[float]) -> None:
        assert relative_change([1, 1], old, seed=0) is None
