"""Scores by rank against all of them in order, sorted by Python."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from epicml.recommenders.rising_scores import BLOCK, MOST_BLOCKS, RisingScores


class TestRisingScores:
    @given(st.integers(1, 300), st.lists(st.lists(st.integers(0, 10**6), max_size=8), max_size=4))
    def test_are_those_of_the_ordered_list(self, n: int, asked: list[list[int]]) -> None:
        unordered = np.random.default_rng(n).permutation(np.arange(n) // 3).astype(np.float32)
        scores, expected = RisingScores(n, lambda: unordered), sorted(unordered.tolist())
        assert len(scores) == n
        for drawn in asked:
            ranks = [number % n for number in drawn]
            assert scores[np.array(ranks, np.int64)].tolist() == [expected[rank] for rank in ranks]

    def test_are_ordered_once_while_ranks_stay_near(self) -> None:
        asked: list[int] = []

        def unordered() -> np.ndarray:
            asked.append(1)
            return np.arange(1000, dtype=np.float32)[::-1]

        scores = RisingScores(1000, unordered)
        assert [scores[np.array([500 + step])].tolist() for step in (0, 3, -BLOCK)] == [[500], [503], [500 - BLOCK]]
        assert len(asked) == 1
        assert scores[np.array([0])].tolist() == [0]
        assert len(asked) == 2

    def test_are_not_kept_where_nearly_all_are_asked_for(self) -> None:
        n = (MOST_BLOCKS + 1) * BLOCK
        scores = RisingScores(n, lambda: np.arange(n, dtype=np.float32)[::-1])
        assert scores[np.arange(n)].tolist() == list(range(n))
        assert not scores.blocks
