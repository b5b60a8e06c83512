import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rest_framework import serializers

from apps.catalog.services.books import save_books
from apps.readers.services import ReaderInput, save_reader
from apps.releases.selectors.listing import ReleaseRow
from apps.search.api import schema
from apps.search.services.applying import apply_changes
from epicml.audience.bands import AgeBand
from tests.apps.search.damages import remove_copies
from tests.apps.search.library import NOON, books
from tests.client import ApiClient

SUGGEST, SEARCH = "/api/v1/suggest", "/api/v1/search"
BOTH = pytest.mark.parametrize("url", [SUGGEST, SEARCH])
SYNTAX = (
    *("+", "-", '"', "(", ")", "*", ":", "^", "~", "[", "]", "{", "}", "AND", "OR", "NOT", "/", "\\", "?", "%", "_"),
    *('"holes', "title:holes", "hol*", "holes~2", "holes^9", "[a TO z]", "{a TO *}", "-holes", "+holes", "(holes"),
    *("NOT holes", "holes AND", "OR OR", "AND NOT OR", "'; DROP TABLE x; --", "{{holes}}", "${holes}", "<b>holes</b>"),
)


@pytest.fixture
def library_api(live_index_row: ReleaseRow, api: ApiClient) -> ApiClient:
    return api


def names_of(shape: type[serializers.Serializer[Any]]) -> set[str]:
    """The fields that the documentation of the API promises."""
    return set(shape().fields)


class TestSuggest:
    def test_answers_in_the_shape_that_is_documented(self, library_api: ApiClient, live_index_row: ReleaseRow) -> None:
        answer = library_api.get(SUGGEST, q="harry p", age_band="adult", limit=3).json()
        assert set(answer) == names_of(schema.SuggestAnswer)
        assert (answer["query"], answer["fallback"], answer["release"]) == ("harry p", None, live_index_row.key)
        assert [found["kind"] for found in answer["suggestions"]] == ["book", "book", "book", "series"]
        for found in answer["suggestions"]:
            assert set(found) == names_of(schema.Suggestion)
        assert set(answer["suggestions"][0]["book"]) == names_of(schema.FoundBook)
        assert answer["suggestions"][0] | {"book": None} == {
            "kind": "book",
            "key": "potter1",
            "text": "Harry Potter and the Sorcerer's Stone",
            "highlight": [[0, 5], [6, 7]],
            "detail": "J.K. Rowling",
            "corrected": False,
            "book": None,
        }
        assert answer["suggestions"][-1]["book"] is None

    def test_takes_a_blank_at_the_end_for_the_end_of_the_word(self, library_api: ApiClient) -> None:
        open_word = library_api.get(SUGGEST, q="it", age_band="adult").json()["suggestions"]
        whole_word = library_api.get(SUGGEST, q="it ", age_band="adult").json()["suggestions"]
        assert [found["key"] for found in open_word] == ["it", "italy"]
        assert [found["key"] for found in whole_word] == ["it"]

    @pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "  "}])
    def test_suggests_nothing_where_nothing_is_typed(self, library_api: ApiClient, query: dict[str, str]) -> None:
        answer = library_api.get(SUGGEST, **query)
        assert (answer.status_code, answer.json()["suggestions"], answer.json()["searchable"]) == (200, [], False)

    def test_says_what_may_have_been_meant(self, library_api: ApiClient) -> None:
        answer = library_api.get(SUGGEST, q="hary poter", age_band="adult").json()
        assert answer["did_you_mean"] == "harry potter"
        assert {found["corrected"] for found in answer["suggestions"]} == {True}

    @pytest.mark.parametrize(
        ("name", "value"),
        [("limit", value) for value in ("0", "51", "-1", "x", "1e3", "9" * 30, "")]
        + [("q", "x" * 201), ("q", "a\0b"), ("age_band", "7"), ("page", "2")],
    )
    def test_names_the_field_that_is_wrong(self, api: ApiClient, name: str, value: str) -> None:
        answer = api.get(SUGGEST, **{name: value})
        assert (answer.status_code, answer.json()["code"], list(answer.json()["fields"])) == (400, "invalid", [name])


