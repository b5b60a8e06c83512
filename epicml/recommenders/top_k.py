"""The best few of many scores, the same on every machine."""

import numpy as np

from epicml.datasets.arrays import Bools, Float32s, Int32s


def top_k(scores: Float32s, *, eligible: Bools, k: int) -> Int32s:
    """Pick the eligible rows with the highest scores above 0, best first; equal scores by row.

    Candidates are masked before they are ranked, so that the list is full although most books may be forbidden.
    Ties are broken by row and not by `argpartition`, whose choice among equals differs between processors.

    Args:
        scores: float32[n]; rows at or below 0 are left out.
        eligible: bool[n].
        k: at most how many, >= 0.

    Returns:
        int32, at most k rows.

    >>> top_k(np.array([.5, .9, .9, 0, .7], np.float32), eligible=np.array([1, 1, 1, 1, 0], bool), k=2).tolist()
    [1, 2]
    """
    candidates = np.flatnonzero((scores > 0) & eligible)
    values = scores[candidates]
    if len(candidates) > k > 0:
        bar = np.partition(values, len(values) - k)[len(values) - k]
        candidates = candidates[values >= bar]
        values = scores[candidates]
    order = np.argsort(-values, kind="stable")[:k]
    return candidates[order].astype(np.int32)
