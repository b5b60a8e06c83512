"""Sequence kNN: books read shortly after or before each other are near each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from epicml.datasets.arrays import Float32s, Int32s, Int64s
from epicml.datasets.interactions import Interactions
from epicml.recommenders.item_knn import liking
from epicml.recommenders.neighbours import NeighbourRecommender, NeighbourTable, keep_largest
from epicml.recommenders.pairs import PAIRS_AT_ONCE, blocks, newest_liked
from epicml.recommenders.protocol import History

# Measured: how fast nearness fades with the books between, and how much readers of a pair discount.
FADE = 30.0
FARTHEST = 105  # exp(-105 / 30) = 3 %: farther pairs cost time and change nothing
SOURCE_POWER, TARGET_POWER = 0.4, 0.6
SHRINKAGE = 5.0
NEIGHBOURS = 100

Pairs = tuple[Int32s, Int32s, Float32s]


@dataclass(frozen=True, slots=True)
class SequenceKnn(NeighbourRecommender):
    """Score of i = sum over the liked books j of the history of recency(j) * nearness(j, i).

    Source: item-kNN on decayed co-occurrence within a history, as in Garg et al. 2019 (STAN) for sessions.
    """

    name: ClassVar[str] = "sequence"

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        *,
        fade: float = FADE,
        neighbours: int = NEIGHBOURS,
        at_once: int = PAIRS_AT_ONCE,
    ) -> Self:
        """Learn sum over readers of exp(-|place_i - place_j| / fade), over (n_j ** .4 * n_i ** .6 + 5).

        Args:
            interactions: the training facts; those of 4 stars and more count, the newest ones of each reader.
            fade: after how many books nearness has fallen to 37 %, > 0.
            neighbours: how many sources each book keeps, >= 1.
            at_once: how many pairs of books are held at the same time, >= 1.

        Raises:
            InvalidInteractionsError: no fact is positive.

        >>> facts = Interactions.from_rows(reader=[0, 0, 0], book=[0, 1, 2], value=[5] * 3, at=[1, 2, 3],
        ...                                n_readers=1, n_books=3)
        >>> SequenceKnn.fit(facts, fade=1).table.row(0).round(4)  # exp(-1) / 6 and exp(-2) / 6
        array([0.    , 0.0613, 0.0226], dtype=float32)
        """
        liked = newest_liked(interactions)
        readers = np.bincount(liked.book, minlength=liked.n_books)
        pairs = np.minimum(readers * (2 * FARTHEST), liked.n_books)
        facts = np.argsort(liked.book, kind="stable")
        starts = np.concatenate(([0], np.cumsum(readers)))
        nearest = []
        for rows in blocks(pairs, most=at_once):
            of_these, shape = facts[starts[rows.start] : starts[rows.stop]], (rows.stop - rows.start, liked.n_books)
            together = _summed(_pairs_by_distance(liked, of_these, fade, rows.start), at_once, shape)
            nearest.append(keep_largest(_scaled(together, rows, readers), per_row=neighbours))
        return cls(NeighbourTable.from_matrix(sparse.vstack(nearest, format="csr").T.tocsr()))

    def strengths(self, history: History) -> Float32s:
        """Return float32[m]: recency of the liked books."""
        return liking(history)


def _scaled(together: sparse.csr_array[np.float32], rows: slice, readers: Int64s) -> sparse.csr_array[np.float32]:
    """Read the hundreds, thousands and millions that follow a number, and what comes after "and"."""
    found = together.tocoo()
    row, source = found.coords
    target = row + rows.start
    apart = source != target
    scale = readers[source].astype(np.float64) ** SOURCE_POWER * readers[target].astype(np.float64) ** TARGET_POWER
    values = (found.data / (scale + SHRINKAGE)).astype(np.float32)[apart]
    return sparse.csr_array((values, (row[apart], source[apart])), shape=found.shape)


def _summed(pairs: Iterator[Pairs], at_once: int, shape: tuple[int, int]) -> sparse.csr_array[np.float32]:
    """Return float32[rows, n_books]: the nearness of each pair, summed over its readers."""
    total, waiting = _added([], shape), list[Pairs]()
    for found in pairs:
        waiting.append(found)
        if sum(len(target) for target, _, _ in waiting) > at_once:
            total, waiting = total + _added(waiting, shape), []
    return total + _added(waiting, shape)


def _added(pairs: list[Pairs], shape: tuple[int, int]) -> sparse.csr_array[np.float32]:
    none = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32))
    target, source, nearness = (np.concatenate(column) for column in zip(none, *pairs, strict=True))
    return sparse.csr_array((nearness, (target, source)), shape=shape)


def _pairs_by_distance(liked: Interactions, facts: Int64s, fade: float, first: int) -> Iterator[Pairs]:
    """Pair each fact with what stands so far from it: targets (counted from the first), sources, nearness."""
    for distance in range(1, FARTHEST + 1):
        after = facts[liked.from_oldest[facts] >= distance]
        before = facts[liked.from_newest[facts] >= distance]
        if not len(after) and not len(before):
            return
        target = np.concatenate((liked.book[after], liked.book[before])) - np.int32(first)
        source = np.concatenate((liked.book[after - distance], liked.book[before + distance]))
        yield target, source, np.full(len(target), np.exp(-distance / fade), np.float32)
