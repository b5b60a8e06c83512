from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.readers.services import ReaderInput, save_reader
from apps.releases.selectors.listing import ReleaseRow
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON
from tests.client import ApiClient

CHILD = "dragon-reader-1"
BOOK_FIELDS = {
    "key",
    "title",
    "authors",
    "series",
    "series_number",
    "age_band",
    "reading_level",
    "language",
    "year",
    "genres",
    "popularity",
    "average_rating",
    "isbns",
}


@pytest.fixture
def library_api(live_model: ReleaseRow, api: ApiClient) -> ApiClient:
    return api


class TestRecommendations:
    def test_answers_books_with_reason_and_release(self, library_api: ApiClient, live_model: ReleaseRow) -> None:
        answer = library_api.get(f"/api/v1/readers/{CHILD}/recommendations", limit=3).json()
        assert (answer["reader"], answer["release"], answer["fallback"]) == (CHILD, live_model.key, None)
        assert [item["rank"] for item in answer["items"]] == [1, 2, 3]
        assert set(answer["items"][0]["book"]) == BOOK_FIELDS
        assert set(answer["items"][0]["reason"]) == {"kind", "text", "book_key"}

    def test_does_not_know_an_unknown_reader(self, library_api: ApiClient) -> None:
        answer = library_api.get("/api/v1/readers/nobody/recommendations")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize("limit", ["0", "51", "-1", "x", "1e3", "9" * 30, "\u0661", ""])
    def test_refuses_a_limit_out_of_bounds(self, library_api: ApiClient, limit: str) -> None:
        answer = library_api.get(f"/api/v1/readers/{CHILD}/recommendations", limit=limit)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["limit"])

    def test_refuses_unknown_fields(self, library_api: ApiClient) -> None:
        answer = library_api.get(f"/api/v1/readers/{CHILD}/recommendations", age_band="adult")
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["age_band"])

    @pytest.mark.parametrize("key", ["%00", "a" * 65, "a%20b", "%ed%a0%80", "'--"])
    def test_answers_404_for_what_can_be_no_reader(self, library_api: ApiClient, key: str) -> None:
        assert library_api.get(f"/api/v1/readers/{key}/recommendations").status_code == 404

    def test_needs_the_scope(self, live_model: ReleaseRow, client_with: Callable[..., ApiClient]) -> None:
        assert client_with("search:read").get(f"/api/v1/readers/{CHILD}/recommendations").status_code == 403
        assert client_with("recommendations:read").get(f"/api/v1/readers/{CHILD}/home").status_code == 200


class TestSeries:
    """dragon-0, dragon-4 and dragon-8 are the volumes 1, 2 and 3 of the only series of dragons."""

    VOLUMES = ("dragon-0", "dragon-4", "dragon-8")

    def offered(self, api: ApiClient) -> set[str]:
        """The volumes that the reader is offered anywhere."""
        lists = [
            api.get("/api/v1/readers/new/recommendations", limit=50).json()["items"],
            api.get("/api/v1/popular", reader="new", limit=50).json()["items"],
            api.get("/api/v1/books/dragon-12/similar", reader="new", limit=50).json()["items"],
            *(row["items"] for row in api.get("/api/v1/readers/new/home", limit=20).json()["rows"]),
        ]
        return {item["book"]["key"] for items in lists for item in items} & set(self.VOLUMES)

    def test_are_offered_volume_by_volume(self, library_api: ApiClient) -> None:
        save_reader(ReaderInput(key="new", age_band=AgeBand.AGES_6_TO_8), now=NOON)
        for place, key in enumerate(self.VOLUMES):
            assert self.offered(library_api) == {key}
            event = {"event_id": key, "reader": "new", "book": key, "kind": "finished"}
            moment = (NOON - timedelta(hours=3 - place)).isoformat()
            answer = library_api.post("/api/v1/events", {"events": [event | {"occurred_at": moment}]})
            assert answer.json()["stored"] == 1
        assert self.offered(library_api) == set()


class TestHome:
    def test_answers_rows_without_a_book_twice(self, library_api: ApiClient) -> None:
        answer = library_api.get(f"/api/v1/readers/{CHILD}/home").json()
        shown = [item["book"]["key"] for row in answer["rows"] for item in row["items"]]
        assert len(answer["rows"]) >= 2
        assert len(shown) == len(set(shown))


class TestSimilar:
    def test_answers_books_near_the_book(self, library_api: ApiClient) -> None:
        answer = library_api.get("/api/v1/books/robot-1/similar", age_band="9-11", limit=4).json()
        assert (answer["book"], len(answer["items"])) == ("robot-1", 4)

    def test_hides_a_book_above_the_band(self, library_api: ApiClient) -> None:
        assert library_api.get("/api/v1/books/robot-3/similar", age_band="9-11").status_code == 404
        assert library_api.get("/api/v1/books/robot-3/similar", age_band="adult").status_code == 200

    @pytest.mark.parametrize(("name", "value"), [("age_band", "7"), ("limit", "many"), ("limit", "51")])
    def test_names_the_field_that_is_wrong(self, library_api: ApiClient, name: str, value: str) -> None:
        answer = library_api.get("/api/v1/books/robot-1/similar", **{name: value})
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [name])

    @pytest.mark.parametrize("reader", ["nobody", "a b", "\0"])
    def test_says_that_a_book_may_be_hidden_for_nobody_knows_the_reader(
        self, library_api: ApiClient, reader: str
    ) -> None:
        answer = library_api.get("/api/v1/books/robot-1/similar", reader=reader, age_band="adult")
        assert (answer.status_code, list(answer.json()["fields"])) == (404, ["reader"])
        assert list(library_api.get("/api/v1/books/robot-1/similar", age_band="0-5").json()["fields"]) == []


class TestPopular:
    @pytest.mark.parametrize("reader", ["nobody", "a b", "\0"])
    def test_takes_who_is_not_known_for_the_youngest(self, library_api: ApiClient, reader: str) -> None:
        answer = library_api.get("/api/v1/popular", reader=reader, age_band="adult").json()
        assert (answer["age_band"], answer["items"], answer["audience"]["reader_known"]) == ("0-5", [], False)

    def test_follows_the_reader(self, library_api: ApiClient) -> None:
        profile = library_api.get(f"/api/v1/readers/{CHILD}").json()
        answer = library_api.get("/api/v1/popular", reader=CHILD, age_band="adult").json()
        assert answer["audience"]["age_band"] == answer["age_band"] == profile["age_band"]
        assert answer["audience"]["reader_known"] is True

    @pytest.mark.parametrize("genre", ["dragon", "DRAGON", " Dragon "])
    def test_takes_a_genre_in_any_case(self, library_api: ApiClient, genre: str) -> None:
        items = library_api.get("/api/v1/popular", age_band="adult", genre=genre).json()["items"]
        assert items
        assert all("dragon" in item["book"]["genres"] for item in items)

    def test_takes_who_says_nothing_for_the_youngest(self, library_api: ApiClient) -> None:
        answer = library_api.get("/api/v1/popular").json()
        assert (answer["age_band"], answer["items"]) == ("0-5", [])

    def test_answers_for_a_band(self, library_api: ApiClient) -> None:
        answer = library_api.get("/api/v1/popular", age_band="6-8").json()
        assert {item["book"]["age_band"] for item in answer["items"]} == {"6-8"}

    def test_names_the_genre_that_is_too_long(self, library_api: ApiClient) -> None:
        answer = library_api.get("/api/v1/popular", genre="x" * 61)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["genre"])
