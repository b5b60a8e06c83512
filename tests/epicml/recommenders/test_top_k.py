import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epicml.datasets.arrays import Bools, Float32s
from epicml.recommenders.top_k import top_k

# few values, so that many are equal; and any others
values = st.one_of(
    st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0]), st.floats(allow_nan=True, allow_infinity=True, width=32)
)
rows = st.lists(st.tuples(values, st.booleans()), max_size=60)


def columns(pairs: list[tuple[float, bool]]) -> tuple[Float32s, Bools]:
    return np.array([value for value, _ in pairs], np.float32), np.array([may for _, may in pairs], np.bool_)


def fully_sorted(pairs: list[tuple[float, bool]]) -> list[int]:
    """Every row that may be ranked, by score and then by row."""
    allowed = [row for row, (value, may) in enumerate(pairs) if may and value > 0]
    return sorted(allowed, key=lambda row: (-pairs[row][0], row))


class TestTopK:
    @settings(deadline=None)
    @given(rows, st.integers(0, 70))
    def test_is_the_head_of_a_full_sort(self, pairs: list[tuple[float, bool]], k: int) -> None:
        scores, eligible = columns(pairs)
        assert top_k(scores, eligible=eligible, k=k).tolist() == fully_sorted(pairs)[:k]

    @settings(deadline=None)
    @given(rows, st.integers(0, 69))
    def test_of_one_more_goes_on_where_it_stopped(self, pairs: list[tuple[float, bool]], k: int) -> None:
        scores, eligible = columns(pairs)
        longer = top_k(scores, eligible=eligible, k=k + 1)
        assert longer[:k].tolist() == top_k(scores, eligible=eligible, k=k).tolist()

    @settings(deadline=None)
    @given(st.permutations(range(12)), st.integers(1, 12))
    def test_is_the_head_of_argsort_where_all_scores_differ(self, order: list[int], k: int) -> None:
        scores = np.array(order, np.float32) + 1
        assert top_k(scores, eligible=np.ones(12, np.bool_), k=k).tolist() == np.argsort(scores)[::-1][:k].tolist()

    def test_breaks_ties_by_row_at_the_edge_of_the_list(self) -> None:
        scores = np.array([1, 2, 1, 1, 2, 1], np.float32)
        assert top_k(scores, eligible=np.ones(6, np.bool_), k=4).tolist() == [1, 4, 0, 2]

    def test_is_full_although_the_best_rows_are_forbidden(self) -> None:
        scores = np.arange(1, 1001, dtype=np.float32)
        eligible = np.zeros(1000, np.bool_)
        eligible[:5] = True
        assert top_k(scores, eligible=eligible, k=3).tolist() == [4, 3, 2]

    def test_leaves_out_what_has_no_score(self) -> None:
        scores = np.array([0, -1, np.nan, 0.1], np.float32)
        assert top_k(scores, eligible=np.ones(4, np.bool_), k=4).tolist() == [3]

    @pytest.mark.parametrize("n", [0, 3])
    def test_gives_rows_as_int32_also_where_there_is_none(self, n: int) -> None:
        found = top_k(np.zeros(n, np.float32), eligible=np.ones(n, np.bool_), k=2)
        assert found.dtype == np.int32
        assert found.shape == (0,)
