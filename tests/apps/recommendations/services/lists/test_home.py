from collections.abc import Callable

import pytest

from apps.catalog.services.books import delete_books
from apps.recommendations.services.lists.contexts import ListContext
from apps.recommendations.services.lists.home import home_rows
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON, read
from tests.apps.recommendations.services.lists.conftest import Reads, of, put

pytestmark = pytest.mark.django_db


def rows(asked: ListContext, *, size: int = 20) -> dict[str, list[str]]:
    """The keys of the books in each row."""
    return {row.key: [item.card.key for item in row.items] for row in home_rows(asked, size=size)}


def put_series(name: str, *numbers: float, **fields: object) -> None:
    for number in numbers:
        put(f"{name}{number:g}", series=name, series_number=number, **fields)


class TestHomeRows:
    @pytest.fixture
    def asked(self, reader: Reads, serve: Callable[[], None]) -> ListContext:
        """A reader for whom every row has something to show but that of the newcomers."""
        for name in ("Owls", "Foxes", "Bears"):
            put_series(name, 1, 2, 3)
        for number in range(12):
            put(f"b{number}", genres=("animals",), ratings_count=100 - number)
        for number in range(4):
            reader(f"r{number}", "b0", "b1", *(f"b{(number + step) % 12}" for step in range(2, 9)))
        reader("tom", "Owls1", "Foxes1", "Bears1", "b0")
        serve()
        for number in range(3):
            put(f"fresh{number}")
        return of("tom")

    def test_stand_in_their_order_and_show_no_book_twice(self, asked: ListContext) -> None:
        found = rows(asked, size=3)
        assert list(found) == ["for_you", "series", "because_you_read", "popular", "new"]
        shown = [key for keys in found.values() for key in keys]
        assert len(shown) == len(set(shown)) == 15
        assert not {"Owls1", "Foxes1", "Bears1", "b0"} & set(shown)

    def test_keep_the_next_volumes_for_their_own_row(self, asked: ListContext) -> None:
        assert rows(asked)["series"] == ["Bears2", "Foxes2", "Owls2"]  # the series read last first
        assert not {"Bears2", "Foxes2", "Owls2"} & set(rows(asked)["for_you"])

    @pytest.mark.parametrize("act", ["started", "hidden"])
    def test_lose_at_the_next_request_what_was_read_or_hidden(self, asked: ListContext, act: str) -> None:
        gone = [keys[0] for keys in rows(asked, size=3).values()]
        read("tom", gone, at=NOON, kind=act)
        shown = {key for keys in rows(of("tom")).values() for key in keys}
        assert shown
        assert not shown & set(gone)

    def test_explain_the_row_of_a_book_by_the_one_liked_last(self, asked: ListContext) -> None:
        row = next(row for row in home_rows(asked, size=3) if row.key == "because_you_read")
        assert (row.title, row.book_key) == ("Because you read B0", "b0")
        assert row.as_json()["items"][0]["reason"]["book_key"] == "b0"

    def test_show_the_newest_first_of_what_came_after_the_model(self, asked: ListContext) -> None:
        popular = set(rows(asked, size=3)["popular"])
        assert rows(asked, size=3)["new"] == [key for key in ("fresh2", "fresh1", "fresh0") if key not in popular]

    def test_are_none_where_nothing_may_be_shown(self, reader: Reads) -> None:
        put("adult", age_band=AgeBand.ADULT)
        assert home_rows(reader("tom"), size=5) == []

    def test_have_only_popular_books_where_the_reader_read_all_others(self, reader: Reads) -> None:
        for key in ("one", "two", "three"):
            put(key)
        assert rows(reader("tom", "one", "two")) == {"popular": ["three"]}


