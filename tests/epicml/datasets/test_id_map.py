import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.datasets.id_map import ABSENT, BookIds, CatalogueRows, IdMap, ModelRows, present

ids = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=30)


class TestIdMap:
    def test_gives_rows_by_rising_id(self) -> None:
        mapped = IdMap.of([30, 10, 20, 10])

        assert len(mapped) == 3
        assert mapped.ids.tolist() == [10, 20, 30]
        assert mapped.rows([10, 20, 30, 10]).tolist() == [0, 1, 2, 0]

    @pytest.mark.parametrize("unknown", [9, 15, 31, -10, 0, 2**62])
    def test_gives_no_row_to_an_id_it_does_not_know(self, unknown: int) -> None:
        assert IdMap.of([10, 20, 30]).rows([unknown, 20]).tolist() == [ABSENT, 1]

    def test_knows_nothing_when_it_is_empty(self) -> None:
        empty = IdMap.of([])

        assert len(empty) == 0
        assert empty.rows([1, 2]).tolist() == [ABSENT, ABSENT]

    @pytest.mark.parametrize("mapped", [IdMap.of([]), IdMap.of([1])], ids=["empty", "one id"])
    def test_answers_no_question_with_no_rows(self, mapped: IdMap) -> None:
        rows = mapped.rows([])

        assert rows.dtype == np.int32
        assert len(rows) == 0

    @given(ids)
    def test_leads_from_ids_to_rows_and_back(self, known: list[int]) -> None:
        mapped = IdMap.of(known)

        assert mapped.ids.tolist() == sorted(set(known))
        assert mapped.ids[mapped.rows(known)].tolist() == known
        assert mapped.rows(mapped.ids).tolist() == list(range(len(mapped)))

    @given(ids, ids)
    def test_tells_known_ids_from_unknown_ones(self, known: list[int], asked: list[int]) -> None:
        rows = IdMap.of(known).rows(asked).tolist()

        assert [row != ABSENT for row in rows] == [one in known for one in asked]


class TestNumberings:
    def test_are_held_apart_by_mypy(self) -> None:
        """An ignore that ignores nothing is an error of mypy: here each is one that a mix-up of numbers must be."""
        ids, plain = BookIds(np.array([7], np.int64)), np.array([0], np.int32)
        of_catalogue, of_model = CatalogueRows(plain), ModelRows(plain)
        assert of_book(ids) == of_shelf(of_catalogue) == in_model(of_model) == 1
        in_model(of_catalogue)  # type: ignore[arg-type]
        of_shelf(of_model)  # type: ignore[arg-type]
        in_model(plain)  # type: ignore[arg-type]
        of_book(of_catalogue)  # type: ignore[arg-type]
        of_shelf(present(of_model))  # type: ignore[arg-type]
        of_shelf(present(of_catalogue))

    def test_are_arrays_when_the_program_runs(self) -> None:
        rows = np.array([3, ABSENT], np.int32)
        assert CatalogueRows(rows) is rows


def of_book(ids: BookIds) -> int:
    return len(ids)


def of_shelf(rows: CatalogueRows) -> int:
    return len(rows)


def in_model(rows: ModelRows) -> int:
    return len(rows)
