from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection

from apps.events.models import Event
from tests.apps.events.conftest import fill
from tests.conftest import NOW

FORMER = (
    "INSERT INTO events_event (event_id, reader_id, book_id, kind, surface, list_id, occurred_at, received_at) "
    "SELECT %s, r.id, b.id, 'liked', '', '', '2026-11-01', '2026-11-01' "
    "FROM readers_reader r, catalog_book b WHERE r.key = 'r1' AND b.key = 'b1'"
)


@pytest.fixture
def former(transactional_db: None) -> Iterator[None]:
    """The tables of the version before, with books and readers."""
    fill(NOW)
    call_command("migrate", "events", "0001", verbosity=0)
    yield
    call_command("migrate", "events", verbosity=0)


@pytest.mark.usefixtures("former")
class TestIdsOfEachSender:
    def test_keeps_every_event_as_one_of_the_imports(self) -> None:
        with connection.cursor() as cursor:
            for event_id in ("a", "b"):
                cursor.execute(FORMER, [event_id])
            cursor.execute("SELECT id FROM events_event ORDER BY id")
            ids = [row[0] for row in cursor.fetchall()]

        call_command("migrate", "events", verbosity=0)

        assert list(Event.objects.order_by("id").values_list("id", "sender", "event_id")) == [
            (ids[0], "", "a"),
            (ids[1], "", "b"),
        ]
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute(FORMER, ["a"])

    def test_writes_no_row_anew_where_the_database_need_not(self) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite keeps a constraint inside of its table")
        with connection.cursor() as cursor:
            cursor.execute(FORMER, ["a"])
            cursor.execute("SELECT pg_relation_filenode('events_event')")
            before = cursor.fetchone()
            call_command("migrate", "events", verbosity=0)
            cursor.execute("SELECT pg_relation_filenode('events_event')")
            assert cursor.fetchone() == before

    def test_leaves_no_difference_to_the_models(self) -> None:
        call_command("migrate", "events", verbosity=0)
        with connection.cursor() as cursor:
            constraints = connection.introspection.get_constraints(
                cursor, apps.get_model("events", "Event")._meta.db_table
            )
        assert constraints["event_id_unique_of_sender"]["columns"] == ["sender", "event_id"]
        assert "event_id_unique" not in constraints
