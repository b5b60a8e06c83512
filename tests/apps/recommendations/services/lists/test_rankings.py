from collections.abc import Callable

import numpy as np
import pytest

from apps.catalog.services.books import delete_books
from apps.readers.selectors import Audience
from apps.recommendations.services.lists import contexts, rankings
from apps.recommendations.services.lists.candidate_pool import Mask
from apps.recommendations.services.lists.contexts import ListContext
from apps.recommendations.services.lists.items import Item
from apps.recommendations.services.lists.rankings import ModelMissingError
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON, read
from tests.apps.recommendations.services.lists.conftest import Reads, of, put

pytestmark = pytest.mark.django_db


def keys(items: list[Item]) -> list[str]:
    return [item.card.key for item in items]


def row(key: str) -> int:
    found = of_adult().pool.shelf.row_of_key(key)
    assert found is not None
    return found


def of_adult() -> ListContext:
    return contexts.of_audience(Audience(AgeBand.ADULT, None), now=NOON)


class TestFilled:
    @pytest.fixture(autouse=True)
    def shelf(self, db: None) -> None:
        put("german", language="de", ratings_count=900)
        put("easy", language="en", reading_level=1, ratings_count=500)
        put("fits", language="en", reading_level=5, ratings_count=100)
        put("adult", language="en", reading_level=5, ratings_count=9000, age_band=AgeBand.ADULT)

    @pytest.fixture
    def asked(self, reader: Reads) -> ListContext:
        return reader("tom", languages=("en",), level_min=4, level_max=6)

    def test_goes_from_the_narrowest_wish_to_the_widest(self, asked: ListContext) -> None:
        assert keys(rankings.popular(asked, k=10)) == ["fits", "easy", "german"]

    def test_asks_no_wider_wish_than_it_needs(self, asked: ListContext) -> None:
        told: list[tuple[int, int]] = []

        def make(mask: Mask, count: int) -> list[Item]:
            told.append((int(mask.sum()), count))
            return rankings.popular_items(asked, mask, count)

        assert keys(rankings.filled(asked, make, k=2)) == ["fits", "easy"]
        # Twice as many as needed, for volumes may fall together; of the second mask only the book that was not taken.
        assert told == [(1, 4), (1, 2)]

    def test_leaves_out_what_another_list_took(self, asked: ListContext) -> None:
        assert keys(rankings.popular(asked, k=10, excluded=[row("easy"), row("german")])) == ["fits"]


class TestPopular:
    def test_gives_each_book_its_share_and_the_band_as_reason(self, reader: Reads) -> None:
        put("owl", ratings_count=99)
        (item,) = rankings.popular(reader("tom"), k=1)
        assert (item.score, item.reason.text, item.reason.book_key) == (50, "Popular at 9 to 11", None)
        assert item.as_json(4)["rank"] == 4


class TestForYou:
    def test_is_popular_books_without_a_model(self, reader: Reads) -> None:
        put("owl")
        put("fox", ratings_count=5)
        assert keys(rankings.for_you(reader("tom", "owl"), k=5)) == ["fox"]

    def test_goes_on_with_books_that_the_model_does_not_know(self, reader: Reads, serve: Callable[[], None]) -> None:
        for key in ("owl", "fox", "bear"):
            put(key)
        reader("tom", "owl", "fox")
        reader("eve", "owl", "bear")
        serve()
        put("fresh")
        put("secret", age_band=AgeBand.ADULT)
        found = rankings.for_you(of("tom"), k=5)
        assert keys(found) == ["bear", "fresh"]
        assert found[0].reason.book_key == "owl"
        assert found[1].reason.text == "Popular at 9 to 11"

    def test_does_not_name_a_book_that_was_withdrawn(self, reader: Reads, serve: Callable[[], None]) -> None:
        for key in ("owl", "fox", "bear"):
            put(key, title=f"The {key.title()}")
        reader("tom", "owl")
        reader("eve", "owl", "bear")
        reader("ann", "owl", "bear", "fox")
        serve()
        assert "owl" in {item.reason.book_key for item in rankings.for_you(of("tom"), k=5)}
        delete_books(["owl"], now=NOON)
        found = rankings.for_you(of("tom"), k=5)
        assert keys(found)
        assert {item.reason.book_key for item in found} == {None}
        assert not any("Owl" in item.reason.text for item in found)


class TestSimilarWithoutTheModel:
    """By what they share: 2 for the series, 1 for an author, the share of the book's genres that the other one has."""

    @pytest.fixture(autouse=True)
    def shelf(self, db: None) -> None:
        put(
            "owl", title="Owl (Owls, #1)", authors=("Ada",), series="Owls", series_number=1, genres=("animals", "night")
        )
        put("stranger", ratings_count=9000)
        put("both", genres=("animals", "night"), ratings_count=10)
        put("half", genres=("animals",), ratings_count=800)
        put("more", genres=("animals", "night", "school"), ratings_count=11)
        put("author", authors=("Tom", "Ada"))
        put("series", series="Owls", series_number=2)
        put("adult", series="Owls", series_number=3, age_band=AgeBand.ADULT)

    def test_comes_nearest_first_the_more_popular_of_equals(self, reader: Reads) -> None:
        items = rankings.similar(reader("tom"), row=row("owl"), k=5)
        assert keys(items)[0] == "series"
        # 1 for the author, and 1 for both genres: then the ratings decide, 11, 10, 0.
        assert keys(items)[1:] == ["more", "both", "author", "half"]
        assert [item.score for item in items] == [2, 1, 1, 1, 0.5]

    def test_says_what_they_share(self, reader: Reads) -> None:
        found = {item.card.key: item.reason for item in rankings.similar(reader("tom"), row=row("owl"), k=5)}
        assert {key: reason.text for key, reason in found.items()} == {
            "series": "Same series as Owl",
            "author": "Same author as Owl",
            "both": "Same genre as Owl",
            "more": "Same genre as Owl",
            "half": "Same genre as Owl",
        }
        assert {reason.book_key for reason in found.values()} == {"owl"}

    def test_goes_on_with_popular_books_and_never_shows_the_book_itself(self, reader: Reads) -> None:
        items = rankings.similar(reader("tom"), row=row("owl"), k=10)
        assert keys(items)[5:] == ["stranger"]
        assert items[5].reason.text == "Popular at 9 to 11"

    def test_leaves_out_what_was_read(self, reader: Reads) -> None:
        reader("tom", "series")
        read("tom", ["more"], at=NOON, kind="hidden")
        assert keys(rankings.similar(of("tom"), row=row("owl"), k=3)) == ["both", "author", "half"]


class TestSimilarWithTheModel:
    def test_stays_beside_the_book_before_it_goes_on_with_popular_ones(
        self, reader: Reads, serve: Callable[[], None]
    ) -> None:
        for key in ("owl", "fox", "bear", "famous"):
            put(key, ratings_count=9000 if key == "famous" else 1)
        reader("tom", "owl", "fox")
        reader("eve", "owl", "fox", "bear")
        serve()
        asked = contexts.of_audience(Audience(AgeBand.AGES_9_TO_11, None), now=NOON)
        items = rankings.similar(asked, row=row("owl"), k=5)
        assert keys(items) == ["fox", "bear", "famous"]
        assert [item.reason.book_key for item in items] == ["owl", "owl", None]


class TestRank:
    def test_refuses_where_no_model_is_loaded(self) -> None:
        put("owl")
        with pytest.raises(ModelMissingError):
            rankings.rank(of_adult(), np.array([True]), 1)
        with pytest.raises(ModelMissingError):
            rankings.near_items(of_adult(), 0, np.array([True]), 1)
