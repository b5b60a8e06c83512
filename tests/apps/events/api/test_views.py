from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, save_books
from apps.events.models import Event
from apps.events.services.importing import import_interactions
from apps.platform.models import ThrottleCount
from apps.readers.models import Reader
from apps.readers.services import issue_reader_token
from epicml.audience.bands import AgeBand
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

URL = "/api/v1/events"


def event(event_id: str, **changes: Any) -> dict[str, Any]:
    return {"event_id": event_id, "reader": "r1", "book": "b1", "kind": "opened", **changes}


class TestSendingEvents:
    def test_answers_for_each_event(self, api: ApiClient) -> None:
        api.post(URL, {"events": [event("known")]})

        answer = api.post(URL, {"events": [event("new"), event("known"), event("bad", kind="eaten"), None]})

        assert answer.status_code == 200
        assert answer.json() == {
            "items": [
                {"event_id": "new", "status": "stored", "reason": None, "field": None},
                {"event_id": "known", "status": "duplicate", "reason": None, "field": None},
                {
                    "event_id": "bad",
                    "status": "refused",
                    "reason": "This must be one of shown, opened, started, finished, rated, liked, hidden, typed.",
                    "field": "kind",
                },
                {"event_id": None, "status": "refused", "reason": "This must be an object.", "field": ""},
            ],
            "stored": 1,
            "duplicate": 1,
            "refused": 2,
        }

    @pytest.mark.parametrize(
        ("body", "status", "field"),
        [
            ({}, 400, "events"),
            ({"events": []}, 400, "events"),
            ({"events": {}}, 400, "events"),
            ({"events": "x"}, 400, "events"),
            ({"events": [{}] * 1001}, 400, "events"),
            ({"events": [{}], "reader": "r1"}, 400, "reader"),
            (7, 400, "body"),
            (b"", 400, "body"),
            (b"\xff\xfe", 400, "body"),
            (b'{"events": [' * 40, 400, "body"),
            (b'{"events": [{"event_id": NaN}]}', 400, "body"),
            (b'{"events": [{"event_id": "\\ud800"}]}', 400, "body"),
            (b'{"events": [{}], "e\\u0000": 1}', 400, "body"),
            (b"[" * 100_000, 400, "body"),
            (b" " * 1_048_577, 413, None),
        ],
    )
    def test_refuses_a_body_that_is_no_batch(self, api: ApiClient, body: Any, status: int, field: str | None) -> None:
        answer = api.post(URL, body)

        assert answer.status_code == status
        assert field is None or field in answer.json()["fields"]
        assert not Event.objects.exists()

    def test_takes_a_batch_of_the_largest_size(self, api: ApiClient) -> None:
        answer = api.post(URL, {"events": [event(str(number)) for number in range(1000)]})

        assert answer.json()["stored"] == 1000

    def test_needs_the_scope(self, client_with: Callable[..., ApiClient], public_api: ApiClient) -> None:
        assert client_with("search:read").post(URL, {"events": [event("1")]}).status_code == 403
        assert public_api.post(URL, {"events": [event("1")]}).json()["refused"] == 1


PAGE, OTHER_PAGE = "https://library.example", "https://other.example"
ClientWith = Callable[..., ApiClient]


def page_of(client_with: ClientWith, reader: str, *, origin: str = PAGE, **limits: Any) -> ApiClient:
    """A page with a public key of its own and the token of a reader."""
    return proving(client_with("events:write", origins=[origin], **{"highest_band": AgeBand.ADULT, **limits}), reader)


def proving(page: ApiClient, reader: str) -> ApiClient:
    """The same page before another reader."""
    token = issue_reader_token(reader, seconds=900, now=timezone.now()).token
    return ApiClient(page.secret, headers={**page.headers, "X-Reader-Token": token})


def send(client: ApiClient, *events: dict[str, Any]) -> list[str]:
    """What became of each."""
    return [item["status"] for item in client.post(URL, {"events": events}).json()["items"]]


class TestSenders:
    def test_ids_are_unique_for_each_server_key(self, client_with: ClientWith) -> None:
        first, second = client_with("events:write"), client_with("events:write")
        assert send(first, event("a"), event("b")) == ["stored", "stored"]
        assert send(second, event("a"), event("c")) == ["stored", "stored"]
        assert send(first, event("a"), event("c")) == ["duplicate", "stored"]
        assert send(second, event("a", reader="r2"), event("b")) == ["duplicate", "stored"]

    def test_nobody_takes_or_learns_the_ids_of_another_reader_of_the_page(self, client_with: ClientWith) -> None:
        mine = page_of(client_with, "r1")
        other = proving(mine, "r2")
        assert send(other, event("a", reader="r2")) == ["stored"]
        assert send(mine, event("a"), event("a")) == ["stored", "duplicate"]
        assert send(other, event("a", reader="r2")) == ["duplicate"]
        assert Event.objects.count() == 2

    def test_a_page_and_a_server_do_not_meet_in_their_ids(self, client_with: ClientWith, api: ApiClient) -> None:
        assert send(page_of(client_with, "r1"), event("a")) == ["stored"]
        assert send(page_of(client_with, "r1", origin=OTHER_PAGE), event("a")) == ["stored"]
        assert send(api, event("a")) == ["stored"]

    def test_an_import_is_a_sender_of_its_own(self, api: ApiClient, tmp_path: Path, now: datetime) -> None:
        path = tmp_path / "events.csv"
        path.write_text("event_id,reader,book,value\na,r1,b1,4\n")
        assert send(api, event("a")) == ["stored"]
        for stored in (1, 0):
            report = import_interactions(path, refused_file=tmp_path / "refused.csv", now=now)
            assert (report.stored, report.refused) == (stored, 0)


