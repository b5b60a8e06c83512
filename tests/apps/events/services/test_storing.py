from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.catalog.selectors.books import all_book_ids
from apps.events.models import Event
from apps.events.services import storing
from apps.events.services.storing import NewEvent, store_events
from apps.readers.selectors import all_reader_ids
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def event(event_id: str, **fields: object) -> NewEvent:
    values = {
        "event_id": event_id,
        "reader_id": all_reader_ids()["r1"],
        "book_id": all_book_ids()["b1"],
        "kind": "liked",
        "value": None,
        "surface": "home",
        "list_id": "l1",
        "occurred_at": NOW - timedelta(days=1),
        "received_at": NOW,
    }
    return NewEvent(**{**values, **fields})  # type: ignore[arg-type]


def stored() -> list[str]:
    return sorted(Event.objects.values_list("event_id", flat=True))


class TestStoreEvents:
    def test_keeps_an_id_of_each_sender(self) -> None:
        assert store_events([event("a"), event("b")], sender="7") == {"a", "b"}
        assert store_events([event("a"), event("c")], sender="8") == {"a", "c"}
        assert store_events([event("a"), event("c")], sender="7") == {"c"}
        senders = Event.objects.order_by("id").values_list("sender", "event_id")
        assert list(senders) == [("7", "a"), ("7", "b"), ("8", "a"), ("8", "c"), ("7", "c")]

    def test_says_which_were_new(self) -> None:
        assert store_events([event("a"), event("b")], sender="7") == {"a", "b"}
        assert store_events([event("b"), event("c")], sender="7") == {"c"}
        assert stored() == ["a", "b", "c"]

    def test_leaves_what_is_known_as_it_is(self) -> None:
        store_events([event("a", kind="rated", value=2.0)], sender="7")
        store_events([event("a", kind="liked")], sender="7")
        assert Event.objects.values_list("kind", "value").get() == ("rated", 2.0)

    def test_numbers_rows_in_the_order_in_which_they_were_sent(self) -> None:
        store_events([event(key) for key in ("c", "a", "b")], sender="7")
        store_events([event(key) for key in ("0", "c")], sender="7")
        assert list(Event.objects.order_by("id").values_list("event_id", flat=True)) == ["c", "a", "b", "0"]

    def test_stores_nothing_as_of_later_than_it_was_heard_of(self) -> None:
        store_events([event("ahead", occurred_at=NOW + timedelta(hours=3)), event("now", occurred_at=NOW)], sender="7")
        assert set(Event.objects.values_list("occurred_at", flat=True)) == {NOW}

    def test_does_nothing_for_nothing(self) -> None:
        assert store_events([], sender="7") == set()

    def test_gives_back_every_column_as_it_was_written(self) -> None:
        at = datetime(2026, 3, 29, 1, 30, 0, 123_456, tzinfo=UTC)
        odd = "a\tb\\N \"x\", 'y'\n\\."  # signs that mean something in COPY's format, or in SQL
        written = event("é-1", kind="rated", value=4.5, surface=odd, list_id="", occurred_at=at, received_at=NOW)
        store_events([written], sender="7")
        assert NewEvent(*Event.objects.values_list(*NewEvent._fields).get()) == written

    def test_keeps_an_empty_value_apart_from_an_empty_text(self) -> None:
        store_events([event("a", surface="", list_id="")], sender="7")
        assert Event.objects.values_list("value", "surface", "list_id").get() == (None, "", "")

    def test_asks_for_many_ids_in_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(storing, "IDS_PER_QUERY", 3)
        store_events([event(str(number)) for number in range(0, 10, 2)], sender="7")
        assert store_events([event(str(number)) for number in range(10)], sender="7") == {"1", "3", "5", "7", "9"}

    def test_goes_on_in_a_transaction_of_the_caller(self) -> None:
        with transaction.atomic():
            assert store_events([event("a")], sender="7") == {"a"}
            assert store_events([event("a"), event("b")], sender="7") == {"b"}
        assert stored() == ["a", "b"]

    def test_leaves_nothing_of_a_batch_that_the_database_refuses(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            store_events([event("a"), event("b", kind="bought"), event("c")], sender="7")
        assert stored() == []
        assert store_events([event("d")], sender="7") == {"d"}  # nor does it stand in the way of the next one

    def test_reads_back_like_what_the_tables_own_way_writes(self) -> None:
        """Raw SQL beside Django's: the same moment must be found by the same comparison."""
        Event.objects.create(**event("django")._asdict())
        store_events([event("raw")], sender="7")
        moment = NOW - timedelta(days=1)
        for found in (
            Event.objects.filter(occurred_at=moment),
            Event.objects.filter(occurred_at__gt=moment - timedelta(microseconds=1)),
            Event.objects.filter(occurred_at__lt=moment + timedelta(microseconds=1)),
        ):
            assert sorted(found.values_list("event_id", flat=True)) == ["django", "raw"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="COPY is PostgreSQL's")
class TestCopy:
    """What only PostgreSQL has: rows come by COPY, through a staging table of the connection."""

    def staged(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM events_staging")
            return int(cursor.fetchone()[0])

    def test_leaves_no_row_in_the_staging_table(self) -> None:
        store_events([event("a"), event("b")], sender="7")
        assert self.staged() == 0

    def test_leaves_no_row_there_when_it_was_refused(self) -> None:
        store_events([event("a")], sender="7")
        with pytest.raises(IntegrityError), transaction.atomic():
            store_events([event("b"), event("c", kind="bought")], sender="7")
        assert self.staged() == 0

    def test_writes_rows_in_the_order_of_their_ids(self) -> None:
        """So that two senders of the same events never wait for each other."""
        store_events([event(key) for key in ("c", "a", "b")], sender="7")
        with connection.cursor() as cursor:
            cursor.execute("SELECT event_id FROM events_event ORDER BY ctid")
            assert [row[0] for row in cursor.fetchall()] == ["a", "b", "c"]
