"""How sure a mean difference is, by drawing the same readers again and again with `scipy.stats.bootstrap`.

Percentile intervals, as earlier releases were decided by: on 2,000 readers BCa moves an end by 1 % of the width.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap

# Draws held in memory at once: 200 resamples of 20,000 readers are 32 MB. Another number draws other readers.
BATCH = 200
FEWEST_PAIRS = 2  # the bootstrap of one number is that number: an interval without width would look like certainty
Floats = npt.NDArray[np.float64]


class NothingToCompareError(ValueError):
    """Too few pairs of numbers are left to compare."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the range that the data leave open.

    Attributes:
        estimate: the value measured.
        low: lower end of the interval.
        high: upper end.
        level: share of such intervals that hold the true value, in (0, 1).
    """

    estimate: float
    low: float
    high: float
    level: float = 0.95

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of 0."""
        return self.low > 0 or self.high < 0


def paired_interval(
    a: npt.ArrayLike, b: npt.ArrayLike, *, seed: int, resamples: int = 2000, level: float = 0.95
) -> Interval:
    """The mean of a - b, with its bootstrap interval over pairs.

    Args:
        a: one number per reader; nan leaves the pair out.
        b: the number of the same reader under the other system.
        seed: of the draws; equal seeds give equal intervals.
        resamples: how many draws of all pairs, >= 2.
        level: share in (0, 1).

    Returns:
        The mean difference in the unit of a and b, with the percentile interval.

    Raises:
        NothingToCompareError: fewer than two pairs have two numbers.

    Source: Efron & Tibshirani 1993, ch. 13; for ranking measures Sakai 2006.

    >>> paired_interval([2, 2], [1, 1], seed=0)
    Interval(estimate=1.0, low=1.0, high=1.0, level=0.95)
    """
    first, second = _pairs(a, b)
    difference = first - second
    return _interval(float(difference.mean()), np.mean, (difference,), seed=seed, resamples=resamples, level=level)


def relative_interval(
    a: npt.ArrayLike, b: npt.ArrayLike, *, seed: int, resamples: int = 2000, level: float = 0.95
) -> Interval:
    """The mean of a as change against the mean of b: 0.03 is 3 % above, with its bootstrap interval over pairs.

    Args:
        a: one number per reader; nan leaves the pair out.
        b: the number of the same reader under the other system, with a mean above 0.
        seed: of the draws.
        resamples: how many draws of all pairs, >= 2.
        level: share in (0, 1).

    Returns:
        mean(a) / mean(b) - 1, with the percentile interval.

    Raises:
        NothingToCompareError: fewer than two pairs have two numbers, or b is on average 0 in some
            draw, or so near to it that the change is no number.

    >>> relative_interval([3, 3], [2, 2], seed=0)
    Interval(estimate=0.5, low=0.5, high=0.5, level=0.95)
    """
    first, second = _pairs(a, b)
    estimate = float(_change(first, second))
    return _interval(estimate, _change, (first, second), seed=seed, resamples=resamples, level=level)


def _pairs(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Floats, Floats]:
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if first.shape != second.shape:
        raise NothingToCompareError(f"{first.size} numbers cannot be paired with {second.size}.")
    known = np.isfinite(first) & np.isfinite(second)
    if known.sum() < FEWEST_PAIRS:
        raise NothingToCompareError(f"{FEWEST_PAIRS} readers need a number under both systems, not {known.sum()}.")
    return first[known], second[known]


def _change(first: Floats, second: Floats, axis: int = -1) -> Floats:
    """The relative change of the means; one draw in which it means nothing ends all of them."""
    base = second.mean(axis=axis)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        changes = np.asarray(first.mean(axis=axis) / base - 1)
    if not ((base > 0).all() and np.isfinite(changes).all()):
        raise NothingToCompareError("A relative change needs a mean above 0 to compare with.")
    return changes


def _interval(
    estimate: float,
    statistic: Callable[..., Any],
    columns: tuple[Floats, ...],
    *,
    seed: int,
    resamples: int,
    level: float,
) -> Interval:
    with np.errstate(over="ignore"):  # of the standard error, which is not used
        drawn = bootstrap(
            columns,
            statistic,
            paired=True,
            vectorized=True,
            n_resamples=resamples,
            batch=BATCH,
            confidence_level=level,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).bootstrap_distribution
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, float(low), float(high), level)
