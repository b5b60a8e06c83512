"""Every page of a search is noted as it was shown, and names its note; what is suggested while typing is not."""

from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.catalog.selectors.books import all_book_ids
from apps.events.models import ServedList
from apps.events.services.lists import flush_lists
from apps.readers.selectors import reader_profile
from apps.readers.services import ReaderInput, issue_reader_token, save_reader
from apps.releases.selectors.listing import ReleaseRow
from epicml.audience.bands import AgeBand
from tests.apps.search.library import NOON
from tests.apps.search.searching import searched
from tests.client import ApiClient

SUGGEST, SEARCH = "/api/v1/suggest", "/api/v1/search"


@pytest.fixture
def library_api(live_index_row: ReleaseRow, api: ApiClient) -> ApiClient:
    save_reader(ReaderInput(key="ada", age_band=AgeBand.AGES_12_TO_14), now=NOON)
    return api


def stored() -> dict[UUID, ServedList]:
    """Every list that was noted until now."""
    flush_lists()
    return ServedList.objects.in_bulk()


def shown(answer: Any) -> list[int]:
    """Ids of the books of an answer, in their order."""
    ids = all_book_ids()
    return [ids[item["key"]] for item in answer["items"]]


class TestServedList:
    def test_is_the_page_for_whom_and_from_which_release(
        self, library_api: ApiClient, live_index_row: ReleaseRow
    ) -> None:
        answer = library_api.get(SEARCH, q="harry", reader="ada", page_size=2).json()
        (noted,) = stored().values()
        assert noted.pk == UUID(answer["list_id"])
        assert (noted.surface, noted.reader_id) == ("search", reader_profile("ada").id)
        assert (noted.items, noted.first_position) == (shown(answer), 1)
        assert len(noted.items) == 2
        assert (noted.age_band, noted.release, noted.fallback) == (AgeBand.AGES_12_TO_14, live_index_row.key, "")

    def test_counts_places_on_over_the_pages(self, library_api: ApiClient) -> None:
        pages = [library_api.get(SEARCH, age_band="adult", page=page, page_size=8).json() for page in (1, 2, 4)]
        noted = stored()
        found = [noted[UUID(page["list_id"])] for page in pages]
        assert [each.first_position for each in found] == [1, 9, 25]
        assert [each.items for each in found] == [shown(page) for page in pages]
        assert [len(each.items) for each in found] == [8, 8, 6]

    def test_keeps_no_text_that_was_typed(self, library_api: ApiClient) -> None:
        library_api.get(SEARCH, q="Harry POTTER xyzzy", reader="ada")
        flush_lists()
        (row,) = ServedList.objects.values()
        assert "xyzzy" not in str(row).lower()
        assert "potter" not in str(row).lower()

    def test_says_which_fallback_answered(self, full_library: None, api: ApiClient) -> None:
        api.get(SEARCH, q="harry", age_band="adult")
        (noted,) = stored().values()
        assert (noted.fallback, noted.release) == ("index_unavailable", "")

    def test_is_empty_where_a_search_found_nothing(self, library_api: ApiClient) -> None:
        for query in ({"q": "zq"}, {"q": "?!"}, {"q": "harry", "languages": "tlh"}):
            answer = library_api.get(SEARCH, **query, age_band="adult").json()
            assert (answer["total"], stored()[UUID(answer["list_id"])].items) == (0, [])


class TestWhoseListItIs:
    def test_is_nobodys_where_a_page_names_a_reader_without_proof(
        self, library_api: ApiClient, public_api: ApiClient
    ) -> None:
        for client, reader in ((public_api, "ada"), (library_api, "nobody"), (library_api, "a b"), (library_api, None)):
            client.get(SEARCH, reader=reader)
        assert [(noted.reader_id, noted.age_band) for noted in stored().values()] == [(None, AgeBand.AGES_0_TO_5)] * 4

    def test_is_the_readers_whose_token_was_sent(self, library_api: ApiClient, client_with: Any) -> None:
        page = client_with("search:read", origins=["https://library.example"], highest_band=AgeBand.ADULT)
        page.headers["X-Reader-Token"] = issue_reader_token("ada", seconds=900, now=timezone.now()).token
        assert page.get(SEARCH, q="harry").status_code == 200
        assert [noted.reader_id for noted in stored().values()] == [reader_profile("ada").id]


class TestNoList:
    def test_is_noted_of_suggestions(self, library_api: ApiClient) -> None:
        for text in ("h", "harry", "zq", ""):
            assert library_api.get(SUGGEST, q=text, reader="ada").status_code == 200
        assert stored() == {}

    def test_is_noted_of_a_page_behind_the_last_book(self, library_api: ApiClient) -> None:
        answer = library_api.get(SEARCH, q="harry", age_band="adult", page=7).json()
        assert (answer["items"], answer["list_id"]) == ([], None)
        assert library_api.get(SEARCH, q="zq", age_band="adult", page=2).json()["list_id"] is None
        assert stored() == {}

    def test_is_noted_where_nothing_is_shown(self, library_api: ApiClient) -> None:
        for method, status in (("HEAD", 200), ("OPTIONS", 204)):
            assert library_api.send(method, SEARCH, q="harry", age_band="adult").status_code == status
        assert stored() == {}

    def test_is_noted_of_a_request_that_is_refused(self, library_api: ApiClient) -> None:
        wrong: list[dict[str, Any]] = [{"page": 0}, {"age_band": "7"}, {"q": "a\0b"}, {"unknown": 1}, {"page": 501}]
        refused = [library_api.get(SEARCH, **{"q": "harry", **query}).status_code for query in wrong]
        assert refused == [400, 400, 400, 400, 409]
        assert stored() == {}

    def test_is_noted_of_what_a_program_looks_at(self, live_index_row: ReleaseRow) -> None:
        assert searched("harry").list_id is None
        assert stored() == {}
