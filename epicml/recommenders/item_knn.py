"""Item-kNN: books liked by the same readers are near each other."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from epicml.datasets.arrays import Float32s, Int32s
from epicml.datasets.interactions import POSITIVE_FROM, Interactions
from epicml.recommenders.neighbours import NeighbourRecommender, NeighbourTable, keep_largest
from epicml.recommenders.pairs import PAIRS_AT_ONCE, blocks, newest_liked
from epicml.recommenders.protocol import History

# Measured: pulls pairs seen by few readers towards 0; 300 neighbours lose nothing against all.
SHRINKAGE = 5.0
NEIGHBOURS = 300


@dataclass(frozen=True, slots=True)
class ItemKnn(NeighbourRecommender):
    """Score of i = sum over the liked books j of the history of recency(j) * similarity(j, i).

    Source: Deshpande & Karypis 2004, "Item-based top-N recommendation algorithms", with shrinkage.
    """

    name: ClassVar[str] = "item_knn"

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        *,
        neighbours: int = NEIGHBOURS,
        shrinkage: float = SHRINKAGE,
        at_once: int = PAIRS_AT_ONCE,
    ) -> Self:
        """Learn C_ij / (sqrt(n_i * n_j) + shrinkage), C_ij = readers who liked both, n_i = readers who liked i.

        Args:
            interactions: the training facts; those of 4 stars and more count, the newest ones of each reader.
            neighbours: how many sources each book keeps, >= 1.
            shrinkage: added to the denominator, >= 0.
            at_once: how many pairs of books are held at the same time, >= 1.

        Raises:
            InvalidInteractionsError: no fact is positive.

        >>> facts = Interactions.from_rows(reader=[0, 0, 1, 1], book=[0, 1, 0, 2], value=[5] * 4, at=[1, 2, 1, 2],
        ...                                n_readers=2, n_books=3)
        >>> ItemKnn.fit(facts, shrinkage=0).table.row(0).round(4)
        array([0.    , 0.7071, 0.7071], dtype=float32)
        """
        liked = newest_liked(interactions).matrix()
        by_book = liked.T.tocsr()
        readers = np.diff(by_book.indptr)
        pairs = np.minimum(by_book @ np.diff(liked.indptr), liked.shape[1])
        nearest = [
            keep_largest(_similarity(by_book[rows] @ liked, rows, readers, shrinkage), per_row=neighbours)
            for rows in blocks(pairs, most=at_once)
        ]
        # Thinned by target, then turned so that a row holds the neighbours of one read book.
        return cls(NeighbourTable.from_matrix(sparse.vstack(nearest, format="csr").T.tocsr()))

    def strengths(self, history: History) -> Float32s:
        """Return float32[m]: recency of the liked books."""
        return liking(history)


def _similarity(
    together: sparse.csr_array[np.float32], rows: slice, readers: Int32s, shrinkage: float
) -> sparse.csr_array[np.float32]:
    """Return float32[rows, n_books]: similarity of some books to all, from how many readers liked both."""
    found = together.tocoo()
    row, column = found.coords
    apart = row + rows.start != column
    scale = np.sqrt(readers[row + rows.start].astype(np.float64) * readers[column]) + shrinkage
    values = (found.data / scale).astype(np.float32)[apart]
    return sparse.csr_array((values, (row[apart], column[apart])), shape=found.shape)


def liking(history: History) -> Float32s:
    """Return float32[m]: recency of each book that was liked, 0 for the others.

    Args:
        history: m books, newest first.

    >>> liking(History(np.array([3, 4], np.int32), np.array([2, 5], np.float32))).round(4)
    array([0.    , 0.5743], dtype=float32)
    """
    return np.where(history.values >= POSITIVE_FROM, history.recency(), 0).astype(np.float32)
