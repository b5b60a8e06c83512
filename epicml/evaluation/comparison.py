"""One measure of two systems: their means, and how sure the difference is wherever that can be said."""

import numpy as np
import numpy.typing as npt

from epicml.datasets.arrays import Float64s
from epicml.evaluation.report import Measure, Unit
from epicml.stats.bootstrap import Interval, NothingToCompareError, paired_interval, relative_interval

# The bootstrap of one number is that number: an interval without width would look like certainty.
FEWEST_PAIRS = 2


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
    """Measure two systems on the same cases; what cannot be estimated is missing from the measure, never an error.

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
    >>> measure.change, measure.difference.estimate, measure.note
    (None, 2.0, 'champion is at or near 0')
    >>> compare("saved", "Saved", [], None, seed=0).challenger
    nan
    """
    first = np.asarray(new, np.float64)
    if old is None:
        known = first[np.isfinite(first)]
        return Measure(key, title, _mean(known), against=against, unit=unit, n=len(known), note=note)
    first, second = _both_known(first, np.asarray(old, np.float64))
    difference = paired_interval(first, second, seed=seed) if len(first) >= FEWEST_PAIRS else None
    change = None if difference is None else relative_change(first, second, seed=seed)
    if difference is None:
        note = "too few to compare"
    elif change is None:
        note = f"{against} is at or near 0"
    return Measure(
        key, title, _mean(first), _mean(second), against, unit, change=change, difference=difference, n=len(first),
        note=note,
    )  # fmt: skip


def relative_change(new: npt.ArrayLike, old: npt.ArrayLike, *, seed: int) -> Interval | None:
    """The relative change with its interval; None where a base at or near 0 gives it no meaning.

    >>> relative_change([1, 2], [0, 1], seed=0) is None  # in a quarter of the draws the base is 0
    True
    """
    try:
        return relative_interval(new, old, seed=seed)
    except NothingToCompareError:
        return None


def _both_known(first: Float64s, second: Float64s) -> tuple[Float64s, Float64s]:
    both = np.isfinite(first) & np.isfinite(second)
    return first[both], second[both]


def _mean(values: Float64s) -> float:
    return float(values.mean()) if len(values) else float("nan")