class TestNextInYourSeries:
    """Without a model; three series are started, for a shorter row is left out."""

    @pytest.fixture(autouse=True)
    def shelf(self, db: None) -> None:
        put_series("Foxes", 1, 2)
        put_series("Bears", 1, 2)

    def next_of(self, asked: ListContext) -> set[str]:
        return set(rows(asked).get("series", []))

    def test_is_the_half_volume_where_there_is_one(self, reader: Reads) -> None:
        put_series("Owls", 2, 2.5, 3)
        assert self.next_of(reader("tom", "Owls2", "Foxes1", "Bears1")) == {"Owls2.5", "Foxes2", "Bears2"}

    def test_leaps_over_a_volume_that_the_library_does_not_have(self, reader: Reads) -> None:
        put_series("Owls", 2, 4)
        row = next(row for row in home_rows(reader("tom", "Owls2", "Foxes1", "Bears1"), size=9) if row.key == "series")
        assert {item.card.key: item.reason.text for item in row.items} == {
            "Owls4": "Further in the series after Owls2",
            "Foxes2": "Next in the series after Foxes1",
            "Bears2": "Next in the series after Bears1",
        }

    def test_leaps_over_none_that_it_has(self, reader: Reads) -> None:
        put_series("Owls", 2, 4)
        put_series("Owls", 3, age_band=AgeBand.ADULT)
        put_series("Cats", 1, 2)
        assert self.next_of(reader("tom", "Owls2", "Foxes1", "Bears1", "Cats1")) == {"Foxes2", "Bears2", "Cats2"}

    def test_is_the_lowest_one_that_was_not_read(self, reader: Reads) -> None:
        put_series("Owls", 1, 2, 3, 4)
        asked = reader("tom", "Owls3", "Owls1", "Foxes1", "Bears1")
        assert self.next_of(asked) == {"Owls2", "Foxes2", "Bears2"}

    def test_follows_no_series_whose_only_volume_read_was_hidden(self, reader: Reads) -> None:
        put_series("Owls", 1, 2)
        put_series("Cats", 1, 2)
        reader("tom", "Owls1", "Foxes1", "Bears1", "Cats1")
        read("tom", ["Owls1"], at=NOON, kind="hidden")
        assert self.next_of(of("tom")) == {"Foxes2", "Bears2", "Cats2"}

    def test_names_no_volume_above_the_age_band(self, reader: Reads) -> None:
        put_series("Owls", 1, age_band=AgeBand.ADULT)
        put_series("Owls", 2)
        row = next(row for row in home_rows(reader("tom", "Owls1", "Foxes1", "Bears1"), size=9) if row.key == "series")
        reasons = {item.card.key: item.reason for item in row.items}
        assert (reasons["Owls2"].text, reasons["Owls2"].book_key) == ("Next in Owls", None)

    def test_is_never_above_the_age_band(self, reader: Reads) -> None:
        put_series("Owls", 1)
        put_series("Owls", 2, age_band=AgeBand.ADULT)
        put_series("Cats", 1, 2)
        assert self.next_of(reader("tom", "Owls1", "Foxes1", "Bears1", "Cats1")) == {"Foxes2", "Bears2", "Cats2"}

    def test_is_left_out_with_fewer_than_three(self, reader: Reads) -> None:
        assert "series" not in rows(reader("tom", "Foxes1", "Bears1"))

    def test_passes_over_a_series_whose_next_volume_was_read_or_withdrawn(self, reader: Reads) -> None:
        put_series("Owls", 1, 2)
        put_series("Cats", 1, 2)
        reader("tom", "Owls1", "Owls2", "Foxes1", "Bears1", "Cats1")
        assert self.next_of(of("tom")) == {"Foxes2", "Bears2", "Cats2"}
        delete_books(["Cats2"], now=NOON)
        assert self.next_of(of("tom")) == set()


class TestNewcomers:
    def test_choose_among_the_two_genres_liked_most_at_their_age(self, reader: Reads) -> None:
        for genre, ratings in (("animals", 50), ("school", 500), ("magic", 5000), ("night", 5)):
            for number in range(4):
                put(f"{genre}{number}", genres=(genre,), ratings_count=ratings)
        for number in range(3):
            put(f"war{number}", genres=("war",), ratings_count=90_000, age_band=AgeBand.ADULT)
        found = rows(reader("tom"), size=1)
        assert list(found) == ["popular"]  # one book is no row
        assert list(rows(of("tom"), size=3)) == ["popular", "genre:school"]  # of magic one book is left
        assert rows(of("tom"), size=4)["popular"] == [f"magic{number}" for number in range(4)]

    def test_see_a_book_of_two_genres_in_one_row(self, reader: Reads) -> None:
        for number in range(9):
            put(f"b{number}", genres=("animals", "school"), ratings_count=100 - number)
        assert rows(reader("tom"), size=3) == {
            "popular": ["b0", "b1", "b2"],
            "genre:animals": ["b3", "b4", "b5"],
            "genre:school": ["b6", "b7", "b8"],
        }

    def test_have_no_row_of_their_own(self, reader: Reads) -> None:
        for number in range(8):
            put(f"b{number}", genres=("animals",))
        assert {"for_you", "series", "because_you_read"} & set(rows(reader("tom"), size=4)) == set()
        assert set(rows(of("tom"), size=4)) == {"popular", "genre:animals"}
