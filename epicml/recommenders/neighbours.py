"""A sparse table "who reads j, reads i": the shape that item-kNN, sequence kNN and content share once fitted."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from epicml.datasets.arrays import Float32s, Int32s, Int64s, NamedArrays
from epicml.datasets.id_map import ABSENT
from epicml.recommenders.protocol import History, InvalidModelError


@dataclass(frozen=True, slots=True)
class NeighbourTable:
    """Row j holds the neighbours of book j: who read j is recommended these, by their weights.

    Attributes:
        starts: int64[n_books + 1], row j is the slice starts[j] to starts[j + 1] of the two others.
        books: int32[stored], the neighbours, rising inside a row.
        weights: float32[stored].
    """

    starts: Int64s
    books: Int32s
    weights: Float32s

    @classmethod
    def from_matrix(cls, matrix: sparse.csr_array[np.float32]) -> Self:
        """Make the table of a matrix [from, to].

        Args:
            matrix: float32[n_books, n_books], how near the book of a column is to that of the row.
        """
        matrix.sum_duplicates()
        return cls(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32))

    @property
    def n_books(self) -> int:
        """How many books it has rows for."""
        return len(self.starts) - 1

    def weighted_neighbours(self, sources: Int32s, strengths: Float32s) -> "NeighbourScores":
        """Find every stored neighbour of the sources, times the strength of its source.

        Args:
            sources: int32[m], rows of books.
            strengths: float32[m], >= 0; a source of strength 0 is passed over.

        >>> table = NeighbourTable.from_matrix(sparse.csr_array(np.array([[0, 2], [3, 0]], np.float32)))
        >>> found = table.weighted_neighbours(np.array([0, 1], np.int32), np.array([1, .5], np.float32))
        >>> found.scores.tolist(), found.contributions(np.array([0], np.int32)).tolist()
        ([1.5, 2.0], [[0.0, 1.5]])
        """
        counting = np.flatnonzero(strengths)
        begin = self.starts[sources[counting]]
        lengths = self.starts[sources[counting] + 1] - begin
        owners = np.repeat(counting, lengths)
        shift = np.repeat(begin - (np.cumsum(lengths) - lengths), lengths)
        places = np.arange(len(owners)) + shift
        return NeighbourScores(
            self.n_books, len(sources), self.books[places], owners, self.weights[places] * strengths[owners]
        )

    def row(self, book: int) -> Float32s:
        """Return float32[n_books]: the weights of one row."""
        dense = np.zeros(self.n_books, np.float32)
        stored = slice(int(self.starts[book]), int(self.starts[book + 1]))
        dense[self.books[stored]] = self.weights[stored]
        return dense

    def arrays(self) -> NamedArrays:
        """Return the table as named arrays."""
        return {"starts": self.starts, "books": self.books, "weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: NamedArrays) -> Self:
        """Restore the table that gave these arrays.

        Raises:
            InvalidModelError: an array is missing or they do not fit each other.
        """
        try:
            table = cls(
                arrays["starts"].astype(np.int64, copy=False),
                arrays["books"].astype(np.int32, copy=False),
                arrays["weights"].astype(np.float32, copy=False),
            )
        except KeyError as error:
            raise InvalidModelError(f"A neighbour table lacks its array {error}.") from error
        table.check()
        return table

    def check(self) -> None:
        """Refuse a table that would read outside its arrays.

        Raises:
            InvalidModelError: starts do not rise to the number of entries, or a neighbour is no book.
        """
        if not len(self.starts) or self.starts[0] != 0 or (np.diff(self.starts) < 0).any():
            raise InvalidModelError("The rows of a neighbour table do not start at 0 and rise.")
        if not self.starts[-1] == len(self.books) == len(self.weights):
            raise InvalidModelError(f"A neighbour table has {len(self.books)} books and {len(self.weights)} weights.")
        if len(self.books) and not (self.books.min() >= 0 and self.books.max() < self.n_books):
            raise InvalidModelError("A neighbour table names a book that it does not have.")
        if not np.isfinite(self.weights).all():
            raise InvalidModelError("A neighbour table holds a weight that is not a finite number.")


@dataclass(frozen=True)
class NeighbourScores:
    """The scores of the neighbours of a history: sums over its books, and their summands.

    Attributes:
        n_books: how many books are scored.
        m: how many books the history has.
        books: int32[summands], the book to whose score each is added.
        owners: int64[summands], the place in the history of the book that it comes from, in [0, m).
        summands: float32[summands].
    """

    n_books: int
    m: int
    books: Int32s
    owners: Int64s
    summands: Float32s

    @cached_property
    def scores(self) -> Float32s:
        """float32[n_books]: the sum of the summands of each book."""
        return np.bincount(self.books, self.summands, self.n_books).astype(np.float32)

    def contributions(self, targets: Int32s) -> Float32s:
        """Return float32[len(targets), m]: exact, each row sums to the target's score.

        Args:
            targets: int32, rows of books, each once.
        """
        row = np.full(self.n_books, ABSENT, np.int32)
        row[targets] = np.arange(len(targets))
        rows = row[self.books]
        hit = np.flatnonzero(rows != ABSENT)
        found = np.zeros((len(targets), self.m), np.float32)
        found[rows[hit], self.owners[hit]] = self.summands[hit]
        return found


@dataclass(frozen=True, slots=True)
class NeighbourRecommender(ABC):
    """Score of i = sum over the books j of the history of strength(j) * weight(j, i).

    The table is fixed at the fit, the history is of now: what was read a second ago already counts.
    """

    table: NeighbourTable
    name: ClassVar[str]

    @abstractmethod
    def strengths(self, history: History) -> Float32s:
        """Return float32[m]: what each book of the history counts for, >= 0."""

    def score(self, history: History) -> NeighbourScores:
        """Find the neighbours of the history, with what each read book adds.

        Args:
            history: m books, newest first.
        """
        return self.table.weighted_neighbours(history.books, self.strengths(history))

    def arrays(self) -> NamedArrays:
        """Return the neighbour table."""
        return self.table.arrays()

    @classmethod
    def from_arrays(cls, arrays: NamedArrays) -> Self:
        """Restore the model that gave these arrays.

        Raises:
            InvalidModelError: they are no neighbour table.
        """
        return cls(NeighbourTable.from_arrays(arrays))


def keep_largest(matrix: sparse.csr_array[np.float32], *, per_row: int) -> sparse.csr_array[np.float32]:
    """Keep the entries of largest magnitude of each row; among equals those with the lower column.

    Args:
        matrix: float32[rows, columns], sorted indices.
        per_row: how many entries a row keeps, >= 1.

    Returns:
        The thinned matrix, same shape.

    >>> keep_largest(sparse.csr_array(np.array([[1, -3, 2]], np.float32)), per_row=2).toarray().tolist()
    [[0.0, -3.0, 2.0]]
    """
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -np.abs(matrix.data), rows))
    rank = np.arange(len(rows)) - matrix.indptr[rows]
    kept = np.sort(order[rank < per_row])
    starts = np.concatenate(([0], np.cumsum(np.bincount(rows[kept], minlength=matrix.shape[0]))))
    return sparse.csr_array((matrix.data[kept], matrix.indices[kept], starts), shape=matrix.shape)
