"""How sure a mean difference is, by drawing the same readers again and again."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Draws held in memory at once: 200 resamples of 20,000 readers are 32 MB.
_BLOCK = 200


class NothingToCompareError(ValueError):
    """No pair of numbers is left to compare."""


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
        resamples: how many draws of all pairs, >= 1.
        level: share in (0, 1).

    Returns:
        The mean difference in the unit of a and b, with the percentile interval.

    Raises:
        NothingToCompareError: no pair has two numbers.

    Source: Efron & Tibshirani 1993, ch. 13; for ranking measures Sakai 2006.

    >>> paired_interval([2, 2], [1, 1], seed=0)
    Interval(estimate=1.0, low=1.0, high=1.0, level=0.95)
    """
    first, second = _pairs(a, b)
    difference = first - second
    return _interval(float(difference.mean()), _means(np.stack([difference]), seed, resamples)[0], level)


def relative_interval(
    a: npt.ArrayLike, b: npt.ArrayLike, *, seed: int, resamples: int = 2000, level: float = 0.95
) -> Interval:
    """The mean of a as change against the mean of b: 0.03 is 3 % above, with its bootstrap interval over pairs.

    Args:
        a: one number per reader; nan leaves the pair out.
        b: the number of the same reader under the other system, with a mean above 0.
        seed: of the draws.
        resamples: how many draws of all pairs, >= 1.
        level: share in (0, 1).

    Returns:
        mean(a) / mean(b) - 1, with the percentile interval.

    Raises:
        NothingToCompareError: no pair has two numbers, or b is on average 0 in some draw, or so near to it that the
            change is no number.

    >>> relative_interval([3, 3], [2, 2], seed=0)
    Interval(estimate=0.5, low=0.5, high=0.5, level=0.95)
    """
    first, second = _pairs(a, b)
    drawn = _means(np.stack([first, second]), seed, resamples)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        changes = drawn[0] / drawn[1] - 1
        estimate = float(np.float64(first.mean()) / second.mean() - 1)
    if not (second.mean() > 0 and (drawn[1] > 0).all() and np.isfinite([estimate, *changes]).all()):
        raise NothingToCompareError("A relative change needs a mean above 0 to compare with.")
    return _interval(estimate, changes, level)


def _pairs(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if first.shape != second.shape:
        raise NothingToCompareError(f"{first.size} numbers cannot be paired with {second.size}.")
    known = np.isfinite(first) & np.isfinite(second)
    if not known.any():
        raise NothingToCompareError("No reader has a number under both systems.")
    return first[known], second[known]


def _means(columns: npt.NDArray[np.float64], seed: int, resamples: int) -> npt.NDArray[np.float64]:
    """float64[columns, resamples]: the means of the same draws of rows."""
    random, n = np.random.default_rng(seed), columns.shape[1]
    sizes = [min(_BLOCK, resamples - done) for done in range(0, resamples, _BLOCK)]
    draws = (random.integers(0, n, (size, n)) for size in sizes)
    return np.concatenate([columns[:, draw].mean(axis=2) for draw in draws], axis=1)


def _interval(estimate: float, drawn: npt.NDArray[np.float64], level: float) -> Interval:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, float(low), float(high), level)
