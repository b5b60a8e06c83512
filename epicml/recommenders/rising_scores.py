"""Scores in rising order, of which only the parts are kept that somebody asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from epicml.datasets.arrays import Float32s, Int64s

# Ordering 100,000 scores takes several milliseconds, and the ranks that are asked for hardly move from one state of a
# catalogue to the next. All scores in order would take .4 MB for each age band.
BLOCK = 64
MOST_BLOCKS = 512


@dataclass(frozen=True, slots=True)
class RisingScores:
    """The scores of some books in rising order, by rank.

    Attributes:
        n: how many scores there are.
        unordered: gives float32[n], the scores in any order; asked where a block is missing.
        blocks: float32 of each block of ranks that was asked for; whoever makes the next value of the same scores hands
            them on.
    """

    n: int
    unordered: Callable[[], Float32s]
    blocks: dict[int, Float32s] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, ranks: Int64s) -> Float32s:
        """Look up the scores at these ranks, from 0 for the lowest.

        >>> scores = RisingScores(3, lambda: np.array([.5, .25, .75], np.float32))
        >>> scores[np.array([2, 0])].tolist()
        [0.75, 0.25]
        """
        wanted = np.unique(ranks // BLOCK).tolist()
        if len(wanted) > MOST_BLOCKS:
            return np.sort(self.unordered())[ranks]
        found = {number: block for number in wanted if (block := self.blocks.get(number)) is not None}
        if len(found) < len(wanted):
            found = self._keep(wanted)
        return np.array([found[rank // BLOCK][rank % BLOCK] for rank in ranks.tolist()], np.float32)

    def _keep(self, wanted: list[int]) -> dict[int, Float32s]:
        """Keep these blocks and those beside them, into which their ranks may move."""
        ordered = np.sort(self.unordered())
        if len(self.blocks) > 2 * MOST_BLOCKS:
            self.blocks.clear()
        beside = {number + step for number in wanted for step in (-1, 0, 1) if number + step >= 0}
        blocks = {number: ordered[number * BLOCK : (number + 1) * BLOCK].copy() for number in beside}
        self.blocks.update(blocks)
        return blocks
