"""Each verdict is written out from the four sentences of the rule; a loop over the acts is the independent reading."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.datasets.feedback import Act, Acts, feedback

STARTED, FINISHED, LIKED, HIDDEN = Act.STARTED, Act.FINISHED, Act.LIKED, Act.HIDDEN
Told = list[tuple[int, int, Act, float]]


def verdicts(rows: Told) -> dict[tuple[int, int], tuple[int, float, bool]]:
    """By reader and book: the row of the newest act, the stars, whether it is hidden."""
    acts = Acts.of_rows([(*row, place) for place, row in enumerate(rows)])
    said = feedback(acts)
    assert (np.diff(said.newest) > 0).all()
    found = zip(said.newest.tolist(), said.value.tolist(), said.hidden.tolist(), strict=True)
    return {
        (int(acts.reader[newest]), int(acts.book[newest])): (newest, value, hidden) for newest, value, hidden in found
    }


def on_one_book(*acts: Act | int) -> tuple[float, bool]:
    """Stars and whether it is hidden after these acts, a number standing for a rating."""
    rows = [(1, 7, act, np.nan) if isinstance(act, Act) else (1, 7, Act.RATED, float(act)) for act in acts]
    _, value, hidden = verdicts(rows)[1, 7]
    return value, hidden


class TestFeedback:
    @pytest.mark.parametrize(
        ("acts", "stars"),
        [
            ((STARTED,), 3),
            ((FINISHED,), 4),
            ((LIKED,), 5),
            ((2,), 2),
            ((5, STARTED), 5),
            ((2, FINISHED), 2),
            ((2, STARTED, FINISHED, STARTED), 2),
            ((FINISHED, STARTED), 4),
            ((STARTED, FINISHED), 4),
            ((5, 2), 2),
            ((2, 5), 5),
            ((2, LIKED), 5),
            ((LIKED, 2), 2),
            ((LIKED, STARTED), 5),
            ((LIKED, 2, STARTED, LIKED, FINISHED), 5),
            ((HIDDEN, STARTED), 3),
            ((HIDDEN, 4), 4),
            ((5, HIDDEN, STARTED), 5),
            ((FINISHED, HIDDEN, STARTED), 4),
        ],
    )
    def test_lets_the_newest_opinion_count_else_the_strongest_act(
        self, acts: tuple[Act | int, ...], stars: float
    ) -> None:
        assert on_one_book(*acts) == (stars, False)

    @pytest.mark.parametrize(
        ("acts", "stars"), [((HIDDEN,), 0), ((5, HIDDEN), 5), ((STARTED, HIDDEN), 3), ((HIDDEN, 4, HIDDEN), 4)]
    )
    def test_hides_a_book_while_that_is_its_newest_act(self, acts: tuple[Act | int, ...], stars: float) -> None:
        assert on_one_book(*acts) == (stars, True)

    def test_places_a_book_by_its_newest_act(self) -> None:
        rows: Told = [(1, 7, Act.RATED, 5.0), (1, 8, FINISHED, np.nan), (1, 7, STARTED, np.nan)]
        assert verdicts(rows) == {(1, 8): (1, 4.0, False), (1, 7): (2, 5.0, False)}

    def test_keeps_readers_and_books_apart(self) -> None:
        rows: Told = [(2, 1, Act.RATED, 1.0), (1, 2, LIKED, np.nan), (1, 1, HIDDEN, np.nan), (2, 2, STARTED, np.nan)]
        assert verdicts(rows) == {
            (2, 1): (0, 1.0, False),
            (1, 2): (1, 5.0, False),
            (1, 1): (2, 0.0, True),
            (2, 2): (3, 3.0, False),
        }

    def test_says_nothing_of_nothing(self) -> None:
        assert verdicts([]) == {}

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 2), st.integers(0, 2), st.sampled_from(list(Act)), st.sampled_from([1.0, 2.5, 4.0, 5.0])
            ),
            max_size=30,
        )
    )
    def test_is_what_a_loop_over_the_acts_finds(self, rows: Told) -> None:
        opinion: dict[tuple[int, int], float] = {}
        implied: dict[tuple[int, int], float] = {}
        newest: dict[tuple[int, int], int] = {}
        for row, (reader, book, act, rating) in enumerate(rows):
            pair = reader, book
            newest[pair] = row
            if act in (Act.RATED, LIKED):
                opinion[pair] = rating if act == Act.RATED else 5.0
            elif act != HIDDEN:
                implied[pair] = max(implied.get(pair, 0.0), 3.0 if act == STARTED else 4.0)
        assert verdicts(rows) == {
            pair: (row, opinion.get(pair, implied.get(pair, 0.0)), rows[row][2] == HIDDEN)
            for pair, row in newest.items()
        }


class TestActs:
    def test_hold_nothing_of_no_rows(self) -> None:
        acts = Acts.of_rows([])
        assert (len(acts), acts.act.dtype.name, acts.rating.dtype.name) == (0, "int8", "float32")

    def test_say_nan_where_the_act_is_no_rating(self) -> None:
        acts = Acts.of_rows([(1, 7, LIKED, None, 10), (1, 8, Act.RATED, 2.5, 20)])
        assert np.array_equal(acts.rating, np.array([np.nan, 2.5], np.float32), equal_nan=True)

    @pytest.mark.parametrize(
        "rows", [slice(1, None), np.array([False, True, True]), np.array([1, 2])], ids=["slice", "marks", "places"]
    )
    def test_are_cut_and_joined_as_rows(self, rows: slice) -> None:
        told = [(1, 7, LIKED, 3.0, 10), (1, 8, Act.RATED, 2.0, 20), (2, 7, HIDDEN, 1.0, 30)]
        acts = Acts.of_rows(told)
        joined = Acts.joined([acts.take(slice(0, 1)), acts.take(rows)])
        columns = joined.reader, joined.book, joined.act, joined.rating, joined.at
        assert list(zip(*(column.tolist() for column in columns), strict=True)) == told
