"""Lists that clients show by themselves, as they report them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.catalog.selectors.books import all_book_ids
from apps.catalog.services.books import save_books
from apps.events.models import Event, ServedList
from apps.events.selectors import served_list
from apps.readers.selectors import all_reader_ids
from apps.readers.services import issue_reader_token
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]
URL, EVENTS = "/api/v1/lists", "/api/v1/events"
PAGE = "https://library.example"


def shelf(**changes: Any) -> dict[str, Any]:
    return {"list_id": "l1", "surface": "editorial/summer", "reader": "r1", "books": ["b3", "b1"], **changes}


def outcomes(client: ApiClient, *lists: Any) -> list[tuple[str, str | None]]:
    """What became of each, and the field that was wrong."""
    answer = client.post(URL, {"lists": list(lists)})
    assert answer.status_code == 200, answer.content
    return [(item["status"], item["field"]) for item in answer.json()["items"]]


def page_of(client_with: Callable[..., ApiClient], reader: str | None, **limits: Any) -> ApiClient:
    """A page with a public key of its own, and the token of a reader."""
    key = client_with("events:write", origins=[PAGE], **{"highest_band": AgeBand.ADULT, **limits})
    if reader is None:
        return key
    token = issue_reader_token(reader, seconds=900, now=timezone.now()).token
    return ApiClient(key.secret, headers={**key.headers, "X-Reader-Token": token})


class TestSendingLists:
    def test_stores_a_list_as_it_was_shown(self, api: ApiClient) -> None:
        sent = shelf(first_position=11, age_band="6-8", served_at="2026-11-20T08:00:00+01:00")
        answer = api.post(URL, {"lists": [sent, shelf(), shelf(books=["nothing"], list_id="l2"), None]})
        assert answer.json() == {
            "items": [
                {"status": "stored", "list_id": "l1", "reason": None, "field": None},
                {"status": "duplicate", "list_id": "l1", "reason": None, "field": None},
                {"status": "refused", "list_id": "l2", "reason": "There is no book 'nothing'.", "field": "books"},
                {"status": "refused", "list_id": None, "reason": "This must be an object.", "field": ""},
            ],
            "stored": 1,
            "duplicate": 1,
            "refused": 2,
        }
        row = ServedList.objects.get()
        ids = all_book_ids()
        assert (row.surface, row.reader_id, row.items) == (
            "editorial/summer",
            all_reader_ids()["r1"],
            [ids["b3"], ids["b1"]],
        )
        assert (row.first_position, row.age_band, row.sent_id) == (11, AgeBand.AGES_6_TO_8, "l1")
        assert row.served_at.isoformat() == "2026-11-20T07:00:00+00:00"
        assert row.sender != ""

    def test_makes_an_id_where_none_is_sent(self, api: ApiClient) -> None:
        sent = {"surface": "newsletter", "books": ["b1"]}
        items = api.post(URL, {"lists": [sent, sent]}).json()["items"]
        found = [served_list(UUID(item["list_id"])) for item in items]
        assert [each.surface for each in found if each] == ["newsletter"] * 2
        assert [each.reader_id for each in found if each] == [None, None]

    def test_stores_a_list_once_for_each_sender(self, client_with: Callable[..., ApiClient]) -> None:
        first, second = client_with("events:write"), client_with("events:write")
        assert outcomes(first, shelf(), shelf(list_id="l2")) == [("stored", None)] * 2
        assert outcomes(first, shelf(surface="other"), shelf(list_id="l3")) == [("duplicate", None), ("stored", None)]
        assert outcomes(second, shelf()) == [("stored", None)]
        assert ServedList.objects.filter(surface="other").count() == 0

    def test_cannot_be_kept_for_longer_by_a_clock_that_is_ahead(self, api: ApiClient) -> None:
        ahead = timezone.now() + timedelta(hours=20)
        assert outcomes(api, shelf(served_at=ahead.isoformat())) == [("stored", None)]
        row = ServedList.objects.get()
        made_at = datetime.fromtimestamp((row.id.int >> 80) / 1000, tz=ahead.tzinfo)
        assert max(row.served_at, made_at) < ahead - timedelta(hours=19)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"surface": None}, "surface"),
            ({"surface": ""}, "surface"),
            ({"surface": "a b"}, "surface"),
            ({"surface": "x" * 33}, "surface"),
            ({"books": None}, "books"),
            ({"books": []}, "books"),
            ({"books": "b1"}, "books"),
            ({"books": ["b1"] * 101}, "books"),
            ({"books": ["b1", None]}, "books"),
            ({"books": ["b1", "b\0"]}, "books"),
            ({"books": ["b1", "nothing"]}, "books"),
            ({"reader": "nobody"}, "reader"),
            ({"reader": "a b"}, "reader"),
            ({"reader": 7}, "reader"),
            ({"list_id": ""}, "list_id"),
            ({"list_id": "x" * 65}, "list_id"),
            ({"list_id": 7}, "list_id"),
            ({"age_band": "7-8"}, "age_band"),
            ({"age_band": ["6-8"]}, "age_band"),
            ({"first_position": 0}, "first_position"),
            ({"first_position": True}, "first_position"),
            ({"served_at": "yesterday"}, "served_at"),
            ({"served_at": "2999-01-01T00:00:00Z"}, "served_at"),
            ({"propensities": [1]}, "propensities"),
        ],
    )
    def test_lets_one_bad_list_stop_no_other(self, api: ApiClient, changes: dict[str, Any], field: str) -> None:
        assert outcomes(api, shelf(**changes), shelf(list_id="good")) == [("refused", field), ("stored", None)]
        assert ServedList.objects.get().sent_id == "good"

    @pytest.mark.parametrize(
        "body", [{}, {"lists": []}, {"lists": {}}, {"lists": [{}] * 201}, {"lists": [{}], "a": 1}, 7]
    )
    def test_refuses_a_body_that_is_no_batch(self, api: ApiClient, body: Any) -> None:
        assert api.post(URL, body).status_code == 400

    def test_takes_a_batch_of_the_largest_size(self, api: ApiClient) -> None:
        lists = [shelf(list_id=str(number), reader=None, books=["b1", "b2"] * 50) for number in range(200)]
        assert api.post(URL, {"lists": lists}).json()["stored"] == 200

    def test_needs_the_scope(self, client_with: Callable[..., ApiClient]) -> None:
        assert client_with("search:read").post(URL, {"lists": [shelf()]}).status_code == 403

    def test_counts_each_list_in_the_limits_of_events(self, client_with: Callable[..., ApiClient]) -> None:
        client = client_with("events:write", events_per_minute=3)
        assert outcomes(client, shelf(list_id="1"), shelf(list_id="2")) == [("stored", None)] * 2
        assert client.post(URL, {"lists": [shelf(list_id="3"), shelf(list_id="4")]}).status_code == 429
        assert outcomes(client, shelf(list_id="3")) == [("stored", None)]


class TestEventsOfReportedLists:
    @pytest.mark.parametrize("list_id", ["l1", "0190163D-8694-739B-AEA5-966C26F8AD91", None])
    def test_agree_with_them(self, api: ApiClient, list_id: str | None) -> None:
        named = api.post(URL, {"lists": [shelf(list_id=list_id)]}).json()["items"][0]["list_id"]
        act = {"reader": "r1", "kind": "opened", "list_id": named}
        places = [("b3", 1), ("b1", 1), ("b2", 1)]
        events = [{**act, "event_id": book, "book": book, "position": place} for book, place in places]
        api.post(EVENTS, {"events": events})
        marks = list(Event.objects.order_by("id").values_list("list_mark", flat=True))
        assert marks == ["matched", "position", "book"]

    def test_agree_when_they_came_before(self, api: ApiClient) -> None:
        act = {"event_id": "1", "reader": "r1", "book": "b3", "kind": "opened", "list_id": "l1", "position": 1}
        api.post(EVENTS, {"events": [act]})
        assert Event.objects.get().list_mark == "unknown"
        outcomes(api, shelf())
        assert Event.objects.get().list_mark == "matched"

    def test_of_a_page_agree_with_the_list_that_its_server_reported_for_the_reader(
        self, client_with: Callable[..., ApiClient], api: ApiClient
    ) -> None:
        outcomes(api, shelf(), shelf(list_id="l2", reader="r2"))
        events = [
            {"event_id": name, "book": "b3", "kind": "opened", "list_id": name, "position": 1} for name in ("l1", "l2")
        ]
        page_of(client_with, "r1").post(EVENTS, {"events": events})
        assert list(Event.objects.order_by("id").values_list("list_mark", flat=True)) == ["matched", "unknown"]

    def test_of_another_client_do_not_agree_by_chance(self, client_with: Callable[..., ApiClient]) -> None:
        first, second = client_with("events:write"), client_with("events:write")
        outcomes(first, shelf(list_id="home", reader=None))
        for client in (first, second):
            event = {"event_id": "1", "reader": "r1", "book": "b3", "kind": "opened", "list_id": "home"}
            client.post(EVENTS, {"events": [event]})
        assert list(Event.objects.order_by("id").values_list("list_mark", flat=True)) == ["matched", "unknown"]


class TestPages:
    def test_report_for_the_reader_of_their_token_or_for_nobody(self, client_with: Callable[..., ApiClient]) -> None:
        page = page_of(client_with, "r1")
        assert outcomes(page, shelf(), shelf(list_id="l2", reader=None)) == [("stored", None)] * 2
        assert set(ServedList.objects.values_list("reader_id", flat=True)) == {all_reader_ids()["r1"]}
        refused = [page.post(URL, {"lists": [shelf(reader=who)]}).json()["items"][0] for who in ("r2", "nobody")]
        assert refused[0] == refused[1]
        assert refused[0]["field"] == "reader"
        nobody = page_of(client_with, None)
        assert outcomes(nobody, shelf(list_id="l3")) == [("refused", "reader")]

    def test_learn_of_no_book_that_their_reader_may_not_see(
        self, client_with: Callable[..., ApiClient], now: datetime
    ) -> None:
        save_books([a_book("above", age_band=AgeBand.AGES_12_TO_14)], now=now)
        page = page_of(client_with, "r1")  # who is 9 to 11
        answers = [page.post(URL, {"lists": [shelf(books=[key])]}).json()["items"][0] for key in ("above", "absent")]
        assert [answer["reason"].replace("absent", "above") for answer in answers] == ["There is no book 'above'."] * 2
        asked = page.post(URL, {"lists": [shelf(books=["above"], age_band="adult")]}).json()["items"][0]
        assert asked["status"] == "refused"

    def test_learn_nothing_of_the_ids_of_another_reader(self, client_with: Callable[..., ApiClient]) -> None:
        page = page_of(client_with, "r1")
        token = issue_reader_token("r2", seconds=900, now=timezone.now()).token
        other = ApiClient(page.secret, headers={**page.headers, "X-Reader-Token": token})
        assert outcomes(other, shelf(reader="r2")) == [("stored", None)]
        assert outcomes(page, shelf(), shelf()) == [("stored", None), ("duplicate", None)]
        ours = ServedList.objects.get(reader_id=all_reader_ids()["r2"])
        assert outcomes(page, shelf(list_id=str(ours.id))) == [("stored", None)]
