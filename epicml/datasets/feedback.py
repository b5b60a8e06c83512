"""What the acts of a reader on a book say together: the one rule, for training and for the live history alike.

1. An opinion (a rating, a like) counts before what reading implies; of several opinions the newest one.
2. Without an opinion the strongest act counts: who finished a book and starts it again still finished it.
3. A book whose newest act is "hidden" is hidden; any later act on it brings it back, with what was said before.
4. The newest act of any kind places the book in the history; of acts at one instant the later row is the newer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from epicml.datasets.arrays import Bools, Float32s, Int8s, Int64s


class Act(IntEnum):
    """What a reader can do with a book that says something about taste."""

    STARTED = 0
    FINISHED = 1
    LIKED = 2
    RATED = 3
    HIDDEN = 4


# To start, finish or like a book is worth what readers who do so give on average, rounded; a rating is worth itself.
STARS = {Act.STARTED: 3.0, Act.FINISHED: 4.0, Act.LIKED: 5.0}
OPINIONS = (Act.LIKED, Act.RATED)
# Tables by act, made once: for the few acts of one reader, as at a request, making them takes longer than the rest.
_STARS = np.array([STARS.get(act, 0.0) for act in Act], np.float32)
_IS_OPINION = np.array([act in OPINIONS for act in Act])


@dataclass(frozen=True, slots=True, eq=False)
class Acts:
    """What readers did with books, one row an act, as the event log has them.

    Apart from `Interactions`, which say one thing of each reader and book: what several acts say together is known only
    when the newest one is, and whether it hides the book.

    Attributes:
        reader: int64[n], ids or rows of readers.
        book: int64[n], ids or rows of books.
        act: int8[n], values of `Act`.
        rating: float32[n], stars of the ratings; nan where the act is no rating.
        at: int64[n], seconds since 1970 UTC.
    """

    reader: Int64s
    book: Int64s
    act: Int8s
    rating: Float32s
    at: Int64s

    @classmethod
    def of(
        cls, *, reader: npt.ArrayLike, book: npt.ArrayLike, act: npt.ArrayLike, rating: npt.ArrayLike, at: npt.ArrayLike
    ) -> "Acts":
        """Make arrays of these columns, each of n entries; a rating may be None.

        >>> Acts.of(reader=[7], book=[1], act=[Act.RATED], rating=[4.5], at=[30]).rating.dtype.name
        'float32'
        """
        return cls(
            np.asarray(reader, np.int64),
            np.asarray(book, np.int64),
            np.asarray(act, np.int8),
            np.asarray(rating, np.float32),
            np.asarray(at, np.int64),
        )

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[Any, ...]]) -> "Acts":
        """Make arrays of these rows, each of a reader, a book, an act, a rating or None, and a time.

        >>> Acts.of_rows([(7, 1, Act.RATED, 4.5, 30), (7, 2, Act.LIKED, None, 40)]).rating.tolist()
        [4.5, nan]
        """
        reader, book, act, rating, at = tuple(zip(*rows, strict=True)) or ((), (), (), (), ())
        return cls.of(reader=reader, book=book, act=act, rating=rating, at=at)

    @classmethod
    def joined(cls, parts: Sequence["Acts"]) -> "Acts":
        """Put these acts one after the other.

        >>> one, two = (Acts.of(reader=[row], book=[1], act=[0], rating=[np.nan], at=[9]) for row in (7, 8))
        >>> Acts.joined([one, two]).reader.tolist()
        [7, 8]
        """
        return cls(
            np.concatenate([part.reader for part in parts]),
            np.concatenate([part.book for part in parts]),
            np.concatenate([part.act for part in parts]),
            np.concatenate([part.rating for part in parts]),
            np.concatenate([part.at for part in parts]),
        )

    def take(self, rows: slice | Bools | Int64s) -> "Acts":
        """Return the acts in these rows: a slice, bool[n], or int64[m] in the order wanted.

        >>> acts = Acts.of(reader=[7, 8], book=[1, 2], act=[0, 1], rating=[np.nan] * 2, at=[9, 9])
        >>> acts.take(acts.act == Act.FINISHED).book.tolist()
        [2]
        """
        return Acts(self.reader[rows], self.book[rows], self.act[rows], self.rating[rows], self.at[rows])

    def __len__(self) -> int:
        return len(self.reader)


@dataclass(frozen=True, slots=True)
class Feedback:
    """One entry per reader and book, in the order of their newest acts, the newest last.

    It repeats no column of the acts: whoever needs reader, book or time takes the rows `newest`.

    Attributes:
        newest: int64[m], the row of the newest act.
        value: float32[m], 1 to 5 stars; 0 for a book that was only hidden, never read.
        hidden: bool[m], whether the newest act was to hide the book.
    """

    newest: Int64s
    value: Float32s
    hidden: Bools

    def __len__(self) -> int:
        return len(self.newest)


def feedback(acts: Acts) -> Feedback:
    """Put together all acts of each reader on each book.

    Args:
        acts: rows of one reader are in the order of time, the newest last; books are >= 0.

    Returns:
        The verdict on every pair of reader and book that occurs.

    >>> both = Acts.of(reader=[0, 0], book=[0, 0], act=[Act.RATED, Act.STARTED], rating=[5, np.nan], at=[10, 20])
    >>> feedback(both)
    Feedback(newest=array([1]), value=array([5.], dtype=float32), hidden=array([False]))
    """
    pairs = acts.reader * (int(acts.book.max(initial=0)) + 1) + acts.book
    _, pair = np.unique(pairs, return_inverse=True)
    count = int(pair.max(initial=-1)) + 1
    stars, is_opinion = _STARS[acts.act], _IS_OPINION[acts.act]
    value = np.zeros(count, np.float32)
    np.maximum.at(value, pair, stars)
    # Where one index is assigned several times, the last assignment stays: here the newest.
    value[pair[is_opinion]] = np.where(acts.act == Act.RATED, acts.rating, stars)[is_opinion]
    newest = np.zeros(count, np.int64)
    newest[pair] = np.arange(len(pair))
    order = np.argsort(newest)
    return Feedback(newest[order], value[order], acts.act[newest[order]] == Act.HIDDEN)
