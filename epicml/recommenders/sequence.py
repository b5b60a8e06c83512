"""Sequence: books read shortly after or before each other are near each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from epicml.datasets.arrays import Float32s, Int32s
from epicml.datasets.interactions import Interactions
from epicml.recommenders.item_knn import liking
from epicml.recommenders.neighbours import NeighbourRecommender, NeighbourTable, keep_largest
from epicml.recommenders.protocol import History

# Measured: how fast nearness fades with the books between, and how much readers of a pair discount.
FADE = 30.0
FARTHEST = 105  # exp(-105 / 30) = 3 %: farther pairs cost time and change nothing
SOURCE_POWER, TARGET_POWER = 0.4, 0.6
SHRINKAGE = 5.0
NEIGHBOURS = 100
# Pairs added up at once; bounds the memory of the fit to about 100 MB.
_PAIRS_AT_ONCE = 3_000_000


@dataclass(frozen=True, slots=True)
class Sequence(NeighbourRecommender):
    """Score of i = sum over the liked books j of the history of recency(j) * nearness(j, i).

    Source: item-kNN on decayed co-occurrence within a history, as in Garg et al. 2019 (STAN) for sessions.
    """

    name: ClassVar[str] = "sequence"

    @classmethod
    def fit(cls, interactions: Interactions, *, fade: float = FADE, neighbours: int = NEIGHBOURS) -> Self:
        """Learn sum over readers of exp(-|place_i - place_j| / fade), over (n_j ** .4 * n_i ** .6 + 5).

        Args:
            interactions: the training facts; those of 4 stars and more count, placed by time.
            fade: after how many books nearness has fallen to 37 %, > 0.
            neighbours: how many sources each book keeps, >= 1.

        Raises:
            InvalidInteractionsError: no fact is positive.

        >>> facts = Interactions.from_rows(reader=[0, 0, 0], book=[0, 1, 2], value=[5] * 3, at=[1, 2, 3],
        ...                                n_readers=1, n_books=3)
        >>> Sequence.fit(facts, fade=1).table.row(0).round(4)  # exp(-1) / 6 and exp(-2) / 6
        array([0.    , 0.0613, 0.0226], dtype=float32)
        """
        liked = interactions.positives()
        one_way = _sum_of_pairs(liked, fade)
        together = (one_way + one_way.T).tocoo()
        readers = np.bincount(liked.book, minlength=liked.n_books).astype(np.float64)
        source, target = together.coords
        apart = source != target
        scale = readers[source] ** SOURCE_POWER * readers[target] ** TARGET_POWER + SHRINKAGE
        values = (together.data / scale).astype(np.float32)[apart]
        by_target = sparse.csr_array((values, (target[apart], source[apart])), shape=together.shape)
        return cls(NeighbourTable.from_matrix(keep_largest(by_target, per_row=neighbours).T.tocsr()))

    def strengths(self, history: History) -> Float32s:
        """float32[m]: recency of the liked books."""
        return liking(history)


def _sum_of_pairs(liked: Interactions, fade: float) -> sparse.csr_array[np.float32]:
    """float32[n_books, n_books]: nearness of each ordered pair (earlier, later), summed over readers."""
    total: sparse.csr_array[np.float32] | None = None
    waiting: list[tuple[Int32s, Int32s, Float32s]] = []
    for pairs in _pairs_by_distance(liked, fade):
        waiting.append(pairs)
        if sum(len(earlier) for earlier, _, _ in waiting) > _PAIRS_AT_ONCE:
            total, waiting = _added(total, waiting, liked.n_books), []
    return _added(total, waiting, liked.n_books)


def _added(
    total: sparse.csr_array[np.float32] | None, pairs: list[tuple[Int32s, Int32s, Float32s]], n_books: int
) -> sparse.csr_array[np.float32]:
    none = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32))
    earlier, later, nearness = (np.concatenate(column) for column in zip(none, *pairs, strict=True))
    more = sparse.csr_array((nearness, (earlier, later)), shape=(n_books, n_books))
    return more if total is None else total + more


def _pairs_by_distance(liked: Interactions, fade: float) -> Iterator[tuple[Int32s, Int32s, Float32s]]:
    for distance in range(1, FARTHEST + 1):
        earlier = np.flatnonzero(liked.reader[distance:] == liked.reader[:-distance])
        if not len(earlier):
            return
        nearness = np.full(len(earlier), np.exp(-distance / fade), np.float32)
        yield liked.book[earlier], liked.book[earlier + distance], nearness