class TestPages:
    def test_report_for_the_reader_of_their_token_alone(self, client_with: ClientWith) -> None:
        page = page_of(client_with, "r1")
        batch = [event("1"), event("2", reader="r2"), event("3", reader="nobody"), event("4", reader="R1")]
        answer = page.post(URL, {"events": batch}).json()
        assert [item["status"] for item in answer["items"]] == ["stored", "refused", "refused", "refused"]
        reasons = {(item["field"], item["reason"]) for item in answer["items"][1:]}
        assert reasons == {("reader", "The reader must be that of a token in X-Reader-Token.")}
        assert Event.objects.get().reader_id == Reader.objects.get(key="r1").pk

    def test_learn_of_no_book_that_their_reader_may_not_see(self, client_with: ClientWith, now: datetime) -> None:
        save_books([BookInput(key=key, title=key, age_band=AgeBand.ADULT) for key in ("old", "withdrawn")], now=now)
        delete_books(["withdrawn"], now=now)
        page = page_of(client_with, "r1")
        answer = page.post(URL, {"events": [event(key, book=key) for key in ("old", "withdrawn", "never", "gone")]})
        said = {
            item["event_id"]: str(item["reason"]).replace(item["event_id"], "it") for item in answer.json()["items"]
        }
        assert said == {**dict.fromkeys(("old", "withdrawn", "never"), "There is no book 'it'."), "gone": "None"}


class TestEventLimits:
    def test_count_events_and_not_requests(self, client_with: ClientWith) -> None:
        page = page_of(client_with, "r1", events_per_minute=25)
        batches = [[event(f"{batch}-{number}") for number in range(10)] for batch in range(4)]
        answers = [page.post(URL, {"events": batch}) for batch in batches]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        assert Event.objects.count() == 20
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60
        assert "nothing of these 10 was stored" in answers[-1].json()["message"]
        assert page.post(URL, {"events": batches[2][:5]}).status_code == 200  # what is left can still be used

    def test_a_batch_beyond_the_limit_is_refused_whole(self, client_with: ClientWith, settings: Settings) -> None:
        settings.THROTTLE_READER_EVENTS = 20
        page = page_of(client_with, "r1")
        refused = page.post(URL, {"events": [event(str(number)) for number in range(21)]})
        assert refused.status_code == 429
        assert "Send fewer at once." in refused.json()["message"]
        assert not Event.objects.exists()
        assert page.post(URL, {"events": [event(str(number)) for number in range(20)]}).status_code == 200

    def test_one_reader_does_not_use_up_what_another_has(self, client_with: ClientWith, settings: Settings) -> None:
        settings.THROTTLE_READER_EVENTS = 10
        mine = page_of(client_with, "r1", events_per_minute=25)
        other = proving(mine, "r2")
        for batch in range(9):
            mine.post(URL, {"events": [event(f"{batch}-{number}") for number in range(5)]})
        assert send(other, *[event(str(number), reader="r2") for number in range(10)]) == ["stored"] * 10

    def test_of_a_reader_hold_at_every_address_and_page(self, client_with: ClientWith, settings: Settings) -> None:
        settings.THROTTLE_READER_EVENTS, settings.NUM_PROXIES = 10, 1
        first, second = page_of(client_with, "r1"), page_of(client_with, "r1", origin=OTHER_PAGE)
        for number in range(20):
            page = (first, second)[number % 2]
            page.headers["X-Forwarded-For"] = f"10.0.{number}.1"
            page.post(URL, {"events": [event(str(number))]})
        assert Event.objects.count() == 10

    def test_of_an_address_hold_without_any_reader_too(self, client_with: ClientWith) -> None:
        page = client_with("events:write", origins=[PAGE], events_per_minute=10)
        answers = [page.post(URL, {"events": [event("1")] * 5}).status_code for _ in range(4)]
        assert answers == [200, 200, 429, 429]

    def test_who_proves_nothing_does_not_use_up_what_readers_have(self, client_with: ClientWith) -> None:
        page = page_of(client_with, "r1", events_per_minute=10)
        unproven = ApiClient(page.secret, headers={"Origin": PAGE})
        assert [unproven.post(URL, {"events": [event("1")] * 10}).status_code for _ in range(3)] == [200, 429, 429]
        assert send(page, *[event(str(number)) for number in range(10)]) == ["stored"] * 10

    def test_of_a_server_key_are_those_that_it_was_given(self, client_with: ClientWith, api: ApiClient) -> None:
        limited = client_with("events:write", events_per_minute=10)
        assert send(limited, *[event(str(number)) for number in range(10)]) == ["stored"] * 10
        assert limited.post(URL, {"events": [event("x")]}).status_code == 429
        assert send(api, *[event(str(number)) for number in range(1000)]) == ["stored"] * 1000

    def test_name_no_reader_where_they_count(self, client_with: ClientWith) -> None:
        page_of(client_with, "r1").post(URL, {"events": [event("1")]})
        buckets = ThrottleCount.objects.values_list("bucket", flat=True)
        assert {bucket.split(":")[0] for bucket in buckets} == {"key", "events"}
        assert not any("r1" in bucket.split(":") for bucket in buckets)
