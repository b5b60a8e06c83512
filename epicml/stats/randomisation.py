"""Whether a difference could be chance: what if each reader's two numbers had swapped places?"""

import numpy as np
import numpy.typing as npt

from epicml.stats.bootstrap import NothingToCompareError

# Up to here every assignment of signs is tried and p is exact.
EXACT_UP_TO = 12
_BLOCK = 500
# Sums of the same numbers in another order differ by this share of their sizes; they count as equally far from 0.
_ROUNDING = 1e-12


def sign_flip_p(difference: npt.ArrayLike, *, seed: int, draws: int = 10_000) -> float:
    """Two-sided p of the mean difference, under random signs.

    Args:
        difference: one number per reader; nan is left out.
        seed: of the draws, where there are too many assignments to try all.
        draws: how many random assignments, >= 1.

    Returns:
        The share of assignments whose mean is at least as far from 0; exact up to 12 readers, else (hits + 1) /
        (draws + 1), never 0.

    Raises:
        NothingToCompareError: no number is left.

    Source: Fisher 1935; Smucker, Allan & Carterette 2007 for ranking measures.

    >>> sign_flip_p([1.0, 2.0, 3.0], seed=0)
    0.25
    """
    values = np.asarray(difference, np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        raise NothingToCompareError("There is no difference to test.")
    bar = abs(values.sum()) - _ROUNDING * np.abs(values).sum()
    if len(values) <= EXACT_UP_TO:
        return float((np.abs(_all_signs(len(values)) @ values) >= bar).mean())
    random = np.random.default_rng(seed)
    sizes = [min(_BLOCK, draws - done) for done in range(0, draws, _BLOCK)]
    hits = sum(_hits(random, values, bar, size) for size in sizes)
    return (hits + 1) / (draws + 1)


def _hits(random: np.random.Generator, values: npt.NDArray[np.float64], bar: float, size: int) -> int:
    signs = random.integers(0, 2, (size, len(values)), dtype=np.int8) * 2 - 1
    return int((np.abs(signs @ values) >= bar).sum())


def _all_signs(n: int) -> npt.NDArray[np.float64]:
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return (bits * 2 - 1).astype(np.float64)
