"""Cold start: how popular a book is that a model does not know: as one as well known outside and as near in age."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from epicml.datasets.arrays import Float32s, Float64s, Int8s, Int32s, Int64s
from epicml.recommenders.popularity import BANDS, FADE_PER_BAND
from epicml.recommenders.rising_scores import RisingScores


def outside_popularity(counts: Int32s, age_bands: Int8s, *, seen_from: int) -> Float64s:
    """Estimate how well known books are outside, as seen from a band: (count + 1) / 2 for each band between.

    Args:
        counts: int32[n], >= 0, for example ratings anywhere.
        age_bands: int8[n], rank 0 (youngest) to 5 (adult).
        seen_from: the rank of the band.

    Returns:
        float64[n], > 0.

    >>> outside_popularity(np.array([999, 299]), np.array([0, 2]), seen_from=2).tolist()
    [250.0, 300.0]
    """
    faded = FADE_PER_BAND ** np.abs(np.arange(BANDS) - seen_from)
    return np.asarray((counts + 1.0) * faded[age_bands])


@dataclass(frozen=True, slots=True, eq=False)
class KnownBooks:
    """How well known the books of a model are outside, kept so that one book that changes costs no new ordering.

    Attributes:
        counts: int32 for each band, the counts of its books, rising.
    """

    counts: tuple[Int32s, ...]

    @classmethod
    def of(cls, counts: Int32s, age_bands: Int8s) -> Self:
        """Order these books.

        Args:
            counts: int32[n], >= 0, for example ratings anywhere.
            age_bands: int8[n], rank 0 (youngest) to 5 (adult).

        >>> KnownBooks.of(np.array([9, 5, 7]), np.array([1, 1, 0])).counts[1].tolist()
        [5, 9]
        """
        return cls(tuple(np.sort(counts[age_bands == band]) for band in range(BANDS)))

    def __len__(self) -> int:
        return sum(map(len, self.counts))

    def with_changed(self, went: tuple[Int32s, Int8s], came: tuple[Int32s, Int8s]) -> Self:
        """Take out the books that went and put in those that came, each as counts and age bands.

        Args:
            went: int32 counts and int8 age bands of books that are among these.
            came: the same of books that are not.
        """
        changed = list(self.counts)
        for band in np.unique(np.concatenate((went[1], came[1]))).tolist():
            old, new = np.sort(went[0][went[1] == band]), np.sort(came[0][came[1] == band])
            _, first, times = np.unique(old, return_index=True, return_counts=True)
            repeats = np.arange(len(old)) - np.repeat(first, times)  # of equal counts each goes once
            left = np.delete(changed[band], np.searchsorted(changed[band], old) + repeats)
            changed[band] = np.insert(left, np.searchsorted(left, new), new)
        return type(self)(tuple(changed))

    def estimate(self, outside: Float64s, *, seen_from: int, scores: Float32s | RisingScores) -> Float64s:
        """Estimate what other books score: those the model scores highest are held to be known best outside.

        Args:
            outside: float64[u], how well known the other books are, as seen from the band.
            seen_from: the rank of the band.
            scores: float32[n], n > 0, what the model scores its n books, rising.

        Returns:
            float64[u]: between two known books in proportion; beyond the ends what the ends score.

        >>> known = KnownBooks.of(np.array([9, 99]), np.array([2, 2]))
        >>> outside, scores = np.array([55.0, 1000.0]), np.array([.1, .5], np.float32)
        >>> known.estimate(outside, seen_from=2, scores=scores).round(3).tolist()
        [0.3, 0.5]
        """
        if not len(outside):
            return np.zeros(0)
        ranks = np.zeros(len(outside), np.int64)
        below, above = np.full(len(outside), -np.inf), np.full(len(outside), np.inf)
        for band, counts in enumerate(self.counts):
            if len(counts):
                known = outside_popularity(counts, np.full(len(counts), band), seen_from=seen_from)
                places = np.searchsorted(known, outside, side="right")
                ranks += places
                below = np.where(places > 0, np.maximum(below, known[places - 1]), below)
                at_most = np.minimum(places, len(known) - 1)
                above = np.where(places < len(known), np.minimum(above, known[at_most]), above)
        return _between(outside, ranks, below, above, scores)


def _between(
    outside: Float64s, ranks: Int64s, below: Float64s, above: Float64s, scores: Float32s | RisingScores
) -> Float64s:
    """Interpolate between the known books next to each; only these are needed of the line through all of them."""
    last = len(scores) - 1
    places = np.concatenate((np.maximum(ranks - 1, 0), np.minimum(ranks, last)))
    values = np.concatenate((np.where(ranks > 0, below, above), np.where(ranks <= last, above, below)))
    places, first = np.unique(places, return_index=True)
    return np.asarray(np.interp(outside, values[first], scores[places].astype(np.float64)))
