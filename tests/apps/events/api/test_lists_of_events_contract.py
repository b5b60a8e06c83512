"""Events that name the list in which a book stood, as their clients send them."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.catalog.selectors.books import all_book_ids
from apps.events.models import Event
from apps.events.services.lists import NewList, flush_lists, new_list_id, serve_list
from apps.platform.services.metrics import registry
from apps.readers.selectors import all_reader_ids
from apps.readers.services import erase_reader, issue_reader_token
from epicml.audience.bands import AgeBand
from tests.apps.events.conftest import fill
from tests.client import ApiClient

URL = "/api/v1/events"


def shown_to(reader: str | None, *books: str, first_position: int = 1) -> str:
    """The id of a list that was shown and still waits in memory."""
    ids = all_book_ids()
    reader_id = None if reader is None else all_reader_ids()[reader]
    new = NewList(
        "home", AgeBand.ADULT, [ids[book] for book in books], reader_id=reader_id, first_position=first_position
    )
    return str(serve_list(new, now=timezone.now()))


def opened(list_id: str, **changes: Any) -> dict[str, Any]:
    return {"event_id": list_id, "reader": "r1", "book": "b1", "kind": "opened", "list_id": list_id, **changes}


def sent(api: ApiClient, *events: dict[str, Any]) -> list[str | None]:
    """The marks of these events, each of which is answered as stored and nothing more."""
    items = api.post(URL, {"events": list(events)}).json()["items"]
    expected = [{"event_id": event["event_id"], "status": "stored", "reason": None, "field": None} for event in events]
    assert items == expected
    return marks()[-len(events) :]


def marks() -> list[str | None]:
    return list(Event.objects.order_by("id").values_list("list_mark", flat=True))


def counted(agree: str) -> float:
    return registry.get_sample_value("epicml_events_of_lists_total", {"agree": agree}) or 0


@pytest.mark.django_db
@pytest.mark.usefixtures("shop")
class TestAnEventOfAList:
    @pytest.mark.parametrize(
        ("books", "change", "mark"),
        [
            (("b1", "b2"), {"position": 1}, "matched"),
            (("b2", "b1"), {"position": 2}, "matched"),
            (("b2", "b1"), {}, "matched"),
            (("b2", "b1"), {"position": 1}, "position"),
            (("b2", "b1"), {"position": 3}, "position"),
            (("b2", "b1"), {"position": 1_000_000}, "position"),
            (("b2", "b3"), {"position": 1}, "book"),
            (("b2", "b3"), {}, "book"),
            ((), {"position": 1}, "book"),
            (("b1",), {"reader": "r2", "position": 1}, "unknown"),
        ],
    )
    def test_is_marked_as_it_agrees(self, api: ApiClient, books: Any, change: Any, mark: str) -> None:
        list_id = shown_to("r1", *books)
        flush_lists()
        assert sent(api, opened(list_id, **change)) == [mark]

    def test_is_kept_with_its_list_and_position(self, api: ApiClient) -> None:
        list_id = shown_to("r1", "b1")
        flush_lists()
        sent(api, opened(list_id.upper(), position=1))
        assert Event.objects.values_list("list_id", "position", "list_mark").get() == (list_id, 1, "matched")

    @pytest.mark.parametrize(("position", "mark"), [(21, "matched"), (22, "position"), (1, "position")])
    def test_counts_positions_from_the_first_of_its_page(self, api: ApiClient, position: int, mark: str) -> None:
        list_id = shown_to("r1", "b1", "b2", first_position=21)
        flush_lists()
        assert sent(api, opened(list_id, position=position)) == [mark]

    def test_agrees_with_a_list_of_nobody(self, api: ApiClient) -> None:
        list_id = shown_to(None, "b1")
        flush_lists()
        assert sent(api, opened(list_id, position=1)) == ["matched"]

    @pytest.mark.parametrize("list_id", ["home-2026", "l1", "0190163d-8694-739b-aea5-966c26f8ad91"])
    def test_of_which_nothing_is_known_is_kept_and_marked(self, api: ApiClient, list_id: str) -> None:
        before = counted("unknown")
        assert sent(api, opened(list_id)) == ["unknown"]
        assert counted("unknown") == before + 1
        assert Event.objects.get().list_id == list_id

    def test_without_a_list_is_not_marked(self, api: ApiClient) -> None:
        assert sent(api, {"event_id": "1", "reader": "r1", "book": "b1", "kind": "opened"}) == [None]

    def test_is_counted_by_how_it_agrees(self, api: ApiClient) -> None:
        list_id = shown_to("r1", "b1", "b2")
        flush_lists()
        kinds = ("matched", "book", "position", "reader")
        before = [counted(kind) for kind in kinds]
        sent(
            api,
            opened(list_id, event_id="1", position=1),
            opened(list_id, event_id="2", book="b3"),
            opened(list_id, event_id="3", position=2),
            opened(list_id, event_id="4", reader="r2"),
        )
        assert [counted(kind) for kind in kinds] == [count + 1 for count in before]
        api.post(URL, {"events": [opened(list_id, event_id="1", position=1)]})  # known already: not counted again
        assert counted("matched") == before[0] + 1

    def test_comes_before_its_list_is_stored(self, api: ApiClient) -> None:
        lists = [shown_to("r1", "b1", "b2") for _ in range(3)]
        others = shown_to("r2", "b1")
        events = [opened(lists[0], position=1), opened(lists[1], book="b3"), opened(lists[2], position=2)]
        assert sent(api, *events, opened(others), opened("free-text")) == ["unknown"] * 5
        flush_lists()
        assert marks() == ["matched", "book", "position", "unknown", "unknown"]

    @pytest.mark.parametrize("position", [0, -1, 1.5, "1", True, 1_000_001, [1]])
    def test_at_no_position_is_refused(self, api: ApiClient, position: Any) -> None:
        answer = api.post(URL, {"events": [opened("l1", position=position)]}).json()
        assert answer["items"][0]["field"] == "position"

    def test_at_a_position_of_no_list_is_refused(self, api: ApiClient) -> None:
        event = {"event_id": "1", "reader": "r1", "book": "b1", "kind": "opened", "position": 1}
        assert api.post(URL, {"events": [event]}).json()["items"][0]["field"] == "position"

    def test_of_a_page_learns_nothing_of_another_reader(self, client_with: Callable[..., ApiClient]) -> None:
        theirs, mine = shown_to("r2", "b1"), shown_to("r1", "b1")
        flush_lists()
        key = client_with("events:write", origins=["https://library.example"], highest_band=AgeBand.ADULT)
        token = issue_reader_token("r1", seconds=900, now=timezone.now()).token
        page = ApiClient(key.secret, headers={**key.headers, "X-Reader-Token": token})
        assert sent(page, opened(theirs, position=1), opened(str(new_list_id(timezone.now())))) == ["unknown"] * 2
        assert sent(page, opened(mine, position=1)) == ["matched"]


@pytest.mark.django_db(transaction=True)
class TestAListAndItsEventAtOnce:
    def test_find_each_other_whichever_is_stored_first(self, api: ApiClient, now: datetime) -> None:
        """A thread stores lists while another stores their events: in the end every mark is right."""
        fill(now)
        lists = [shown_to("r1", "b1") for _ in range(40)]

        def store() -> None:
            flush_lists()
            connection.close()

        storing = threading.Thread(target=store)
        storing.start()
        for list_id in lists:
            api.post(URL, {"events": [opened(list_id, position=1)]})
        storing.join()
        assert marks() == ["matched"] * 40

    def test_leaves_nothing_of_a_reader_who_is_erased_between(self, api: ApiClient, now: datetime) -> None:
        fill(now)
        list_id = shown_to("r1", "b1")
        sent(api, opened(list_id))
        erase_reader("r1", by="test", now=now)
        flush_lists()
        assert marks() == []
