from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.events.services.checking import CheckedEvent, RefusedEventError, checked_event

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVENT = {"event_id": "e1", "reader": "r1", "book": "b1", "kind": "opened"}

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


class TestCheckedEvent:
    def test_fills_in_what_may_be_left_out(self) -> None:
        assert checked_event(EVENT, now=NOW) == CheckedEvent("e1", "r1", "b1", "opened", None, "", "", NOW)

    def test_takes_every_field(self) -> None:
        item = EVENT | {
            "kind": "rated",
            "value": 4,
            "surface": "home/row-1",
            "list_id": "2026:x",
            "occurred_at": "2026-11-24T09:30:00.5+02:00",
        }

        event = checked_event(item, now=NOW)

        assert (event.value, event.surface, event.list_id) == (4.0, "home/row-1", "2026:x")
        assert event.occurred_at == datetime(2026, 11, 24, 7, 30, 0, 500_000, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"event_id": None}, "event_id"),
            ({"event_id": ""}, "event_id"),
            ({"event_id": "x" * 65}, "event_id"),
            ({"event_id": 7}, "event_id"),
            ({"event_id": "a b"}, "event_id"),
            ({"event_id": "a\n"}, "event_id"),
            ({"reader": "mia@example.org"}, "reader"),
            ({"reader": ["r1"]}, "reader"),
            ({"book": "b\0"}, "book"),
            ({"book": "'; DROP TABLE events_event; --"}, "book"),
            ({"kind": "bought"}, "kind"),
            ({"kind": None}, "kind"),
            ({"kind": ["opened"]}, "kind"),
            ({"kind": "rated"}, "value"),
            ({"kind": "rated", "value": 0}, "value"),
            ({"kind": "rated", "value": 5.01}, "value"),
            ({"kind": "rated", "value": float("nan")}, "value"),
            ({"kind": "rated", "value": True}, "value"),
            ({"kind": "rated", "value": "5"}, "value"),
            ({"kind": "rated", "value": 10**400}, "value"),
            ({"kind": "opened", "value": 3}, "value"),
            ({"surface": "x" * 33}, "surface"),
            ({"surface": "ho me"}, "surface"),
            ({"list_id": "x" * 65}, "list_id"),
            ({"occurred_at": "yesterday"}, "occurred_at"),
            ({"occurred_at": 1_700_000_000}, "occurred_at"),
            ({"occurred_at": "2026-11-24T12:00:00"}, "occurred_at"),
            ({"occurred_at": "2026-13-24T12:00:00Z"}, "occurred_at"),
            ({"occurred_at": "2026-11-24T25:00:00Z"}, "occurred_at"),
            ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
            ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "occurred_at"),
            ({"occurred_at": "1999-12-31T23:59:59Z"}, "occurred_at"),
            ({"occurred_at": "2026-11-25T12:00:01Z"}, "occurred_at"),
            ({"age": 9}, "age"),
        ],
    )
    def test_names_the_first_field_that_is_wrong(self, change: dict[str, Any], field: str) -> None:
        with pytest.raises(RefusedEventError) as caught:
            checked_event(EVENT | change, now=NOW)
        assert caught.value.field == field
        assert caught.value.reason

    @pytest.mark.parametrize("item", [None, [], "event", 7, True])
    def test_refuses_what_is_no_object(self, item: Any) -> None:
        with pytest.raises(RefusedEventError, match="must be an object"):
            checked_event(item, now=NOW)

    def test_allows_clocks_that_are_a_day_ahead(self) -> None:
        tomorrow = (NOW + timedelta(days=1)).isoformat()

        assert checked_event(EVENT | {"occurred_at": tomorrow}, now=NOW).occurred_at == NOW + timedelta(days=1)

    @given(
        st.dictionaries(st.sampled_from([*EVENT, "value", "surface", "list_id", "occurred_at", "x"]), ANYTHING)
        | ANYTHING
    )
    def test_answers_anything_with_an_event_or_a_reason(self, item: Any) -> None:
        try:
            event = checked_event(item, now=NOW)
        except RefusedEventError:
            return
        assert len(event.event_id) <= 64
        assert event.occurred_at <= NOW + timedelta(days=1)
