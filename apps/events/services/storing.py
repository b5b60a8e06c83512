"""Writing many events at once, in the fastest way that each database has."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from apps.events.models import Event


class NewEvent(NamedTuple):
    """An event as its row will be; the order is that of COLUMNS."""

    event_id: str
    reader_id: int | None
    book_id: int | None
    kind: str
    value: float | None
    surface: str
    list_id: str
    occurred_at: datetime
    received_at: datetime
    position: int | None = None
    list_mark: str | None = None
    details: str | None = None  # JSON


COLUMNS = ", ".join(NewEvent._fields)
IDS_PER_QUERY = 10_000

# Everything that was imported has one sender, so that an import can be run again.
IMPORTS = ""

PLACES = ", ".join(["%s"] * len(NewEvent._fields))
INSERT_SQLITE = f"INSERT INTO events_event (sender, {COLUMNS}) VALUES (%s, {PLACES})"  # noqa: S608  # constants only
# Bound to the connection and emptied by every commit: no rows and no locks stay behind.
STAGING = """
    CREATE TEMPORARY TABLE IF NOT EXISTS events_staging (
        id bigint, event_id varchar(64), reader_id bigint, book_id bigint, kind varchar(8), value float8,
        surface varchar(32), list_id varchar(64), occurred_at timestamptz, received_at timestamptz, position integer,
        list_mark varchar(8), details jsonb
    ) ON COMMIT DELETE ROWS
"""
COPY = f"COPY events_staging (id, {COLUMNS}) FROM STDIN"
IDS = "SELECT nextval(pg_get_serial_sequence('events_event', 'id')) FROM generate_series(1, %s)"
# In order of the event_id: two senders of the same events in different order would wait for each other for ever.
# The ids are in the order of the batch all the same, for of two acts at one instant the later row is the newer.
INSERT_POSTGRESQL = f"""
    INSERT INTO events_event (id, sender, {COLUMNS}) SELECT id, %s, {COLUMNS} FROM events_staging ORDER BY event_id
    ON CONFLICT (sender, event_id) DO NOTHING RETURNING event_id
"""  # noqa: S608  # constants only


def store_events(events: Sequence[NewEvent], *, sender: str) -> set[str]:
    """Store the events, those excepted whose id is known of this sender; returns the ids of the ones that were new.

    An id occurs once in `events`: the caller has told apart what was sent twice. Of acts at one instant the later one
    in `events` counts as the newer. Nothing happens after it was heard of: where the sender's clock is ahead, its act
    is stored as of its arrival, or else it would count as the newest one until tomorrow, and as the newer for ever.
    """
    if not events:
        return set()
    events = [
        event if event.occurred_at <= event.received_at else event._replace(occurred_at=event.received_at)
        for event in events
    ]
    with transaction.atomic():
        return _copy(events, sender) if connection.vendor == "postgresql" else _insert(events, sender)


def _insert(events: Sequence[NewEvent], sender: str) -> set[str]:
    """Store them in SQLite, where nobody else writes meanwhile (BEGIN IMMEDIATE): what is new now stays new."""
    known = _known_ids([event.event_id for event in events], sender)
    new = [event for event in events if event.event_id not in known]
    adapted = []
    for event in new:  # moments as Django keeps them there: text in UTC without a zone
        occurred_at, received_at = event.occurred_at.replace(tzinfo=None), event.received_at.replace(tzinfo=None)
        adapted.append((sender, *event[:7], str(occurred_at), str(received_at), *event[9:]))
    with connection.cursor() as cursor:
        cursor.executemany(INSERT_SQLITE, adapted)
    return {event.event_id for event in new}


def _known_ids(event_ids: Sequence[str], sender: str) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(event_ids), IDS_PER_QUERY):
        some = event_ids[start : start + IDS_PER_QUERY]
        found = Event.objects.filter(sender=sender, event_id__in=some)
        known.update(found.values_list("event_id", flat=True))
    return known


def _copy(events: Sequence[NewEvent], sender: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(STAGING)
        cursor.execute(IDS, [len(events)])
        ids = sorted(row[0] for row in cursor.fetchall())
        with cursor.copy(COPY) as copy:
            for event_row, event in zip(ids, events, strict=True):
                copy.write_row((event_row, *event))
        cursor.execute(INSERT_POSTGRESQL, [sender])
        stored = {row[0] for row in cursor.fetchall()}
        cursor.execute("DELETE FROM events_staging")  # a caller's own transaction may go on with more events
    return stored
