"""Resampling: `scipy.stats.bootstrap` beside numpy written out, at the sizes of our reports.

Both draw the same readers, so that their intervals agree to the last digits. BCa intervals and the permutation test
follow, for what they would cost and change.
"""

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from benchmarks.report import heading, row
from epicml.stats.bootstrap import BATCH, Interval, paired_interval, relative_interval

SIZES: Final = {"a slice of 40 readers": 40, "200 titles typed": 200, "2,000 readers": 2000}
DRAWS: Final = 2000
SEED: Final = 20261124
ROUNDS: Final = 15
SLOWEST: Final = 1.2  # times numpy, where the time is spent: with fewer pairs it is a few milliseconds
MANY: Final = 2000
Floats = npt.NDArray[np.float64]


def main() -> None:
    """Compare results and speed, alternating."""
    heading(f"Resampling: {DRAWS:,} draws, paired")
    for name, n in SIZES.items():
        _compare(name, *_pairs(n))


def _pairs(n: int) -> tuple[Floats, Floats]:
    """Scores of two rankings as NDCG has them: many zeros, and pairs that go together."""
    random = np.random.default_rng(SEED)
    first = np.where(random.random(n) < 0.6, 0, random.random(n))
    return first, np.where(random.random(n) < 0.8, first, random.random(n) * (random.random(n) < 0.4))


def _compare(name: str, new: Floats, old: Floats) -> None:
    print(f"  {name}", flush=True)
    for what, interval, statistic in (
        ("difference", paired_interval, _difference),
        ("relative change", relative_interval, _change),
    ):
        (fast, found), (plain, expected) = _timed(
            partial(_by_scipy, new, old, interval), partial(_by_numpy, new, old, statistic)
        )
        apart = float(np.abs(np.subtract(found, expected)).max())
        row(
            f"    {what}, scipy.stats.bootstrap",
            f"{fast * 1000:.1f} ms",
            compared_with=f"{fast / plain:.2f} of numpy, ends {apart:.0e} apart",
            target=f"under {SLOWEST} of numpy" if len(new) >= MANY else "",
            met=fast / plain < SLOWEST if len(new) >= MANY else None,
        )
    (bca, ends), (sign, p_sign), (flips, p_flips) = _timed(
        lambda: _bca(new, old), lambda: _sign_test(new, old), lambda: _permutation_test(new, old)
    )
    moved = np.abs(np.subtract(ends, _by_scipy(new, old, paired_interval))).max() / (ends[1] - ends[0])
    row("    difference, BCa", f"{bca * 1000:.1f} ms", compared_with=f"an end moves by {moved:.1%} of the width")
    row("    p-value by permutation_test", f"{flips * 1000:.0f} ms", compared_with=f"p {p_flips:.3f}")
    row(
        "    p-value by the sign test",
        f"{sign * 1000:.1f} ms",
        compared_with=f"p {p_sign:.3f}, {flips / sign:,.0f} times as fast",
    )


def _timed(*calls: Callable[[], Any]) -> list[tuple[float, Any]]:
    """The best time of each call and what it gives; the calls alternate, for the machine is not idle."""
    best = [(float("inf"), None)] * len(calls)
    for _ in range(ROUNDS):
        for place, call in enumerate(calls):
            started = perf_counter()
            found = call()
            best[place] = (min(best[place][0], perf_counter() - started), found)
    return best


def _by_scipy(new: Floats, old: Floats, interval: Callable[..., Interval]) -> tuple[float, float]:
    found = interval(new, old, seed=SEED, resamples=DRAWS)
    return found.low, found.high


def _difference(first: Floats, second: Floats, axis: int = -1) -> Floats:
    return np.asarray(first.mean(axis=axis) - second.mean(axis=axis))


def _change(first: Floats, second: Floats) -> Floats:
    return np.asarray(first.mean(axis=-1) / second.mean(axis=-1) - 1)


def _by_numpy(new: Floats, old: Floats, statistic: Callable[[Floats, Floats], Floats]) -> Floats:
    random = np.random.default_rng(SEED)
    draws = (random.integers(0, len(new), (BATCH, len(new))) for _ in range(DRAWS // BATCH))
    drawn = np.concatenate([statistic(new[draw], old[draw]) for draw in draws])
    return np.asarray(np.quantile(drawn, [0.025, 0.975]))


def _bca(new: Floats, old: Floats) -> tuple[float, float]:
    found = stats.bootstrap(
        (new - old,), np.mean, n_resamples=DRAWS, batch=BATCH, method="BCa", rng=np.random.default_rng(SEED)
    ).confidence_interval
    return float(found.low), float(found.high)


def _sign_test(new: Floats, old: Floats) -> float:
    wins, losses = int((new > old).sum()), int((new < old).sum())
    return float(stats.binomtest(wins, wins + losses).pvalue)


def _permutation_test(new: Floats, old: Floats) -> float:
    found = stats.permutation_test(
        (new, old),
        _difference,
        permutation_type="samples",
        vectorized=True,
        n_resamples=DRAWS,
        batch=BATCH,
        rng=np.random.default_rng(SEED),
    )
    return float(found.pvalue)


if __name__ == "__main__":
    main()
