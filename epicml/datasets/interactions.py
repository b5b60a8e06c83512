"""What readers did with books, as parallel arrays: the one input of training and evaluation."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from epicml.datasets.arrays import Bools, Float32s, Int32s, Int64s, NamedArrays

# A rating from here on says that the reader liked the book (notes: "positive = rating >= 4").
POSITIVE_FROM = 4.0


class InvalidInteractionsError(ValueError):
    """Rows that cannot be interactions: of unequal length, out of range, not a number, or none at all."""


@dataclass(frozen=True)
class Interactions:
    """Facts "reader took book with this strength at this time", sorted by reader, then time; ties keep their order.

    Attributes:
        reader: int32[n], rows of readers in [0, n_readers).
        book: int32[n], rows of books in [0, n_books).
        value: float32[n], strength in rating stars, 1 to 5.
        at: int64[n], seconds since 1970 UTC.
        n_readers: how many readers there are, those without a fact included.
        n_books: how many books there are, those without a fact included.
    """

    reader: Int32s
    book: Int32s
    value: Float32s
    at: Int64s
    n_readers: int
    n_books: int

    @classmethod
    def from_rows(
        cls,
        *,
        reader: npt.ArrayLike,
        book: npt.ArrayLike,
        value: npt.ArrayLike,
        at: npt.ArrayLike,
        n_readers: int,
        n_books: int,
    ) -> "Interactions":
        """Sort and check rows that come in any order.

        Args:
            reader: n rows of readers.
            book: n rows of books.
            value: n strengths, in stars.
            at: n times, in seconds.
            n_readers: the number of known readers, >= 1.
            n_books: the number of known books, >= 1.

        Returns:
            The same facts by reader and time; facts of one reader at one time stay in the order given.

        Raises:
            InvalidInteractionsError: no rows, unequal lengths, a row outside the counts, or a value that is not finite.

        >>> facts = Interactions.from_rows(reader=[1, 0, 1], book=[2, 0, 1], value=[5, 4, 3], at=[9, 1, 8],
        ...                                n_readers=2, n_books=3)
        >>> facts.reader.tolist(), facts.book.tolist()
        ([0, 1, 1], [0, 1, 2])
        """
        readers, times = np.asarray(reader, np.int64), np.asarray(at, np.int64)
        books, values = np.asarray(book, np.int64), np.asarray(value, np.float32)
        _refuse_misshapen(readers, books, values, times)
        _refuse_out_of_range("reader", readers, n_readers)
        _refuse_out_of_range("book", books, n_books)
        if not np.isfinite(values).all():
            raise InvalidInteractionsError(f"{int((~np.isfinite(values)).sum())} values are not finite numbers.")
        order = np.lexsort((times, readers))
        rows = readers[order].astype(np.int32), books[order].astype(np.int32)
        return cls(*rows, values[order], times[order], n_readers, n_books)

    @classmethod
    def joined(cls, parts: list["Interactions"], *, n_readers: int, n_books: int) -> "Interactions":
        """Put together the facts of different readers, in bounded memory.

        Args:
            parts: facts in the order of their readers; each part is given up, and the list empty, as soon as it is
                copied, so that not everything is in memory twice.
            n_readers: the number of readers of all parts together.
            n_books: the number of books, the same in each part.

        >>> parts = [Interactions.from_rows(reader=[row], book=[0], value=[5], at=[9], n_readers=2, n_books=1)
        ...          for row in (0, 1)]
        >>> Interactions.joined(parts, n_readers=2, n_books=1).reader.tolist(), parts
        ([0, 1], [])
        """
        rows = sum(map(len, parts))
        whole = cls(
            np.empty(rows, np.int32),
            np.empty(rows, np.int32),
            np.empty(rows, np.float32),
            np.empty(rows, np.int64),
            n_readers,
            n_books,
        )
        start = 0
        parts.reverse()
        while parts:
            part = parts.pop()
            place = slice(start, start + len(part))
            whole.reader[place], whole.book[place] = part.reader, part.book
            whole.value[place], whole.at[place] = part.value, part.at
            start = place.stop
        return whole

    def arrays(self) -> NamedArrays:
        """Return the columns by name, as `from_arrays` needs them."""
        return {"reader": self.reader, "book": self.book, "value": self.value, "at": self.at}

    @classmethod
    def from_arrays(cls, arrays: NamedArrays, *, n_readers: int, n_books: int) -> "Interactions":
        """Restore the facts that gave these columns; they are taken as sorted and sound.

        Args:
            arrays: the columns, as `arrays` gives them.
            n_readers: how many readers there are, >= 1.
            n_books: how many books there are, >= 1.
        """
        return cls(
            reader=arrays["reader"].astype(np.int32, copy=False),
            book=arrays["book"].astype(np.int32, copy=False),
            value=arrays["value"].astype(np.float32, copy=False),
            at=arrays["at"].astype(np.int64, copy=False),
            n_readers=n_readers,
            n_books=n_books,
        )

    def __len__(self) -> int:
        return len(self.reader)

    @cached_property
    def starts(self) -> Int64s:
        """int64[n_readers + 1]: the facts of reader r are those from starts[r] up to starts[r + 1]."""
        return np.searchsorted(self.reader, np.arange(self.n_readers + 1)).astype(np.int64)

    @cached_property
    def from_oldest(self) -> Int32s:
        """int32[n]: the place of each fact in its reader's history, 0 = oldest."""
        return (np.arange(len(self)) - self.starts[self.reader]).astype(np.int32)

    @cached_property
    def from_newest(self) -> Int32s:
        """int32[n]: the age of each fact in its reader's history, 0 = newest."""
        return (self.starts[self.reader + 1] - 1 - np.arange(len(self))).astype(np.int32)

    def of_reader(self, reader: int) -> slice:
        """Return the slice of the arrays that holds this reader's facts, oldest first."""
        return slice(int(self.starts[reader]), int(self.starts[reader + 1]))

    def where(self, keep: Bools) -> "Interactions":
        """Keep the facts marked True, with the same readers and books.

        Args:
            keep: bool[n].

        Raises:
            InvalidInteractionsError: none is marked.
        """
        if not keep.any():
            raise InvalidInteractionsError("No interaction is left: nothing can be learned from an empty matrix.")
        return Interactions(
            self.reader[keep], self.book[keep], self.value[keep], self.at[keep], self.n_readers, self.n_books
        )

    def positives(self, *, threshold: float = POSITIVE_FROM) -> "Interactions":
        """Keep the facts with at least this many stars.

        Args:
            threshold: stars, 1 to 5.

        Raises:
            InvalidInteractionsError: there is none.
        """
        return self.where(self.value >= threshold)

    def matrix(self) -> sparse.csr_array[np.float32]:
        """Return float32[n_readers, n_books]: 1 where the reader has any fact on the book, however many."""
        ones = np.ones(len(self), np.float32)
        made = sparse.csr_array((ones, (self.reader, self.book)), shape=(self.n_readers, self.n_books))
        made.sum_duplicates()
        made.data[:] = 1
        return made

    def sha256(self) -> str:
        """Return the fingerprint of these facts: equal rows, equal text, in whatever order they were read.

        >>> one = Interactions.from_rows(reader=[0, 1], book=[1, 0], value=[5, 4], at=[1, 2], n_readers=2, n_books=2)
        >>> two = Interactions.from_rows(reader=[1, 0], book=[0, 1], value=[4, 5], at=[2, 1], n_readers=2, n_books=2)
        >>> one.sha256() == two.sha256()
        True
        """
        digest = hashlib.sha256(f"{self.n_readers} {self.n_books} {len(self)}".encode())
        for array in (self.reader, self.book, self.value, self.at):
            digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()


def _refuse_misshapen(
    readers: Int64s,
    books: Int64s,
    values: Float32s,
    times: Int64s,
) -> None:
    lengths = {len(readers), len(books), len(values), len(times)}
    if len(lengths) != 1:
        raise InvalidInteractionsError(f"The columns have unequal lengths: {sorted(lengths)}.")
    if lengths == {0}:
        raise InvalidInteractionsError("There are no interactions: nothing can be learned from an empty matrix.")


def _refuse_out_of_range(column: str, rows: Int64s, count: int) -> None:
    if rows.min() < 0 or rows.max() >= count:
        raise InvalidInteractionsError(f"{column} row {rows.min()} or {rows.max()} is outside 0 to {count - 1}.")
