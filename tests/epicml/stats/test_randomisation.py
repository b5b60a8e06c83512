"""The sign-flip test against every assignment of signs, written out and counted in whole numbers."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.stats.bootstrap import NothingToCompareError
from epicml.stats.randomisation import EXACT_UP_TO, sign_flip_p


def share_by_counting(tenths: list[int]) -> float:
    """The exact p of whole numbers, from the spread of all signed sums."""
    sums = Counter({0: 1})
    for size in tenths:
        signed: Counter[int] = Counter()
        for total, ways in sums.items():
            signed[total + size] += ways
            signed[total - size] += ways
        sums = signed
    as_far = sum(ways for total, ways in sums.items() if abs(total) >= abs(sum(tenths)))
    return float(as_far / 2 ** len(tenths))


class TestSignFlipP:
    @pytest.mark.parametrize(
        ("difference", "p"),
        [
            ([4.0], 1.0),  # +4 and -4 are equally far
            ([1.0, 1.0, 1.0, 1.0, 1.0], 2 / 32),  # all up or all down
            ([3.0, -1.0], 1.0),  # sums 2, 4, -4, -2
            ([1.0, 2.0, 3.0, -1.0], 6 / 16),  # 5 or more with all up or one of the two ones down; as many below
            ([1.0, 2.0, 4.0, 8.0, 16.0], 2 / 32),  # powers of two: every assignment has a sum of its own
            ([-1.0, 2.0, 4.0, 8.0, 16.0], 4 / 32),
            ([1.0, 2.0, 4.0, 8.0, -16.0], 1.0),
            ([0.0, 0.0], 1.0),
        ],
    )
    def test_counts_the_assignments_that_lie_as_far_from_zero(self, difference: list[float], p: float) -> None:
        assert sign_flip_p(difference, seed=0) == p

    @given(st.lists(st.integers(-9, 9), min_size=1, max_size=EXACT_UP_TO))
    def test_is_exact_for_a_few_readers(self, tenths: list[int]) -> None:
        # Tenths do not add up in floating point: 0.1 + 0.2 - 0.3 is not 0, and still every assignment is as far.
        assert sign_flip_p([size / 10 for size in tenths], seed=0) == share_by_counting(tenths)

    def test_counts_the_data_as_they_are_although_their_sum_is_rounded(self) -> None:
        assert sign_flip_p([0.4, -0.9, 0.7, -0.2], seed=0) == 1.0

    def test_comes_near_the_exact_share_for_many_readers(self) -> None:
        tenths = [5, -2, 7, 1, -4, 6, 3, -1, 2, 8, -6, 4, 3, -5, 9, 2]
        exact = share_by_counting(tenths)

        p = sign_flip_p([size / 10 for size in tenths], seed=1, draws=20_000)

        assert 0.01 < exact < 0.2
        assert p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 20_000))

    def test_is_never_zero_where_it_only_draws(self) -> None:
        assert sign_flip_p([1.0] * 60, seed=0, draws=999) == 1 / 1000

    @pytest.mark.parametrize("count", [EXACT_UP_TO, EXACT_UP_TO + 1])
    def test_depends_on_the_seed_only_where_it_draws(self, count: int) -> None:
        difference = np.random.default_rng(3).normal(0.3, 1, count)

        found = [sign_flip_p(difference, seed=seed) for seed in (1, 1, 2, 3)]

        assert found[0] == found[1]
        assert (len(set(found)) == 1) is (count == EXACT_UP_TO)

    def test_calls_no_difference_rare_more_often_than_it_is(self) -> None:
        random = np.random.default_rng(4)
        found = np.array([sign_flip_p(random.normal(0, 1, 20), seed=seed, draws=400) for seed in range(400)])

        # 400 trials of a share of 0.1 spread by 0.015.
        assert 0.055 <= (found <= 0.1).mean() <= 0.145
        assert 0.4 <= (found <= 0.5).mean() <= 0.6

    @given(st.lists(st.floats(-5, 5), min_size=1, max_size=8))
    def test_is_two_sided(self, difference: list[float]) -> None:
        assert sign_flip_p(difference, seed=0) == sign_flip_p([-one for one in difference], seed=0)

    def test_leaves_out_what_is_not_a_number(self) -> None:
        assert sign_flip_p([1.0, math.nan, 2.0, math.inf, 3.0], seed=0) == 0.25

    @pytest.mark.parametrize("difference", [[], [math.nan], [math.inf, math.nan]])
    def test_refuses_to_test_nothing(self, difference: list[float]) -> None:
        with pytest.raises(NothingToCompareError, match="no difference to test"):
            sign_flip_p(difference, seed=0)
