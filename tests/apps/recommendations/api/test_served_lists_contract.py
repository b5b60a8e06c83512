"""Every list that is answered is noted as it was shown, and names its note."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from apps.catalog.selectors.books import all_book_ids
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.events.models import ServedList
from apps.events.selectors import lists_of_reader
from apps.events.services.lists import flush_lists
from apps.readers.selectors import reader_profile
from apps.readers.services import ReaderInput, issue_reader_token, save_reader
from apps.recommendations.services import answers
from apps.recommendations.services.lists.explain import explain
from apps.releases.selectors.listing import ReleaseRow
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON
from tests.client import ApiClient

CHILD = "dragon-reader-1"  # 9 to 11
SURFACES = {
    "recommendations": f"/api/v1/readers/{CHILD}/recommendations",
    "similar": f"/api/v1/books/robot-1/similar?reader={CHILD}",
    "popular": f"/api/v1/popular?reader={CHILD}",
}
REFUSED = {
    f"/api/v1/readers/{CHILD}/recommendations?limit=0": 400,
    f"/api/v1/readers/{CHILD}/home?page=2": 400,
    "/api/v1/readers/nobody/recommendations": 404,
    "/api/v1/readers/nobody/home": 404,
    "/api/v1/books/robot-3/similar?age_band=9-11": 404,
    "/api/v1/books/robot-1/similar?age_band=7": 400,
    "/api/v1/popular?genre=": 400,
}


def stored() -> dict[UUID, ServedList]:
    """Every list that was noted until now."""
    flush_lists()
    return ServedList.objects.in_bulk()


def shown(items: list[dict[str, Any]]) -> list[int]:
    """Ids of the books of an answer, in their order."""
    ids = all_book_ids()
    return [ids[item["book"]["key"]] for item in items]


def lists_in(answer: Any) -> Iterator[tuple[str | None, list[dict[str, Any]]]]:
    """Id and items of the list, or of each row."""
    for found in answer.get("rows", [answer]):
        yield found["list_id"], found["items"]


@pytest.fixture
def library_api(full_library: None, api: ApiClient) -> ApiClient:
    """Of a library whose readers are answered without a model."""
    return api


class TestServedList:
    def test_is_what_left_for_whom_and_from_which_release(self, live_model: ReleaseRow, api: ApiClient) -> None:
        for surface, address in SURFACES.items():
            answer = api.get(address).json()
            noted = stored()[UUID(answer["list_id"])]
            assert (noted.surface, noted.age_band, noted.first_position) == (surface, AgeBand.AGES_9_TO_11, 1)
            assert noted.reader_id == reader_profile(CHILD).id
            assert noted.items == shown(answer["items"])
            assert len(noted.items) == 10
            assert (noted.release, noted.fallback, noted.arms, noted.propensities) == (live_model.key, "", {}, None)
        assert len(stored()) == len(SURFACES)

    def test_is_one_for_each_row_of_a_home_page(self, live_model: ReleaseRow, api: ApiClient) -> None:
        answer = api.get(f"/api/v1/readers/{CHILD}/home", limit=4).json()
        noted = stored()
        assert {str(pk) for pk in noted} == {row["list_id"] for row in answer["rows"]}
        for row in answer["rows"]:
            found = noted[UUID(row["list_id"])]
            assert found.surface == f"home/{row['key'].partition(':')[0]}"
            assert found.items == shown(row["items"])
            assert (found.release, found.reader_id) == (live_model.key, reader_profile(CHILD).id)
        assert noted.keys() == {found.id for found in lists_of_reader(reader_profile(CHILD).id, limit=50)}

    def test_is_a_new_one_each_time(self, library_api: ApiClient) -> None:
        ids = [library_api.get(address).json()["list_id"] for address in SURFACES.values() for _ in range(2)]
        assert {str(pk) for pk in stored()} == set(ids)
        assert len(set(ids)) == 6

    def test_says_which_fallback_answered(self, library_api: ApiClient) -> None:
        for address in (*SURFACES.values(), f"/api/v1/readers/{CHILD}/home"):
            library_api.get(address)
        assert {(noted.fallback, noted.release) for noted in stored().values()} == {("model_unavailable", "")}

    def test_says_that_a_book_was_newer_than_the_model(self, live_model: ReleaseRow, api: ApiClient) -> None:
        save_books([BookInput(key="new", title="New", genres=("robot",), age_band=AgeBand.AGES_6_TO_8)], now=NOON)
        answer = api.get("/api/v1/books/new/similar", age_band="adult").json()
        (noted,) = stored().values()
        assert (answer["fallback"], noted.fallback) == ("book_not_in_model", "book_not_in_model")

    def test_is_there_for_nobody_in_particular(self, library_api: ApiClient) -> None:
        library_api.get("/api/v1/popular", age_band="adult")
        library_api.get("/api/v1/books/robot-1/similar", age_band="15-17")
        assert sorted((noted.reader_id, noted.age_band) for noted in stored().values()) == [
            (None, AgeBand.AGES_15_TO_17),
            (None, AgeBand.ADULT),
        ]


class TestWhoseListItIs:
    def test_is_nobodys_where_a_page_names_a_reader_without_proof(
        self, full_library: None, public_api: ApiClient
    ) -> None:
        save_books([BookInput(key="tiny", title="Tiny", age_band=AgeBand.AGES_0_TO_5)], now=NOON)
        answer = public_api.get("/api/v1/popular", reader=CHILD).json()
        (noted,) = stored().values()
        assert (answer["list_id"], noted.reader_id, noted.age_band) == (str(noted.pk), None, AgeBand.AGES_0_TO_5)

    def test_is_the_readers_whose_token_was_sent(self, full_library: None, client_with: Any) -> None:
        page = client_with("recommendations:read", origins=["https://library.example"], highest_band=AgeBand.ADULT)
        page.headers["X-Reader-Token"] = issue_reader_token(CHILD, seconds=900, now=timezone.now()).token
        answers_of_page = [page.get("/api/v1/popular"), page.get("/api/v1/books/robot-1/similar")]
        answers_of_page.append(page.get(f"/api/v1/readers/{CHILD}/recommendations"))
        assert [answer.status_code for answer in answers_of_page] == [200] * 3
        assert [noted.reader_id for noted in stored().values()] == [reader_profile(CHILD).id] * 3

    def test_is_nobodys_where_no_reader_has_the_name(self, library_api: ApiClient) -> None:
        save_books([BookInput(key="tiny", title="Tiny", age_band=AgeBand.AGES_0_TO_5)], now=NOON)
        for reader in ("nobody", "a b"):
            library_api.get("/api/v1/popular", reader=reader)
        assert [noted.reader_id for noted in stored().values()] == [None, None]


class TestNoList:
    def test_is_noted_or_named_where_there_is_no_book(self, library_api: ApiClient) -> None:
        answer = library_api.get("/api/v1/popular").json()  # none of these books is for the youngest
        assert (answer["items"], answer["list_id"]) == ([], None)
        save_reader(ReaderInput(key="young", age_band=AgeBand.AGES_0_TO_5), now=NOON)
        assert library_api.get("/api/v1/readers/young/recommendations").json()["list_id"] is None
        assert library_api.get("/api/v1/readers/young/home").json()["rows"] == []
        assert stored() == {}

    def test_is_noted_where_nothing_is_shown(self, library_api: ApiClient) -> None:
        for method, status in (("HEAD", 200), ("OPTIONS", 204)):
            for address in (*SURFACES.values(), f"/api/v1/readers/{CHILD}/home"):
                assert library_api.send(method, address).status_code == status
        assert stored() == {}

    def test_is_noted_of_a_request_that_is_refused(self, library_api: ApiClient, client_with: Any) -> None:
        assert {address: library_api.get(address).status_code for address in REFUSED} == REFUSED
        stranger = client_with("search:read")
        assert [stranger.get(address).status_code for address in SURFACES.values()] == [403] * 3
        assert stored() == {}

    def test_is_noted_of_what_staff_or_a_program_looks_at(self, full_library: None, admin_client: Client) -> None:
        assert admin_client.get(f"/admin/recommendations/readers/{CHILD}/").status_code == 200
        explain(CHILD, limit=10, now=NOON)
        assert answers.recommend(CHILD, limit=10, now=NOON).list_id is None
        assert {row.list_id for row in answers.home_page(CHILD, size=4, now=NOON).rows} == {None}
        assert stored() == {}
