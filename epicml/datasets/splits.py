"""Cut each reader's history in time: learn from the past, ask about the future."""

from dataclasses import dataclass

import numpy as np

from epicml.datasets.arrays import Bools
from epicml.datasets.interactions import Interactions


class InvalidShareError(ValueError):
    """A share outside (0, 1), or a gap below 0, which would put the same facts on both sides."""


@dataclass(frozen=True, slots=True)
class Split:
    """The two sides of a cut.

    Attributes:
        train: each reader's older facts; histories are taken from it.
        test: the newer ones; a reader too short to be cut has none.
    """

    train: Interactions
    test: Interactions


def temporal_split(interactions: Interactions, *, test_share: float = 0.2, gap: int = 0) -> Split:
    """Keep the newest facts of every reader for the test.

    A random split would about double the score, because it lets a model see the future.

    Args:
        interactions: the facts to cut.
        test_share: share of each reader's facts on the test side, in (0, 1); the train side is rounded down but keeps
            at least one fact.
        gap: how many of the first facts after the cut are left out of both sides, >= 0; 10 shows what a score owes to
            books taken in one sitting.

    Returns:
        The two sides, over the same readers and books.

    Raises:
        InvalidShareError: the share is outside (0, 1), or the gap is below 0.
        InvalidInteractionsError: no reader is long enough to be cut.

    Source: per-reader temporal split as in Meng et al. 2020, "Exploring data splitting strategies".

    >>> facts = Interactions.from_rows(reader=[0] * 5, book=[0, 1, 2, 3, 4], value=[5] * 5, at=[1, 2, 3, 4, 5],
    ...                                n_readers=1, n_books=5)
    >>> cut = temporal_split(facts, test_share=0.4)
    >>> cut.train.book.tolist(), cut.test.book.tolist()
    ([0, 1, 2], [3, 4])
    """
    if not 0 < test_share < 1:
        raise InvalidShareError(f"A test share of {test_share} is not between 0 and 1.")
    if gap < 0:
        raise InvalidShareError(f"A gap of {gap} facts is below 0.")
    lengths = np.diff(interactions.starts)
    kept = np.maximum(np.floor(lengths * (1 - test_share) + 1e-9), 1).astype(np.int64)
    is_train: Bools = interactions.from_oldest < kept[interactions.reader]
    is_test: Bools = interactions.from_oldest >= kept[interactions.reader] + gap
    return Split(train=interactions.where(is_train), test=interactions.where(is_test))