class TestSearch:
    def test_answers_in_the_shape_that_is_documented(self, library_api: ApiClient, live_index_row: ReleaseRow) -> None:
        answer = library_api.get(SEARCH, q="hary potter", age_band="adult", page_size=2).json()
        assert set(answer) == names_of(schema.SearchAnswer)
        assert (answer["query"], answer["did_you_mean"]) == ("hary potter", "harry potter")
        assert (answer["fallback"], answer["release"]) == (None, live_index_row.key)
        assert (answer["page"], answer["page_size"], answer["total"], len(answer["items"])) == (1, 2, 4, 2)
        item = answer["items"][0]
        assert set(item) == names_of(schema.SearchItem)
        assert set(item["highlights"]) == names_of(schema.Highlights)
        assert item["highlights"]["title"][:2] == [[0, 5], [6, 12]]
        assert item["highlights"]["authors"] == [[]]
        assert set(answer["facets"]) == names_of(schema.Facets)
        for facets in answer["facets"].values():
            assert all(set(facet) == names_of(schema.Facet) for facet in facets)

    def test_filters_by_repeated_fields(self, library_api: ApiClient) -> None:
        answer = library_api.get(
            SEARCH, q="harry", age_band="adult", languages=["de", "en"], reading_levels=["6"], genres=["magic"]
        ).json()
        assert [item["key"] for item in answer["items"]] == ["potter1", "potter3", "potter2", "potter1-de"]
        chosen = {name: [f["value"] for f in facets if f["selected"]] for name, facets in answer["facets"].items()}
        assert chosen == {"age_bands": [], "reading_levels": ["6"], "languages": ["en", "de"], "genres": ["magic"]}

    @pytest.mark.parametrize("written", ["de", "DE", "deu", "ger", "GER", "de-AT", "de_CH"])
    def test_takes_a_language_as_a_book_may_be_written_with_it(self, library_api: ApiClient, written: str) -> None:
        answer = library_api.get(SEARCH, age_band="adult", languages=written).json()
        assert {item["language"] for item in answer["items"]} == {"de"}
        assert [f["value"] for f in answer["facets"]["languages"] if f["selected"]] == ["de"]

    @pytest.mark.parametrize("written", ["magic", "MAGIC", "Magic", " magic "])
    def test_takes_a_genre_in_any_case(self, library_api: ApiClient, written: str) -> None:
        found = library_api.get(SEARCH, age_band="adult", genres=written).json()
        assert found["total"] > 0
        assert all("magic" in item["genres"] for item in found["items"])
        assert [f["value"] for f in found["facets"]["genres"] if f["selected"]] == ["magic"]

    @pytest.mark.parametrize("query", [{"languages": "tlh"}, {"genres": "nobody writes this"}])
    def test_finds_nothing_for_a_filter_that_no_book_has(self, library_api: ApiClient, query: dict[str, str]) -> None:
        answer = library_api.get(SEARCH, age_band="adult", **query)
        assert (answer.status_code, answer.json()["total"]) == (200, 0)

    @pytest.mark.parametrize("query", [{}, {"q": ""}])
    def test_browses_where_no_text_is_given(self, library_api: ApiClient, query: dict[str, str]) -> None:
        answer = library_api.get(SEARCH, age_band="adult", **query).json()
        assert (answer["total"], answer["searchable"]) == (30, True)

    def test_pages_through_every_book(self, library_api: ApiClient) -> None:
        pages = [library_api.get(SEARCH, age_band="adult", page=page, page_size=8).json() for page in (1, 2, 3, 4)]
        keys = [item["key"] for page in pages for item in page["items"]]
        assert len(keys) == len(set(keys)) == pages[0]["total"] == 30

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("page", "0"),
            ("page", "x"),
            ("page_size", "101"),
            ("page_size", "0"),
            ("q", "x" * 201),
            ("q", "a\0b"),
            ("age_band", "12"),
            ("age_bands", "child"),
            ("reading_levels", "0"),
            ("reading_levels", "13"),
            ("reading_levels", "1.5"),
            ("reading_levels", "\u0661"),
            ("languages", "English!"),
            ("languages", " de"),
            ("age_bands", "9-11 "),
            ("reading_levels", " 6"),
            ("languages", "x" * 21),
            ("languages", ["en", "e"]),
            ("genres", "x" * 61),
            ("genres", [f"g{number}" for number in range(51)]),
            ("limit", "5"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, api: ApiClient, name: str, value: str) -> None:
        answer = api.get(SEARCH, **{name: value})
        assert (answer.status_code, answer.json()["code"], list(answer.json()["fields"])) == (400, "invalid", [name])

    def test_has_no_page_behind_the_first_10_000_books(self, api: ApiClient) -> None:
        answer = api.get(SEARCH, page=501, page_size=20)
        assert (answer.status_code, list(answer.json()["fields"])) == (409, ["page"])
        assert api.get(SEARCH, page=500, page_size=20).status_code == 200

    def test_names_every_field_that_is_wrong_at_once(self, api: ApiClient) -> None:
        fields = api.get(SEARCH, page="0", age_band="x", reading_levels="99").json()["fields"]
        assert set(fields) == {"page", "age_band", "reading_levels"}


