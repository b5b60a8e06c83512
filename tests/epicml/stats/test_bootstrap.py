"""Intervals against counts by hand, against scipy, and by how often they hold the truth."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from epicml.stats.bootstrap import Interval, NothingToCompareError, paired_interval, relative_interval

Pairs = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
numbers = st.integers(-100, 100).map(lambda whole: whole / 10)


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    """200 readers whose two numbers go together, as those of two rankings do."""
    random = np.random.default_rng(11)
    level = random.normal(5, 2, 200)
    return level + random.normal(0.3, 1, 200), level + random.normal(0, 1, 200)


class TestInterval:
    @pytest.mark.parametrize(
        ("low", "high", "excludes"),
        [(0.1, 0.2, True), (-0.2, -0.1, True), (-0.1, 0.1, False), (0.0, 0.2, False), (-0.2, 0.0, False)],
    )
    def test_excludes_zero_only_with_both_ends_on_one_side(self, low: float, high: float, excludes: bool) -> None:
        assert Interval(estimate=(low + high) / 2, low=low, high=high).excludes_zero is excludes


class TestPairedInterval:
    def test_estimates_the_mean_difference(self) -> None:
        assert paired_interval([5, 3, 1], [4, 1, 2], seed=0).estimate == pytest.approx(2 / 3)

    @pytest.mark.parametrize(("level", "low", "high"), [(0.4, 1.5, 1.5), (0.8, 0.0, 3.0)])
    def test_cuts_the_means_of_all_draws_at_the_level(self, level: float, low: float, high: float) -> None:
        # Two readers, differences 0 and 3: a draw has mean 0, 1.5 or 3 with chances 1/4, 1/2 and 1/4.
        interval = paired_interval([0, 3], [0, 0], seed=1, level=level)

        assert interval == Interval(1.5, low, high, level)

    @pytest.mark.parametrize("level", [0.8, 0.95])
    def test_agrees_with_scipy(self, pairs: Pairs, level: float) -> None:
        a, b = pairs
        theirs = stats.bootstrap(
            (a - b,),
            np.mean,
            n_resamples=5000,
            confidence_level=level,
            method="percentile",
            rng=np.random.default_rng(2),
        )

        ours = paired_interval(a, b, seed=3, resamples=5000, level=level)

        # An end found from 5,000 draws is itself uncertain by about 0.04 standard errors, on both sides.
        tolerance = 0.2 * float(theirs.standard_error)
        assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=tolerance)
        assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=tolerance)

    def test_is_as_wide_as_normal_theory_says(self, pairs: Pairs) -> None:
        a, b = pairs
        error = (a - b).std(ddof=1) / math.sqrt(len(a))

        interval = paired_interval(a, b, seed=4, resamples=5000)

        assert interval.high - interval.low == pytest.approx(2 * 1.96 * error, rel=0.05)

    def test_holds_the_true_difference_as_often_as_it_says(self) -> None:
        random = np.random.default_rng(5)
        held = 0
        for seed in range(400):
            level = random.normal(0, 5, 60)
            interval = paired_interval(level + random.normal(0.5, 1, 60), level, seed=seed, resamples=400, level=0.9)
            held += interval.low <= 0.5 <= interval.high

        # 400 trials of a share of 0.9 spread by 0.015; the percentile interval of 60 readers holds some 0.89.
        assert 0.85 <= held / 400 <= 0.94

    def test_gives_the_same_interval_for_the_same_seed_only(self, pairs: Pairs) -> None:
        first, again, other = (paired_interval(*pairs, seed=seed) for seed in (7, 7, 8))

        assert first == again
        assert (first.low, first.high) != (other.low, other.high)
        assert first.estimate == other.estimate

    def test_draws_as_often_as_asked_beyond_one_block(self) -> None:
        # One draw more, from a second block, moves the ends.
        values = np.random.default_rng(1).random(50)
        whole, more = (paired_interval(values, 0 * values, seed=1, resamples=draws) for draws in (200, 201))

        assert (whole.low, whole.high) != (more.low, more.high)

    @pytest.mark.parametrize("readers", [2, 40, 2000])
    def test_is_to_the_last_digits_what_the_same_draws_of_numpy_give(self, readers: int) -> None:
        # What was decided with earlier versions, which drew by themselves, is decided alike.
        a, b = np.random.default_rng(3).random((2, readers))
        random = np.random.default_rng(20261124)
        draws = np.concatenate([random.integers(0, readers, (200, readers)) for _ in range(10)])
        means = np.quantile((a - b)[draws].mean(axis=1), [0.025, 0.975])
        changes = np.quantile(a[draws].mean(axis=1) / b[draws].mean(axis=1) - 1, [0.025, 0.975])

        difference, change = (find(a, b, seed=20261124) for find in (paired_interval, relative_interval))
        assert (difference.low, difference.high) == pytest.approx(means, abs=1e-12)
        assert (change.low, change.high) == pytest.approx(changes, abs=1e-12)

    def test_of_the_same_numbers_is_exactly_zero(self) -> None:
        same = np.random.default_rng(3).random(500)
        for found in (paired_interval(same, same, seed=1), relative_interval(same, same, seed=1)):
            assert (found.estimate, found.low, found.high) == (0, 0, 0)

    @pytest.mark.parametrize("unknown", [math.nan, math.inf, -math.inf])
    def test_leaves_out_a_pair_without_two_numbers(self, unknown: float) -> None:
        known = paired_interval([1, 2], [0, 0], seed=0)

        assert paired_interval([1, unknown, 2, 8], [0, 3, 0, unknown], seed=0) == known

    @pytest.mark.parametrize(
        ("a", "b", "says"),
        [
            ([], [], "2 readers need a number under both systems, not 0"),
            ([math.nan, 1.0], [1.0, math.nan], "2 readers need a number under both systems, not 0"),
            ([1.0, 2.0], [1.0, math.nan], "2 readers need a number under both systems, not 1"),
            ([1.0, 2.0], [1.0], "2 numbers cannot be paired with 1"),
        ],
    )
    def test_refuses_numbers_that_make_no_pair(self, a: list[float], b: list[float], says: str) -> None:
        with pytest.raises(NothingToCompareError, match=says):
            paired_interval(a, b, seed=0)

    @given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=20))
    def test_stays_between_the_smallest_and_the_largest_difference(self, pairs: list[tuple[float, float]]) -> None:
        a, b = zip(*pairs, strict=True)
        differences = [first - second for first, second in pairs]

        interval = paired_interval(a, b, seed=0, resamples=50)

        assert interval.low <= interval.high
        assert min(differences) - 1e-9 <= interval.low
        assert interval.high <= max(differences) + 1e-9

    @given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=20))
    def test_turns_round_when_the_systems_change_places(self, pairs: list[tuple[float, float]]) -> None:
        a, b = zip(*pairs, strict=True)

        one, other = paired_interval(a, b, seed=0, resamples=50), paired_interval(b, a, seed=0, resamples=50)

        assert (other.low, other.high) == pytest.approx((-one.high, -one.low), abs=1e-9)


class TestRelativeInterval:
    def test_estimates_the_change_of_the_mean_not_the_mean_of_changes(self) -> None:
        # Means 3 and 2: up by a half. The changes themselves, 3 / 1 - 1 and 3 / 3 - 1, have mean 1.
        assert relative_interval([3, 3], [1, 3], seed=0).estimate == pytest.approx(0.5)

    def test_draws_both_numbers_of_a_reader_together(self) -> None:
        # Every reader is up by exactly a tenth, so every draw is.
        interval = relative_interval([1.1, 11, 110], [1, 10, 100], seed=0)

        assert (interval.low, interval.high) == pytest.approx((0.1, 0.1))

    def test_agrees_with_scipy(self, pairs: Pairs) -> None:
        theirs = stats.bootstrap(
            pairs,
            lambda a, b, axis: a.mean(axis=axis) / b.mean(axis=axis) - 1,
            paired=True,
            n_resamples=5000,
            method="percentile",
            rng=np.random.default_rng(2),
        )

        ours = relative_interval(*pairs, seed=3, resamples=5000)

        tolerance = 0.2 * float(theirs.standard_error)
        assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=tolerance)
        assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=tolerance)

    def test_gives_the_same_interval_for_the_same_seed(self, pairs: Pairs) -> None:
        assert relative_interval(*pairs, seed=7) == relative_interval(*pairs, seed=7)

    @pytest.mark.parametrize("b", [[0, 0, 0], [-1, -2, -3], [0, 0, 6]])
    def test_refuses_a_base_that_is_not_above_zero_in_every_draw(self, b: list[float]) -> None:
        with pytest.raises(NothingToCompareError, match="mean above 0"):
            relative_interval([1, 2, 3], b, seed=0)
