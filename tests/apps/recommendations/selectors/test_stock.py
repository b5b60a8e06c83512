from collections.abc import Callable

import numpy as np
import pytest

from apps.catalog.services.books import delete_books
from apps.recommendations.selectors.stock import ABSENT, Stock, current_stock
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON
from tests.apps.recommendations.selectors.conftest import Reads, put

pytestmark = pytest.mark.django_db


def stock() -> Stock:
    return current_stock(NOON)


def keys(rows: object) -> list[str]:
    return [stock().shelf.cards[row].key for row in np.asarray(rows).tolist()]


def popular(age_band: AgeBand, *, k: int = 10) -> list[str]:
    return keys(stock().popular(age_band, eligible=stock().shelf.allowed(age_band), k=k))


class TestCurrentStock:
    def test_stays_the_same_until_the_shelf_changes(self) -> None:
        put("one")
        before = stock()
        assert stock() is before
        put("two")
        assert stock() is not before
        assert keys([0, 1]) == ["one", "two"]

    def test_changes_with_the_model(self, reader: Reads, serve: Callable[[], None]) -> None:
        put("one")
        reader("tom", "one")
        before = stock()
        serve()
        assert (before.model is None, stock().model is None) == (True, False)

    def test_is_empty_where_no_book_is(self) -> None:
        assert popular(AgeBand.ADULT) == []
        assert stock().in_model(np.zeros(0, np.bool_)).tolist() == []


class TestGroups:
    def test_series_stand_in_the_order_of_their_numbers_without_what_has_none(self) -> None:
        for key, number in (("third", 3), ("first", 1), ("companion", None), ("between", 1.5)):
            put(key, series="Owls", series_number=number)
        put("alone")
        assert {name: keys(rows) for name, rows in stock().by_series.items()} == {"Owls": ["first", "between", "third"]}

    def test_every_author_and_genre_has_its_books(self) -> None:
        put("one", authors=("Ada", "Tom"), genres=("animals",))
        put("two", authors=("Tom",), genres=("animals", "school"))
        assert {name: keys(rows) for name, rows in stock().by_author.items()} == {"Ada": ["one"], "Tom": ["one", "two"]}
        assert {name: mask.tolist() for name, mask in stock().by_genre.items()} == {
            "animals": [True, True],
            "school": [False, True],
        }


class TestPopularityWithoutAModel:
    def test_is_what_is_known_outside_halved_for_each_band_between(self) -> None:
        put("young", age_band=AgeBand.AGES_0_TO_5, ratings_count=999)
        put("near", age_band=AgeBand.AGES_6_TO_8, ratings_count=599)
        put("own", age_band=AgeBand.AGES_9_TO_11, ratings_count=299)
        # (ratings + 1) / 2 ** bands between: 1000 / 4, 600 / 2, 300.
        assert stock().popularity(AgeBand.AGES_9_TO_11).tolist() == [250, 300, 300]
        assert popular(AgeBand.AGES_9_TO_11) == ["near", "own", "young"]
        assert stock().popularity(AgeBand.AGES_6_TO_8).tolist() == [500, 600, 150]

    def test_gives_only_what_is_eligible_and_no_more_than_asked(self) -> None:
        for number in range(5):
            put(f"b{number}", ratings_count=number, age_band=AgeBand(number))
        assert popular(AgeBand.AGES_9_TO_11, k=2) == ["b2", "b1"]


class TestBooksOfTheModel:
    @pytest.fixture(autouse=True)
    def model(self, reader: Reads, serve: Callable[[], None]) -> None:
        """A model of three books, of which one was withdrawn since; two came."""
        for key, ratings in (("low", 10), ("gone", 20), ("high", 1000)):
            put(key, ratings_count=ratings)
        reader("tom", "high", "low")
        reader("eve", "high", "gone")
        serve()
        delete_books(["gone"], now=NOON)
        put("fresh", ratings_count=2000)
        put("plain", ratings_count=5)

    def test_have_rows_on_both_sides(self) -> None:
        assert [card.key for card in stock().shelf.cards] == ["low", "high", "fresh", "plain"]
        assert stock().model_rows.tolist() == [0, 2, ABSENT, ABSENT]
        assert stock().shelf_rows.tolist() == [0, ABSENT, 1]
        assert stock().unknown.tolist() == [False, False, True, True]

    def test_are_eligible_in_the_model_where_they_are_on_the_shelf(self) -> None:
        assert stock().in_model(np.array([True, True, True, True])).tolist() == [True, False, True]
        assert stock().in_model(np.array([False, True, True, False])).tolist() == [False, False, True]

    def test_lend_their_popularity_to_new_ones_that_are_as_well_known_outside(self) -> None:
        low, high, fresh, plain = stock().popularity(AgeBand.AGES_6_TO_8).tolist()
        assert low < high
        # Better known than all that the model knows, and less known than all: as popular as the ends.
        assert (fresh, plain) == (high, low)
        put("middle", ratings_count=505)
        middle = stock().popularity(AgeBand.AGES_6_TO_8)[4]
        assert middle == pytest.approx((low + high) / 2)  # 506 lies halfway between 11 and 1001

    def test_with_only_new_ones_on_the_shelf_count_for_nothing(self) -> None:
        delete_books(["low", "high"], now=NOON)
        assert stock().popularity(AgeBand.AGES_6_TO_8).tolist() == [2001, 6]