@BOTH
class TestBoth:
    def test_take_who_says_nothing_for_the_youngest(self, library_api: ApiClient, url: str) -> None:
        for query in ("the", "harry", "dragon", "king"):
            assert bands(library_api.get(url, q=query).json()) <= {"0-5"}
        assert bands(library_api.get(url, q="the").json()) == {"0-5"}

    def test_never_exceed_the_band_of_the_reader(self, library_api: ApiClient, url: str) -> None:
        save_reader(ReaderInput(key="ada", age_band=AgeBand.AGES_6_TO_8), now=NOON)
        answer = library_api.get(url, q="dragon", reader="ada", age_band="adult").json()
        assert bands(answer) == {"6-8"}

    @pytest.mark.parametrize(
        ("reader", "code"),
        [
            ("nobody", "reader_unknown"),
            ("a b", "reader_malformed"),
            ("", "reader_malformed"),
            ("\0", "reader_malformed"),
        ],
    )
    def test_answer_for_the_youngest_where_nobody_knows_the_reader(
        self, library_api: ApiClient, url: str, reader: str, code: str
    ) -> None:
        answer = library_api.get(url, q="the", reader=reader, age_band="adult")
        assert (answer.status_code, bands(answer.json())) == (200, {"0-5"})
        audience = answer.json()["audience"]
        assert (audience["age_band"], audience["reader_known"]) == ("0-5", False)
        assert [(notice["code"], notice["field"]) for notice in audience["notices"]] == [(code, "reader")]

    def test_say_for_whom_they_are(self, library_api: ApiClient, url: str) -> None:
        save_reader(ReaderInput(key="ada", age_band=AgeBand.AGES_6_TO_8), now=NOON)
        said = {
            (reader, band): library_api.get(url, q="the", reader=reader, age_band=band).json()["audience"]
            for reader in (None, "ada")
            for band in (None, "0-5", "adult")
        }
        short = {
            asked: (found["age_band"], found["reader_known"], [notice["code"] for notice in found["notices"]])
            for asked, found in said.items()
        }
        assert short == {
            (None, None): ("0-5", None, ["nobody_named"]),
            (None, "0-5"): ("0-5", None, []),
            (None, "adult"): ("adult", None, []),
            ("ada", None): ("6-8", True, []),
            ("ada", "0-5"): ("0-5", True, []),
            ("ada", "adult"): ("6-8", True, ["age_band_lowered"]),
        }

    def test_take_the_syntax_of_query_languages_for_plain_text(self, library_api: ApiClient, url: str) -> None:
        for fragment in SYNTAX:
            answer = library_api.get(url, q=fragment, age_band="adult")
            assert (answer.status_code, answer.json()["query"], answer.json()["fallback"]) == (200, fragment, None)
            words = library_api.get(url, q=re.sub("[^A-Za-z0-9]", " ", fragment), age_band="adult")
            assert keys(answer.json()) == keys(words.json()), fragment
            assert answer.json()["searchable"] == (re.search("[A-Za-z0-9]", fragment) is not None)

    @pytest.mark.parametrize(
        "text",
        [
            *("\N{GRINNING FACE}", "\\", "&", "   ", "\u00a0", "\u200b", "?!", "\N{SOFT HYPHEN}"),
            *("\u2028", "\u2003 \u3000", "\u202e", "\u3164"),
        ],
    )
    def test_find_nothing_where_there_is_nothing_to_search_for_and_say_so(
        self, library_api: ApiClient, url: str, text: str
    ) -> None:
        answer = library_api.get(url, q=text, age_band="adult")
        assert (answer.status_code, answer.json()["searchable"], keys(answer.json())) == (200, False, [])

    @pytest.mark.parametrize("text", ["minecraft", "roblox", "zzzz"])
    def test_find_nothing_rather_than_something_else(self, library_api: ApiClient, url: str, text: str) -> None:
        answer = library_api.get(url, q=text, age_band="adult").json()
        assert (answer["searchable"], answer["did_you_mean"], keys(answer)) == (True, None, [])

    def test_find_a_book_by_its_isbn_and_nothing_by_an_unknown_one(self, library_api: ApiClient, url: str) -> None:
        save_books([replace(books()[0], isbns=("9780399226908",))], now=NOON)
        apply_changes()
        for text in ("9780399226908", "978-0-399-22690-8", "0-399-22690-7", "0399226907", "97803992"):
            answer = library_api.get(url, q=text, age_band="0-5").json()
            assert (keys(answer), answer["did_you_mean"]) == (["hungry"], None), text
            assert books_of(answer)[0]["isbns"] == ["9780399226908"]
        assert keys(library_api.get(url, q="9780399226909", age_band="adult").json()) == []

    def test_take_every_word_for_a_beginning(self, library_api: ApiClient, url: str) -> None:
        assert keys(library_api.get(url, q="hung cate", age_band="0-5").json()) == ["hungry"]

    def test_let_a_public_key_read(self, live_index_row: ReleaseRow, public_api: ApiClient, url: str) -> None:
        answer = public_api.get(url, q="hungry", age_band="adult")
        assert (answer.status_code, keys(answer.json())[0]) == (200, "hungry")
        assert answer.headers["Access-Control-Allow-Origin"] == "https://library.example"
        assert keys(public_api.get(url, q="holes", age_band="adult").json()) == []  # above the youngest

    def test_need_the_scope(self, live_index_row: ReleaseRow, client_with: Callable[..., ApiClient], url: str) -> None:
        refused = client_with("recommendations:read").get(url, q="holes")
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
        assert "search:read" in refused.json()["message"]
        assert client_with("search:read").get(url, q="holes").status_code == 200

    def test_need_a_key(self, anonymous_api: ApiClient, url: str) -> None:
        assert anonymous_api.get(url, q="holes").status_code == 401

    def test_only_read(self, library_api: ApiClient, url: str) -> None:
        assert library_api.post(url, {"q": "holes"}).status_code in (403, 405)

    def test_say_that_the_database_answers(self, full_library: None, api: ApiClient, url: str) -> None:
        answer = api.get(url, q="holes", age_band="adult").json()
        assert (answer["fallback"], answer["release"], keys(answer)[0]) == ("index_unavailable", None, "holes")

    def test_answer_from_sealed_files_where_there_is_no_copy(
        self, library_api: ApiClient, live_index_row: ReleaseRow, url: str
    ) -> None:
        remove_copies()
        answer = library_api.get(url, q="holes", age_band="adult").json()
        assert (answer["fallback"], answer["release"]) == (None, live_index_row.key)


def books_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The books of either answer."""
    found = [suggestion["book"] for suggestion in answer.get("suggestions", []) if suggestion["book"]]
    return [*found, *answer.get("items", [])]


def keys(answer: dict[str, Any]) -> list[str]:
    return [book["key"] for book in books_of(answer)]


def bands(answer: dict[str, Any]) -> set[str]:
    return {book["age_band"] for book in books_of(answer)}
