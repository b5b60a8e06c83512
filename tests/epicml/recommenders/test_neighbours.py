import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from epicml.datasets.arrays import Float32s, NamedArrays
from epicml.recommenders.neighbours import NeighbourTable, keep_largest
from epicml.recommenders.protocol import InvalidModelError

BOOKS = 6
weights = st.sampled_from([0.0, 0.0, 0.5, 1.0, 1.5, -2.0, 3.0])
matrices = arrays.arrays(np.float32, (BOOKS, BOOKS), elements=weights)
sources = st.lists(st.integers(0, BOOKS - 1), unique=True, max_size=BOOKS)
strengths = st.sampled_from([0.0, 0.25, 1.0])


def table_of(dense: Float32s) -> NeighbourTable:
    return NeighbourTable.from_matrix(sparse.csr_array(dense))


class TestSpokenFor:
    @settings(deadline=None)
    @given(matrices, sources, st.data())
    def test_is_the_product_of_strengths_and_rows(self, dense: Float32s, read: list[int], data: st.DataObject) -> None:
        strong = np.array(data.draw(st.lists(strengths, min_size=len(read), max_size=len(read))), np.float32)
        rows = np.array(read, np.int32)
        found = table_of(dense).weighted_neighbours(rows, strong)

        terms = dense[rows] * strong[:, None]  # [read book, target]
        assert found.scores == pytest.approx(terms.sum(axis=0), abs=1e-6)
        targets = np.array(data.draw(sources), np.int32)
        assert found.contributions(targets) == pytest.approx(terms.T[targets], abs=1e-6)

    @settings(deadline=None)
    @given(matrices, sources)
    def test_adds_up_to_the_score_exactly(self, dense: Float32s, read: list[int]) -> None:
        rows = np.array(read, np.int32)
        found = table_of(dense).weighted_neighbours(rows, np.ones(len(rows), np.float32))
        everything = np.arange(BOOKS, dtype=np.int32)
        assert found.contributions(everything).sum(axis=1).tolist() == found.scores.tolist()


class TestTable:
    @settings(deadline=None)
    @given(matrices)
    def test_gives_each_row_as_it_was(self, dense: Float32s) -> None:
        table = table_of(dense)
        assert [table.row(book).tolist() for book in range(BOOKS)] == dense.tolist()

    @settings(deadline=None)
    @given(matrices)
    def test_gives_itself_again_from_its_arrays(self, dense: Float32s) -> None:
        table = table_of(dense)
        loaded = NeighbourTable.from_arrays(table.arrays())
        assert [loaded.row(book).tolist() for book in range(BOOKS)] == dense.tolist()


def good() -> NamedArrays:
    """Two books; the first speaks for the second with 1, the second for the first with 2."""
    return {
        "starts": np.array([0, 1, 2], np.int64),
        "books": np.array([1, 0], np.int32),
        "weights": np.array([1, 2], np.float32),
    }


class TestFromArrays:
    def test_reads_a_good_table(self) -> None:
        assert NeighbourTable.from_arrays(good()).row(1).tolist() == [2, 0]

    @pytest.mark.parametrize("missing", ["starts", "books", "weights"])
    def test_refuses_a_missing_array(self, missing: str) -> None:
        broken = good()
        del broken[missing]
        with pytest.raises(InvalidModelError, match=f"lacks its array '{missing}'"):
            NeighbourTable.from_arrays(broken)

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("starts", [], "do not start at 0 and rise"),
            ("starts", [1, 1, 2], "do not start at 0 and rise"),
            ("starts", [0, 3, 2], "do not start at 0 and rise"),
            ("starts", [0, 1, 3], "has 2 books and 2 weights"),
            ("books", [1], "has 1 books and 2 weights"),
            ("weights", [1], "has 2 books and 1 weights"),
            ("books", [2, 0], "names a book that it does not have"),
            ("books", [-1, 0], "names a book that it does not have"),
            ("weights", [1, np.nan], "not a finite number"),
            ("weights", [np.inf, 1], "not a finite number"),
        ],
    )
    def test_refuses_arrays_that_do_not_fit(self, name: str, value: list[float], sentence: str) -> None:
        with pytest.raises(InvalidModelError, match=sentence):
            NeighbourTable.from_arrays(good() | {name: np.array(value)})


class TestKeepLargest:
    @settings(deadline=None)
    @given(matrices, st.integers(1, BOOKS + 1))
    def test_keeps_what_a_sort_of_each_row_puts_first(self, dense: Float32s, per_row: int) -> None:
        expected = np.zeros_like(dense)
        for row in range(BOOKS):
            kept = sorted(np.flatnonzero(dense[row]), key=lambda column: (-abs(dense[row, column]), column))[:per_row]
            expected[row, kept] = dense[row, kept]

        assert keep_largest(sparse.csr_array(dense), per_row=per_row).toarray().tolist() == expected.tolist()
