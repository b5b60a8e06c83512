"""Which pairs of books count as liked by one reader, and how many of them are in memory at once."""

from collections.abc import Iterator

import numpy as np

from epicml.datasets.arrays import Int64s
from epicml.datasets.interactions import Interactions

# A reader of n books makes n * n pairs: one shared account with 9,900 took 5.6 GB, more than all others together.
# So the newest ones count. On the goodbooks readers a cut at 100 costs .0001 of NDCG@10 and one at 185 changes nothing;
# the rest is room for a family's years. Such cuts are usual (Schelter, Boden & Markl 2012, "Scalable similarity-based
# neighborhood methods with MapReduce").
NEWEST_LIKED = 500
# Bounds what one fit holds beside its result to about 40 bytes times this, however many readers and books there are.
PAIRS_AT_ONCE = 2_000_000


def newest_liked(interactions: Interactions, *, most: int = NEWEST_LIKED) -> Interactions:
    """Keep the facts that pairs are made of: of each reader the liked books, the newest so many.

    Args:
        interactions: the training facts.
        most: how many of one reader, >= 1.

    Raises:
        InvalidInteractionsError: no fact is positive.

    >>> facts = Interactions.from_rows(reader=[0, 0, 0, 1], book=[0, 1, 2, 0], value=[5, 2, 4, 5], at=[1, 2, 3, 4],
    ...                                n_readers=2, n_books=3)
    >>> newest_liked(facts, most=1).book.tolist()
    [2, 0]
    """
    liked = interactions.positives()
    return liked.where(liked.from_newest < most)


def blocks(entries: Int64s, *, most: int = PAIRS_AT_ONCE) -> Iterator[slice]:
    """Cut the rows of a matrix into runs that hold at most so many entries; a row that holds more stands alone.

    Args:
        entries: int64[rows], at most how many entries each row has, >= 0.
        most: how many a run may have, >= 1.

    >>> list(blocks(np.array([2, 2, 1, 9, 1]), most=4))
    [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None), slice(4, 5, None)]
    """
    before = np.concatenate(([0], np.cumsum(entries)))
    start = 0
    while start < len(entries):
        stop = max(int(np.searchsorted(before, before[start] + most, side="right")) - 1, start + 1)
        yield slice(start, stop)
        start = stop
