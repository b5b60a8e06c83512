"""One measure of two systems: their means, and how sure the difference is wherever that can be said.

The p-value is that of the sign test: `scipy.stats.permutation_test` takes some 400 times as long for 2,000 pairs.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from epicml.datasets.arrays import Float64s
from epicml.evaluation.report import Measure, Note, Unit
from epicml.stats.bootstrap import FEWEST_PAIRS, Interval, NothingToCompareError, paired_interval, relative_interval


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Two systems on the same cases.

    Attributes:
        value: mean of the new system over the cases that have both numbers; nan where none has.
        baseline: mean of the other one over the same cases.
        n: how many cases have both numbers.
        wins: in how many of them the new system has more.
        losses: in how many it has less.
        ties: in how many both have the same.
        p_value: of the two-sided sign test over wins and losses, in [0, 1]; 1 where all are ties.
        difference: value - baseline with its interval; None for under two cases.
        change: value / baseline - 1 with its interval; None where the baseline is at or near 0 in some draw.
    """

    value: float
    baseline: float
    n: int
    wins: int
    losses: int
    ties: int
    p_value: float
    difference: Interval | None
    change: Interval | None


def paired_difference(new: npt.ArrayLike, old: npt.ArrayLike, *, seed: int) -> PairedDifference:
    """Compare two systems case by case; what cannot be estimated is missing, never an error.

    Args:
        new: one number per case, of the new system; nan where it has none.
        old: the number of the same case under the other system.
        seed: of the bootstrap.

    Returns:
        Means, counts and intervals over the cases that have both numbers.

    Source: intervals as in `epicml.stats.bootstrap`; sign test Conover 1999, ch. 3.4.

    >>> found = paired_difference([3, 2, 1, 1], [1, 1, 1, 2], seed=0)
    >>> found.value, found.baseline, (found.wins, found.losses, found.ties), found.p_value
    (1.75, 1.25, (2, 1, 1), 1.0)
    """
    first, second = np.asarray(new, np.float64), np.asarray(old, np.float64)
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    wins, losses = int((first > second).sum()), int((first < second).sum())
    is_enough = len(first) >= FEWEST_PAIRS
    return PairedDifference(
        value=_mean(first),
        baseline=_mean(second),
        n=len(first),
        wins=wins,
        losses=losses,
        ties=len(first) - wins - losses,
        p_value=float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0,
        difference=paired_interval(first, second, seed=seed) if is_enough else None,
        change=relative_change(first, second, seed=seed) if is_enough else None,
    )


def compare(
    key: str,
    title: str,
    new: npt.ArrayLike,
    old: npt.ArrayLike | None,
    *,
    seed: int,
    against: str = "champion",
    unit: Unit = Unit.SCORE,
    note: str = "",
) -> Measure:
    """Measure two systems on the same cases.

    Args:
        key: short name that rules refer to.
        title: name for people.
        new: one number per case, of the new system; nan where it has none.
        old: the number of the same case under the other system; None where there is no other system.
        seed: of the bootstrap.
        against: name of the other system.
        unit: how the values are written.
        note: what is said where there is no other system.

    Returns:
        Both means over the cases that have both numbers (nan if none has), the relative change where the other system's
        mean is above 0 in every draw, and the difference where at least two cases can be compared.

    >>> measure = compare("saved", "Saved", [3, 2, 1], [0, 0, 0], seed=0)
    >>> measure.change, measure.difference.estimate, measure.note.value
    (None, 2.0, 'near_zero')
    >>> compare("saved", "Saved", [], None, seed=0).challenger
    nan
    """
    if old is None:
        first = np.asarray(new, np.float64)
        known = first[np.isfinite(first)]
        return Measure(key, title, _mean(known), against=against, unit=unit, n=len(known), note=note)
    found = paired_difference(new, old, seed=seed)
    if found.difference is None:
        note = Note.TOO_FEW
    elif found.change is None:
        note = Note.NEAR_ZERO
    return Measure(
        key,
        title,
        found.value,
        found.baseline,
        against,
        unit,
        change=found.change,
        difference=found.difference,
        n=found.n,
        note=note,
        wins=found.wins,
        losses=found.losses,
        ties=found.ties,
        p_value=found.p_value,
    )


def relative_change(new: npt.ArrayLike, old: npt.ArrayLike, *, seed: int) -> Interval | None:
    """Estimate the relative change with its interval; None where a base at or near 0 gives it no meaning.

    >>> relative_change([1, 2], [0, 1], seed=0) is None  # in a quarter of the draws the base is 0
    True
    """
    try:
        return relative_interval(new, old, seed=seed)
    except NothingToCompareError:
        return None


def counted(
    key: str, title: str, value: float, *, n: int, unit: Unit = Unit.COUNT, champion: float | None = None
) -> Measure:
    """Measure by counting, with no interval.

    Args:
        key: short name that rules refer to.
        title: name for people.
        value: what was counted.
        n: of how many.
        unit: how the value is written.
        champion: the same count for what is live; None where there is none.

    >>> counted("lost", "Books lost", 2, n=40).note.value
    'counted'
    """
    return Measure(key, title, value, champion, unit=unit, n=n, note=Note.COUNTED)


def _mean(values: Float64s) -> float:
    return float(values.mean()) if len(values) else float("nan")
