from collections.abc import Callable
from typing import Any

import pytest

from apps.events.models import Event
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
                    "reason": "This must be one of shown, opened, started, finished, rated, liked, hidden.",
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
        assert public_api.post(URL, {"events": [event("1")]}).json()["stored"] == 1
