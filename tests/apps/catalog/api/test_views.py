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
            (b'{"books": [{"key": "1", "title": "x"}], "m\\u0000": 1}', 400, "body"),
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

    def test_takes_the_keys_in_the_address_for_clients_without_a_body(self, api: ApiClient, now: datetime) -> None:
        save_books([a_book("1"), a_book("2"), a_book("3")], now=now)

        assert api.delete(URL, keys=["1", "2", "none"]).json() == {"deleted": 2}
        assert [card.key for card in shelf().cards] == ["3"]

    @pytest.mark.parametrize(
        ("query", "body", "status", "field"),
        [
            ({"keys": ["1"]}, {"keys": ["2"]}, 409, "keys"),
            ({"keys": [""]}, None, 400, "keys"),
            ({"keys": ["x" * 65]}, None, 400, "keys"),
            ({"key": "1"}, None, 400, "key"),
            ({"key": "1"}, {"keys": ["2"]}, 400, "key"),
            ({}, None, 409, "keys"),
        ],
    )
    def test_deletes_nothing_where_it_is_not_clear_what(
        self, api: ApiClient, now: datetime, query: dict[str, Any], body: object, status: int, field: str
    ) -> None:
        save_books([a_book("1"), a_book("2")], now=now)

        answer = api.delete(URL, body, **query)

        assert (answer.status_code, list(answer.json()["fields"])) == (status, [field])
        assert len(shelf().cards) == 2


class TestOneBook:
    WHOLE = {"title": "Holes", "authors": ["Louis Sachar"], "genres": ["fiction"], "age_band": "9-11", "year": 1998}

    def shown(self, api: ApiClient, key: str) -> dict[str, Any]:
        found: dict[str, Any] = api.get(f"{URL}/{key}", age_band="adult").json()
        return found

    def test_is_added_and_replaced_by_put(self, api: ApiClient) -> None:
        made = api.put(f"{URL}/holes", self.WHOLE)
        assert (made.status_code, made.json()["status"], made.json()["key"]) == (201, "created", "holes")

        replaced = api.put(f"{URL}/holes", {"key": "holes", "title": "Holes", "age_band": "9-11"})

        assert (replaced.status_code, replaced.json()["status"]) == (200, "updated")
        assert (self.shown(api, "holes")["authors"], self.shown(api, "holes")["year"]) == ([], None)

    def test_is_changed_by_patch(self, api: ApiClient) -> None:
        api.put(f"{URL}/holes", self.WHOLE)
        before = self.shown(api, "holes")

        changed = api.patch(f"{URL}/holes", {"year": 1999})

        assert (changed.status_code, changed.json()["status"]) == (200, "updated")
        assert self.shown(api, "holes") == {**before, "year": 1999}
        assert api.patch(f"{URL}/holes", {}).json()["status"] == "unchanged"

    def test_can_be_sent_back_as_it_was_shown(self, api: ApiClient) -> None:
        api.put(f"{URL}/holes", self.WHOLE)

        for send in (api.put, api.patch):
            assert send(f"{URL}/holes", self.shown(api, "holes")).json()["status"] == "unchanged"

    def test_is_deleted_once(self, api: ApiClient) -> None:
        api.put(f"{URL}/holes", self.WHOLE)

        assert api.delete(f"{URL}/holes").json() == {"deleted": 1}
        again = api.delete(f"{URL}/holes")

        assert (again.status_code, again.json()["code"]) == (404, "not_found")

    def test_that_was_deleted_comes_back_by_put_and_not_by_patch(self, api: ApiClient) -> None:
        api.put(f"{URL}/holes", self.WHOLE)
        api.delete(f"{URL}/holes")

        assert api.patch(f"{URL}/holes", {"year": 1999}).status_code == 404
        assert api.patch(URL, {"books": [{"key": "holes", "year": 1999}]}).json()["refused"] == 1
        assert list(shelf().cards) == []
        assert api.put(f"{URL}/holes", self.WHOLE).status_code == 200
        assert [card.key for card in shelf().cards] == ["holes"]

    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    @pytest.mark.parametrize(
        ("body", "status", "field"),
        [
            ({"title": ""}, 400, "title"),
            ({"title": "x", "year": "x"}, 400, "year"),
            ({"title": "x", "audience": "all"}, 400, "audience"),
            ([], 400, "body"),
            # What the document cannot state.
            ({"key": "other", "title": "x"}, 409, "key"),
            ({"title": "x", "isbns": ["9780306406158"]}, 409, "isbns"),
            ({"key": "other", "title": "x", "year": "x"}, 400, "year"),
        ],
    )
    def test_names_what_is_wrong_and_changes_nothing(
        self, api: ApiClient, method: str, body: object, status: int, field: str
    ) -> None:
        api.put(f"{URL}/holes", self.WHOLE)
        before = self.shown(api, "holes")

        answer = api.send(method, f"{URL}/holes", body)

        assert answer.status_code == status
        assert field in answer.json()["fields"]
        assert self.shown(api, "holes") == before

    def test_may_bring_back_whatever_an_answer_said_of_its_audience(self, api: ApiClient) -> None:
        body = b'{"title": "x", "key": null, "audience": {"reader_known": ["\\u0000"]}}'
        assert api.put(f"{URL}/holes", body).status_code == 201

    @pytest.mark.parametrize("key", ["%2e", "%2e%2e", "a%20b", "holes%0A", "%00", "x" * 65, "a@b"])
    def test_has_a_key_that_can_stand_in_an_address(self, api: ApiClient, key: str) -> None:
        assert list(api.put(f"{URL}/{key}", {"title": "x"}).json()["fields"]) == ["key"]
        assert api.delete(f"{URL}/{key}").status_code == 404
        assert api.get(f"{URL}/{key}", age_band="adult").status_code == 404
        assert not Book.objects.exists()

    @pytest.mark.parametrize("address", ["a%2Fb", "a/b", "holes%2Fsimilarly"])
    def test_of_a_key_with_a_slash_is_nowhere(self, api: ApiClient, address: str) -> None:
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            assert api.send(method, f"{URL}/{address}", {"title": "x"}).status_code == 404
        assert not Book.objects.exists()

    def test_differs_from_one_whose_key_differs_by_case(self, api: ApiClient) -> None:
        api.put(f"{URL}/holes", self.WHOLE)
        api.put(f"{URL}/HOLES", {**self.WHOLE, "title": "HOLES"})

        assert api.delete(f"{URL}/HOLES").json() == {"deleted": 1}
        assert [card.key for card in shelf().cards] == ["holes"]
        assert api.get(f"{URL}/Holes", age_band="adult").status_code == 404


