import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.search.postings import NO_ROWS, Postings, any_of, every

POSTINGS = Postings([{"the", "owl"}, {"owls", "19"}, {"1984", "the"}, {"源氏物語"}, set()])
rows = st.lists(st.lists(st.integers(0, 9), unique=True).map(sorted), max_size=4)


class TestPostings:
    @pytest.mark.parametrize(
        ("word", "having", "beginning", "begun", "stemming"),
        [
            ("owl", [0], [0, 1], [0, 1], [0, 1]),
            ("the", [0, 2], [0, 2], [0, 2], [0, 2]),
            ("ow", [], [0, 1], [0, 1], []),
            ("19", [1], [1, 2], [1], [1]),
            ("物語", [3], [3], [3], [3]),
            ("氏", [3], [3], [3], []),
            ("語物", [], [], [], []),
            ("zebra", [], [], [], []),
        ],
    )
    def test_know_the_rows_of_a_word(
        self, word: str, having: list[int], beginning: list[int], begun: list[int], stemming: list[int]
    ) -> None:
        found = (POSTINGS.having, POSTINGS.beginning, POSTINGS.begun, POSTINGS.stemming)
        assert [rows_of(word).tolist() for rows_of in found] == [having, beginning, begun, stemming]

    def test_know_nothing_of_no_rows(self) -> None:
        assert Postings([]).beginning("a").tolist() == Postings([]).stemming("a").tolist() == []


class TestEvery:
    @given(rows)
    def test_has_what_is_in_each_list(self, lists: list[list[int]]) -> None:
        expected = sorted(set.intersection(*map(set, lists))) if lists else []
        assert every(np.array(each, dtype=np.int64) for each in lists).tolist() == expected

    def test_has_nothing_of_no_lists(self) -> None:
        assert every([]) is NO_ROWS


class TestAnyOf:
    @given(rows)
    def test_has_what_is_in_any_list_once(self, lists: list[list[int]]) -> None:
        found = any_of(np.array(each, dtype=np.int64) for each in lists)
        assert found.tolist() == sorted({row for each in lists for row in each})
