"""Sessions of suggestions as their clients report them: one event of what was typed, shown and chosen."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from apps.catalog.selectors.books import all_book_ids
from apps.events.models import Event
from apps.readers.selectors import all_reader_ids
from apps.readers.services import issue_reader_token
from epicml.audience.bands import AgeBand
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]
URL = "/api/v1/events"


def session(**changes: Any) -> dict[str, Any]:
    return {"event_id": "s1", "kind": "typed", "typed": "light th", "shown": ["b2", "b1"], "chosen": "b1", **changes}


def outcome(api: ApiClient, event: dict[str, Any]) -> tuple[str, str | None]:
    item = api.post(URL, {"events": [event]}).json()["items"][0]
    return item["status"], item["field"]


class TestASession:
    def test_is_stored_with_what_was_chosen(self, api: ApiClient) -> None:
        assert outcome(api, session(reader="r1", surface="search")) == ("stored", None)
        row = Event.objects.get()
        assert (row.kind, row.reader_id, row.book_id) == ("typed", all_reader_ids()["r1"], all_book_ids()["b1"])
        assert (row.position, row.surface, row.list_id, row.list_mark) == (2, "search", "", None)
        assert row.details == {"typed": "light th", "shown": ["b2", "b1"], "chosen": "b1"}

    def test_is_of_nobody_where_nobody_is_named(self, api: ApiClient) -> None:
        assert outcome(api, session()) == ("stored", None)
        assert Event.objects.get().reader_id is None

    @pytest.mark.parametrize("changes", [{"chosen": None}, {"shown": [], "chosen": None}])
    def test_may_end_without_a_choice(self, api: ApiClient, changes: dict[str, Any]) -> None:
        assert outcome(api, session(**changes)) == ("stored", None)
        assert Event.objects.filter(book=None, position=None, details__chosen=None).count() == 1

    def test_may_choose_an_author_or_a_book_that_is_gone(self, api: ApiClient) -> None:
        names = ["Astrid Lindgren", "no-such-book"]
        assert outcome(api, session(shown=names, chosen=names[0])) == ("stored", None)
        assert outcome(api, session(event_id="s2", shown=names, chosen=names[1])) == ("stored", None)
        assert list(Event.objects.order_by("id").values_list("position", flat=True)) == [1, 2]
        assert not Event.objects.filter(book__isnull=False).exists()

    def test_is_stored_once(self, api: ApiClient) -> None:
        assert outcome(api, session()) == ("stored", None)
        assert outcome(api, session(typed="light thief")) == ("duplicate", None)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"typed": None}, "typed"),
            ({"typed": "  "}, "typed"),
            ({"typed": "x" * 101}, "typed"),
            ({"typed": "a\tb"}, "typed"),
            ({"typed": "a\0b"}, "typed"),
            ({"typed": 7}, "typed"),
            ({"shown": None}, "shown"),
            ({"shown": "b1"}, "shown"),
            ({"shown": ["b1"] * 21}, "shown"),
            ({"shown": ["b1", 7]}, "shown"),
            ({"shown": ["b1", "x" * 201]}, "shown"),
            ({"chosen": "b3"}, "chosen"),
            ({"chosen": {"key": "b1"}}, "chosen"),
            ({"book": "b1"}, "book"),
            ({"value": 3}, "value"),
            ({"list_id": "l1"}, "list_id"),
            ({"position": 1}, "position"),
            ({"reader": "nobody"}, "reader"),
            ({"reader": "a b"}, "reader"),
        ],
    )
    def test_of_a_wrong_form_is_refused(self, api: ApiClient, changes: dict[str, Any], field: str) -> None:
        assert outcome(api, session(**changes)) == ("refused", field)
        assert not Event.objects.exists()

    @pytest.mark.parametrize("field", ["typed", "shown", "chosen"])
    def test_and_an_act_have_no_fields_of_each_other(self, api: ApiClient, field: str) -> None:
        act = {"event_id": "1", "reader": "r1", "book": "b1", "kind": "opened", field: session()[field]}
        assert outcome(api, act) == ("refused", field)

    def test_keeps_no_address_and_no_number_of_a_person(self, api: ApiClient) -> None:
        outcome(api, session(typed="mia.m@example.org +49 30 1234567 isbn 9780261102217 or 9780261102218"))
        assert Event.objects.values_list("details__typed", flat=True).get() == "… … isbn 9780261102217 or …"

    def test_says_nothing_of_what_was_typed_when_it_is_refused(self, api: ApiClient) -> None:
        answer = api.post(URL, {"events": [session(typed="Mia Muster\t")]})
        assert b"Mia" not in answer.content

    def test_of_a_page_is_that_of_its_reader_or_of_nobody(self, client_with: Callable[..., ApiClient]) -> None:
        key = client_with("events:write", origins=["https://library.example"], highest_band=AgeBand.ADULT)
        assert outcome(key, session()) == ("stored", None)
        assert outcome(key, session(event_id="s2", reader="r1")) == ("refused", "reader")
        token = issue_reader_token("r1", seconds=900, now=timezone.now()).token
        page = ApiClient(key.secret, headers={**key.headers, "X-Reader-Token": token})
        assert outcome(page, session(event_id="s3")) == ("stored", None)
        assert outcome(page, session(event_id="s4", reader="r2")) == ("refused", "reader")
        assert list(Event.objects.order_by("id").values_list("reader_id", flat=True)) == [None, all_reader_ids()["r1"]]

    def test_of_the_kind_of_an_exposure_is_not_taken_here(self, api: ApiClient) -> None:
        assert outcome(api, session(kind="exposed")) == ("refused", "kind")
