"""Ratings that a file says anew. Events are only added: a changed rating is a newer event that names the first one.

The id of an imported rating follows from reader, book and time. Its changes have the same id with "-1", "-2" and so on
behind it, and the last of them is what counts.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from apps.events.models import Event
from apps.events.services.storing import IMPORTS

IDS_PER_QUERY = 10_000
LATER = timedelta(seconds=1)
# By hand: the ORM takes longer to prepare ten thousand ids than the database to find them.
VALUES_SQL = "SELECT event_id, value FROM events_event WHERE sender = %s AND event_id "


class RatingVersion(NamedTuple):
    """What counts of a rating now: how often it was changed, and its value."""

    number: int
    value: float | None


def current_versions(event_ids: Collection[str]) -> dict[str, RatingVersion]:
    """Find the version that counts of each of these ratings; those that are not stored are left out."""
    found: dict[str, RatingVersion] = {}
    number, wanted = 0, {event_id: event_id for event_id in event_ids}
    while wanted:
        stored = {wanted[event_id]: RatingVersion(number, value) for event_id, value in _values(list(wanted))}
        found |= stored
        number += 1
        wanted = {version_id(event_id, number): event_id for event_id in stored}
    return found


def version_id(event_id: str, number: int) -> str:
    """Return the id of a rating's change with this number.

    >>> version_id("import-1f", 0), version_id("import-1f", 2)
    ('import-1f', 'import-1f-2')
    """
    return f"{event_id}-{number}" if number else event_id


def moment_of_change(event_id: str, version: RatingVersion, *, at: datetime) -> datetime:
    """Return when the rating was changed: as the file says, but after the version that it changes."""
    events = Event.objects.filter(sender=IMPORTS, event_id=version_id(event_id, version.number))
    before = events.values_list("occurred_at", flat=True).get()
    return max(at, before + LATER)


def _values(event_ids: Sequence[str]) -> Iterator[tuple[str, float | None]]:
    with connection.cursor() as cursor:
        for start in range(0, len(event_ids), IDS_PER_QUERY):
            some = event_ids[start : start + IDS_PER_QUERY]
            if connection.vendor == "postgresql":
                cursor.execute(f"{VALUES_SQL} = ANY(%s)", [IMPORTS, list(some)])
            else:
                cursor.execute(f"{VALUES_SQL} IN ({','.join(['%s'] * len(some))})", [IMPORTS, *some])
            yield from cursor.fetchall()
