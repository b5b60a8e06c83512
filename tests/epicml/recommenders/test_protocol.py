import numpy as np
import pytest

from epicml.datasets.id_map import ModelRows
from epicml.recommenders.protocol import LONGEST_HISTORY, NO_HISTORY, History, InvalidHistoryError
from tests.epicml.recommenders.library import history


class TestHistory:
    def test_refuses_columns_of_different_length(self) -> None:
        with pytest.raises(InvalidHistoryError, match=r"^2 books with 1 values\.$"):
            History(ModelRows(np.array([1, 2], np.int32)), np.array([5], np.float32))

    def test_refuses_a_book_that_the_model_does_not_know(self) -> None:
        with pytest.raises(InvalidHistoryError, match="leave out books the model does not know"):
            history([3, -1])

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_refuses_a_value_that_is_not_a_number(self, value: float) -> None:
        with pytest.raises(InvalidHistoryError, match="not a finite number"):
            history([3, 4], [5, value])

    def test_may_be_empty(self) -> None:
        assert (len(NO_HISTORY), NO_HISTORY.recency().tolist()) == (0, [])


class TestRecency:
    def test_falls_with_the_age_of_a_book(self) -> None:
        # 1, 2 ** -.8, 3 ** -.8, 4 ** -.8
        assert history([9, 8, 7, 6]).recency().tolist() == pytest.approx([1, 0.574349, 0.415244, 0.329877], abs=1e-6)

    def test_is_the_same_for_all_books_of_a_stale_history(self) -> None:
        assert history([9, 8, 7], is_stale=True).recency().tolist() == [1, 1, 1]


class TestRecent:
    def test_keeps_the_newest_books(self) -> None:
        kept = history([9, 8, 7], [5, 4, 3], is_stale=True).recent(2)
        assert (kept.books.tolist(), kept.values.tolist(), kept.is_stale) == ([9, 8], [5, 4], True)

    def test_keeps_200_books_unless_told_otherwise(self) -> None:
        read = history(list(range(300)))
        assert read.recent().books.tolist() == list(range(200))
        assert LONGEST_HISTORY == 200

    def test_of_a_short_history_is_the_history(self) -> None:
        read = history([9, 8])
        assert read.recent(2) is read
