"""What the acts of a reader on a book say together: the one rule, for training and for the live history alike.

1. An opinion (a rating, a like) counts before what reading implies; of several opinions the newest one.
2. Without an opinion the strongest act counts: who finished a book and starts it again still finished it.
3. A book whose newest act is "hidden" is hidden; any later act on it brings it back, with what was said before.
4. The newest act of any kind places the book in the history; of acts at one instant the later row is the newer.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

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


@dataclass(frozen=True, slots=True)
class Feedback:
    """One entry per reader and book, in the order of their newest acts, the newest last.

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


def feedback(*, reader: Int64s, book: Int64s, act: Int8s, rating: Float32s) -> Feedback:
    """Put together all acts of each reader on each book.

    Args:
        reader: int64[n], any numbers; rows of one reader are in the order of time, the newest last.
        book: int64[n], any numbers >= 0.
        act: int8[n], values of `Act`.
        rating: float32[n], stars of the ratings; not looked at for other acts.

    Returns:
        The verdict on every pair of reader and book that occurs.

    >>> acts = np.array([Act.RATED, Act.STARTED], np.int8)
    >>> one = np.zeros(2, np.int64)
    >>> feedback(reader=one, book=one, act=acts, rating=np.array([5, np.nan], np.float32))
    Feedback(newest=array([1]), value=array([5.], dtype=float32), hidden=array([False]))
    """
    pairs = reader * (int(book.max(initial=0)) + 1) + book
    _, pair = np.unique(pairs, return_inverse=True)
    count = int(pair.max(initial=-1)) + 1
    stars = np.array([STARS.get(kind, 0.0) for kind in Act], np.float32)[act]
    value = np.zeros(count, np.float32)
    np.maximum.at(value, pair, stars)
    is_opinion = np.isin(act, OPINIONS)
    # Where one index is assigned several times, the last assignment stays: here the newest.
    value[pair[is_opinion]] = np.where(act == Act.RATED, rating, stars)[is_opinion]
    newest = np.zeros(count, np.int64)
    newest[pair] = np.arange(len(pair))
    order = np.argsort(newest)
    return Feedback(newest[order], value[order], act[newest[order]] == Act.HIDDEN)
