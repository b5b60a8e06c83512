from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from apps.events.models import Event
from tests.apps.events.conftest import fill
from tests.conftest import NOW

FORMER = (
    "INSERT INTO events_event (event_id, sender, reader_id, book_id, kind, value, surface, list_id, occurred_at, "
    "received_at) SELECT %s, '7', r.id, b.id, 'rated', 4.5, 'home', 'l1', '2026-11-01', '2026-11-02' "
    "FROM readers_reader r, catalog_book b WHERE r.key = 'r1' AND b.key = 'b1'"
)


@pytest.fixture
def former(transactional_db: None) -> Iterator[None]:
    """The tables of the version before, with books, readers and two events."""
    fill(NOW)
    call_command("migrate", "events", "0003", verbosity=0)
    with connection.cursor() as cursor:
        for event_id in ("a", "b"):
            cursor.execute(FORMER, [event_id])
    yield
    call_command("migrate", "events", verbosity=0)


@pytest.mark.usefixtures("former")
class TestEventsOfAnyShape:
    def test_keeps_every_event_and_copies_the_table_at_most_once(self) -> None:
        with CaptureQueriesContext(connection) as asked:
            call_command("migrate", "events", verbosity=0)
        copies = [query["sql"] for query in asked if query["sql"].startswith('INSERT INTO "new__events_event"')]
        assert len(copies) == (1 if connection.vendor == "sqlite" else 0)
        rows = Event.objects.order_by("id").values_list("event_id", "sender", "value", "list_id", "list_mark")
        assert list(rows) == [("a", "7", 4.5, "l1", None), ("b", "7", 4.5, "l1", None)]

    def test_leaves_the_constraints_and_indexes_of_the_models(self) -> None:
        call_command("migrate", "events", verbosity=0)
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, "events_event")
        expected = {each.name for each in (*Event._meta.constraints, *Event._meta.indexes)}
        assert expected <= found.keys()
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute(FORMER, ["a"])

    def test_goes_back_and_forth(self) -> None:
        call_command("migrate", "events", verbosity=0)
        call_command("migrate", "events", "0003", verbosity=0)
        call_command("migrate", "events", verbosity=0)
        assert Event.objects.count() == 2
