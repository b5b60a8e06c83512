from collections.abc import Callable

import pytest

from apps.releases.selectors.listing import ReleaseRow
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

    @pytest.mark.parametrize(
        ("name", "value"), [("age_band", "7"), ("reader", "a b"), ("reader", "\0"), ("limit", "many")]
    )
    def test_names_the_field_that_is_wrong(self, library_api: ApiClient, name: str, value: str) -> None:
        answer = library_api.get("/api/v1/books/robot-1/similar", **{name: value})
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [name])


class TestPopular:
    def test_takes_who_says_nothing_for_the_youngest(self, library_api: ApiClient) -> None:
        answer = library_api.get("/api/v1/popular").json()
        assert (answer["age_band"], answer["items"]) == ("0-5", [])

    def test_answers_for_a_band(self, library_api: ApiClient) -> None:
        answer = library_api.get("/api/v1/popular", age_band="6-8").json()
        assert {item["book"]["age_band"] for item in answer["items"]} == {"6-8"}

    def test_names_the_genre_that_is_too_long(self, library_api: ApiClient) -> None:
        answer = library_api.get("/api/v1/popular", genre="x" * 65)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["genre"])