class TestMergingAndReplacing:
    """PUT replaces, PATCH merges, POST adds and merges."""

    @pytest.fixture(autouse=True)
    def holes(self, now: datetime) -> None:
        save_books([HOLES], now=now)

    @pytest.mark.parametrize(("method", "keeps"), [("POST", True), ("PATCH", True), ("PUT", False)])
    def test_of_what_is_left_out(self, api: ApiClient, method: str, keeps: bool) -> None:
        before = api.get(f"{URL}/holes", age_band="adult").json()

        sent = {"key": "holes", "title": "Other", "age_band": before["age_band"]}
        assert api.send(method, URL, {"books": [sent]}).json()["updated"] == 1

        after = api.get(f"{URL}/holes", age_band="adult").json()
        assert after["title"] == "Other"
        assert (after["authors"] == before["authors"]) is keeps
        assert (after["genres"] == before["genres"]) is keeps

    @pytest.mark.parametrize(("method", "status"), [("POST", "created"), ("PUT", "created"), ("PATCH", "refused")])
    def test_of_a_book_that_is_not_there(self, api: ApiClient, method: str, status: str) -> None:
        answer = api.send(method, URL, {"books": [{"key": "new", "title": "New"}, {"key": "holes", "title": "Holes"}]})

        first, second = answer.json()["items"]
        assert (answer.status_code, first["status"], second["status"] == "refused") == (200, status, False)
        assert list(first["fields"]) == (["key"] if status == "refused" else [])


@pytest.mark.usefixtures("one_book_per_band")
class TestReadingBooks:
    @pytest.mark.parametrize(("reader", "code"), [("nobody", "reader_unknown"), ("a b", "reader_malformed")])
    def test_takes_who_is_not_known_for_the_youngest_and_says_so(self, api: ApiClient, reader: str, code: str) -> None:
        listed = api.get(URL, reader=reader, age_band="adult")
        one = api.get(f"{URL}/b0-5", reader=reader, age_band="adult")
        hidden = api.get(f"{URL}/badult", reader=reader, age_band="adult")

        assert keys(listed) == ["b0-5"]
        for answer in (listed, one):
            audience = answer.json()["audience"]
            assert (audience["age_band"], audience["reader_known"]) == ("0-5", False)
            assert [notice["code"] for notice in audience["notices"]] == [code]
        assert (hidden.status_code, list(hidden.json()["fields"])) == (404, ["reader"])

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

    def test_does_not_find_withdrawn_or_unknown_books(self, api: ApiClient, now: datetime) -> None:
        delete_books(["b0-5"], now=now)

        assert api.get(f"{URL}/b0-5").status_code == 404
        assert api.get(f"{URL}/%00").status_code == 404

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"page": 0}, "page"),
            ({"page_size": 101}, "page_size"),
            ({"page": "9" * 40}, "page"),
            ({"age_band": "all"}, "age_band"),
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
