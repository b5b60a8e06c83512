from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from apps.catalog.models import Book
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import delete_books, save_books
from apps.readers.services import ReaderInput, save_reader
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import HOLES, a_book
from tests.client import ApiClient

pytestmark = pytest.mark.django_db

URL = "/api/v1/books"


@pytest.fixture
def one_book_per_band(now: datetime) -> None:
    save_books([a_book(f"b{band.code}", age_band=band) for band in AgeBand], now=now)


def keys(answer: Any) -> list[str]:
    return [item["key"] for item in answer.json()["items"]]


class TestSavingBooks:
    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_answers_for_each_book(self, api: ApiClient, method: str) -> None:
        books = [
            {"key": "1", "title": "Holes", "age_band": "9-11"},
            {"key": "2"},
            "no book",
            {"key": "a b", "title": "x"},
        ]

        answer = api.send(method, URL, {"books": books})

        assert answer.status_code == 200
        body = answer.json()
        assert [(item["key"], item["status"]) for item in body["items"]] == [
            ("1", "created"),
            ("2", "refused"),
            (None, "refused"),
            (None, "refused"),
        ]
        assert list(body["items"][1]["fields"]) == ["title"]
        assert (body["created"], body["refused"]) == (1, 3)
        assert [card.key for card in shelf().cards] == ["1"]

    def test_gives_back_the_whole_book_as_it_was_sent(self, api: ApiClient, now: datetime) -> None:
        save_books([HOLES], now=now)
        book = api.get(f"{URL}/holes", age_band="adult").json()

        assert api.put(URL, {"books": [book]}).json()["unchanged"] == 1

    def test_tells_the_age_band_from_genres_and_takes_books_without_for_adult(self, api: ApiClient) -> None:
        tags = ["children", "childrens", "children-s", "childrens-books", "children-s-lit", "children-picture-books"]
        api.post(URL, {"books": [{"key": "1", "title": "x", "genres": tags}, {"key": "2", "title": "x"}]})

        assert [card.age_band for card in shelf().cards] == [AgeBand.AGES_0_TO_5, AgeBand.ADULT]

    def test_writes_languages_in_one_way(self, api: ApiClient) -> None:
        api.post(URL, {"books": [{"key": "1", "title": "x", "language": "en-GB"}, {"key": "2", "title": "x"}]})

        assert [card.language for card in shelf().cards] == ["en", "und"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("title", "x" * 501),
            ("title", "a\u0007b"),
            ("title", 7),
            ("authors", "Sachar"),
            ("authors", [None]),
            ("authors", ["x"] * 61),
            ("year", 10**9),
            ("year", "1998"),
            ("reading_level", 0),
            ("reading_level", 13),
            ("popularity", -1),
            ("popularity", 2**31),
            ("average_rating", 5.1),
            ("series_number", -1),
            ("age_band", "children"),
            ("age_band", 2),
            ("language", "English!"),
            ("genres", {"a": 1}),
            ("colour", "red"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, api: ApiClient, field: str, value: object) -> None:
        answer = api.post(URL, {"books": [{"key": "1", "title": "x", field: value}]})

        item = answer.json()["items"][0]
        assert (answer.status_code, item["status"]) == (200, "refused")
        assert list(item["fields"]) == [field]
        assert not Book.objects.exists()

    @pytest.mark.parametrize(
        ("body", "status", "field"),
        [
            ({}, 400, "books"),
            ({"books": []}, 400, "books"),
            ({"books": {}}, 400, "books"),
            ([], 400, "body"),
            ({"books": [{}] * 1001}, 400, "books"),
            ({"books": [{"key": "1", "title": "x"}], "more": 1}, 400, "more"),
            (b"{", 400, "body"),
            (b'{"books": [{"key": "1", "title": "\\u0000"}]}', 400, "title"),
            (b'{"books": [{"key": "1", "title": "\\ud800"}]}', 400, "body"),
            (b"[" * 3000, 400, "body"),
            (b"x" * 1_100_000, 413, None),
        ],
    )
    def test_refuses_a_body_that_is_no_batch(
        self, api: ApiClient, body: object, status: int, field: str | None
    ) -> None:
        answer = api.post(URL, body)

        assert answer.status_code == status
        assert field is None or field in answer.json()["fields"]
        assert not Book.objects.exists()


class TestDeletingBooks:
    def test_withdraws_them(self, api: ApiClient, now: datetime) -> None:
        save_books([a_book("1"), a_book("2")], now=now)

        answer = api.delete(URL, {"keys": ["1", "none"]})

        assert answer.json() == {"deleted": 1}
        assert api.get(f"{URL}/1", age_band="adult").status_code == 404

    @pytest.mark.parametrize("body", [{}, {"keys": "1"}, {"keys": [1]}, {"keys": ["x" * 65]}, {"keys": ["1"] * 1001}])
    def test_needs_a_list_of_keys(self, api: ApiClient, body: object) -> None:
        answer = api.delete(URL, body)

        assert answer.status_code == 400
        assert "keys" in answer.json()["fields"]


@pytest.mark.usefixtures("one_book_per_band")
class TestReadingBooks:
    def test_shows_who_says_nothing_what_the_youngest_may_see(self, api: ApiClient) -> None:
        assert keys(api.get(URL)) == ["b0-5"]

    @pytest.mark.parametrize("band", AgeBand)
    def test_shows_a_band_what_it_may_see(self, api: ApiClient, band: AgeBand) -> None:
        expected = [f"b{other.code}" for other in AgeBand if other <= band]

        assert keys(api.get(URL, age_band=band.code)) == expected
        for other in AgeBand:
            status = api.get(f"{URL}/b{other.code}", age_band=band.code).status_code
            assert status == (200 if other <= band else 404)

    def test_shows_a_reader_what_the_lower_of_both_bands_allows(self, api: ApiClient, now: datetime) -> None:
        save_reader(ReaderInput(key="r1", age_band=AgeBand.AGES_6_TO_8), now=now)

        assert keys(api.get(URL, reader="r1", age_band="adult")) == ["b0-5", "b6-8"]
        assert keys(api.get(URL, reader="r1", age_band="0-5")) == ["b0-5"]
        assert api.get(f"{URL}/b9-11", reader="r1").status_code == 404

    def test_follows_a_reader_whose_band_was_lowered(self, api: ApiClient, now: datetime) -> None:
        save_reader(ReaderInput(key="r1", age_band=AgeBand.ADULT), now=now)
        assert api.get(f"{URL}/badult", reader="r1").status_code == 200

        save_reader(ReaderInput(key="r1", age_band=AgeBand.AGES_9_TO_11), now=now)
        assert api.get(f"{URL}/badult", reader="r1").status_code == 404

    def test_cuts_pages(self, api: ApiClient) -> None:
        answer = api.get(URL, age_band="adult", page=2, page_size=4).json()

        assert (answer["page"], answer["page_size"], answer["total"]) == (2, 4, 6)
        assert [item["key"] for item in answer["items"]] == ["b15-17", "badult"]

    def test_does_not_find_withdrawn_or_unknown_books_and_readers(self, api: ApiClient, now: datetime) -> None:
        delete_books(["b0-5"], now=now)

        assert api.get(f"{URL}/b0-5").status_code == 404
        assert api.get(f"{URL}/%00").status_code == 404
        assert api.get(URL, reader="nobody").json()["code"] == "not_found"

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"page": 0}, "page"),
            ({"page_size": 101}, "page_size"),
            ({"page": "9" * 40}, "page"),
            ({"age_band": "all"}, "age_band"),
            ({"reader": "a\0"}, "reader"),
            ({"sort": "title"}, "sort"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, api: ApiClient, query: dict[str, object], field: str) -> None:
        answer = api.get(URL, **query)

        assert answer.status_code == 400
        assert field in answer.json()["fields"]


class TestScopes:
    def test_of_reading_do_not_allow_writing(self, client_with: Callable[..., ApiClient]) -> None:
        reader = client_with("catalog:read")

        assert reader.get(URL).status_code == 200
        assert reader.post(URL, {"books": []}).status_code == 403
        assert reader.delete(URL, {"keys": ["1"]}).status_code == 403

    def test_are_needed(self, anonymous_api: ApiClient) -> None:
        assert anonymous_api.get(URL).status_code == 401
