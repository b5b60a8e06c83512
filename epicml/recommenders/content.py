"""Content-based: the next book of a series, other books by an author. Works for books that nobody has read yet."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from epicml.datasets.arrays import Float32s, Float64s, Int32s, Int64s
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ABSENT
from epicml.recommenders.neighbours import NeighbourRecommender, NeighbourTable
from epicml.recommenders.protocol import History

# What a book counts for by its stars: a series goes on even after a lukewarm volume.
SERIES_STRENGTH = ((4.0, 1.0), (3.0, 0.5), (0.0, 0.1))
AUTHOR_STRENGTH = ((5.0, 1.2), (4.0, 1.0), (3.0, 0.4))
# The next volume is at most this far on: 2.5 after 2, 3 after 2, not 4 after 2.
NEXT_WITHIN = 1.0
# An author of more books than this ("Various", "Anonymous") is no reason, and so many pairs would fill the memory.
LARGEST_GROUP = 200
# So many editions of the next number are linked: no more can be offered.
MOST_EDITIONS = 50


@dataclass(frozen=True, slots=True)
class NextInSeries(NeighbourRecommender):
    """Score of i = sum over the books j of which i is the next volume, by how recent and how liked j is."""

    name: ClassVar[str] = "series"

    @classmethod
    def fit(cls, features: BookFeatures, *, likes: Float64s) -> Self:
        """Link each volume to those at most one number on.

        Args:
            features: series and numbers of the books.
            likes: float64[n_books], >= 0; breaks ties between neighbours.

        >>> features = BookFeatures.of(age_band=np.zeros(3, np.int8), series=np.array([0, 0, 0], np.int32),
        ...                            series_number=np.array([1, 2, 3], np.float32))
        >>> NextInSeries.fit(features, likes=np.zeros(3)).table.row(0).tolist()
        [0.0, 1.0, 0.0]
        """
        numbered = np.where(np.isnan(features.series_number), ABSENT, features.series)
        pairs = [_following(volumes, features.series_number[volumes]) for volumes in _groups(numbered)]
        return cls(_table(pairs, likes))

    def strengths(self, history: History) -> Float32s:
        """Return float32[m]: recency, times 1 for a liked book, less for a lukewarm one."""
        return _by_stars(history, SERIES_STRENGTH)


@dataclass(frozen=True, slots=True)
class SameAuthor(NeighbourRecommender):
    """Score of i = sum over the books j by the same first author, by how recent and how liked j is."""

    name: ClassVar[str] = "author"

    @classmethod
    def fit(cls, features: BookFeatures, *, likes: Float64s) -> Self:
        """Link the books of each author, the liked ones a little more.

        Args:
            features: first authors of the books.
            likes: float64[n_books], >= 0; breaks ties between neighbours.

        >>> features = BookFeatures.of(age_band=np.zeros(3, np.int8), author=np.array([7, 8, 7], np.int32))
        >>> SameAuthor.fit(features, likes=np.zeros(3)).table.row(0).tolist()
        [0.0, 0.0, 1.0]
        """
        members = [found for found in _groups(features.author) if len(found) <= LARGEST_GROUP]
        return cls(_table([(np.repeat(found, len(found)), np.tile(found, len(found))) for found in members], likes))

    def strengths(self, history: History) -> Float32s:
        """Return float32[m]: recency, times 1.2 for five stars, 1 for four, .4 for three."""
        return _by_stars(history, AUTHOR_STRENGTH)


def _by_stars(history: History, steps: tuple[tuple[float, float], ...]) -> Float32s:
    stars = [history.values >= least for least, _ in steps]
    return (np.select(stars, [strength for _, strength in steps], 0.0) * history.recency()).astype(np.float32)


def _following(volumes: Int64s, numbers: Float32s) -> tuple[Int64s, Int64s]:
    """Pair each volume of a series with those that come next."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    first = np.searchsorted(ordered, ordered, side="right")
    end = np.minimum(np.searchsorted(ordered, ordered + np.float32(NEXT_WITHIN), side="right"), first + MOST_EDITIONS)
    lengths = end - first
    place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(first, lengths)
    return volumes[order].repeat(lengths), volumes[order][place]


def _groups(group: Int32s) -> list[Int64s]:
    """Split the rows into groups; those of group -1 are in none."""
    order = np.argsort(group, kind="stable")
    order = order[group[order] >= 0]
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    return np.split(order, starts[1:]) if len(order) else []


def _table(pairs: list[tuple[Int64s, Int64s]], likes: Float64s) -> NeighbourTable:
    """Weigh every pair of two books 1, and up to 1 % more for the most liked target."""
    none = np.zeros(0, np.int64)
    source, target = (np.concatenate(column) for column in zip((none, none), *pairs, strict=True))
    source, target = source[source != target], target[source != target]
    weights = 1 + 0.01 * likes[target] / (likes.max() + 1)
    shape = (len(likes), len(likes))
    return NeighbourTable.from_matrix(sparse.csr_array((weights.astype(np.float32), (source, target)), shape=shape))
