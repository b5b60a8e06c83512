"""What readers were shown and did, erased or exported when a reader is."""

from typing import Any

from apps.catalog.selectors.books import book_keys
from apps.events.models import Event, ServedList
from epicml.audience.bands import AgeBand


def erase_events(reader_id: int) -> int:
    """Erase every event of this reader; returns how many there were."""
    return Event.objects.filter(reader_id=reader_id).delete()[0]


def erase_lists(reader_id: int) -> int:
    """Erase every list that this reader was shown; those that wait in memory are never stored. Returns how many."""
    return ServedList.objects.filter(reader_id=reader_id).delete()[0]


def export_events(reader_id: int) -> list[dict[str, Any]]:
    """Return everything this reader did, oldest first."""
    rows = Event.objects.filter(reader_id=reader_id).order_by("occurred_at", "id")
    return [
        {
            "sender": event.sender,
            "event_id": event.event_id,
            "book": event.book.key if event.book else None,
            "kind": event.kind,
            "value": event.value,
            "surface": event.surface,
            "list_id": event.list_id,
            "position": event.position,
            "list_mark": event.list_mark,
            "details": event.details,
            "occurred_at": event.occurred_at.isoformat(),
            "received_at": event.received_at.isoformat(),
        }
        for event in rows.select_related("book")
    ]


def export_lists(reader_id: int) -> list[dict[str, Any]]:
    """Return everything this reader was shown, oldest first."""
    rows = list(ServedList.objects.filter(reader_id=reader_id).order_by("id"))
    keys = book_keys({book_id for row in rows for book_id in row.items})
    return [
        {
            "list_id": row.sent_id or str(row.id),
            "sender": row.sender,
            "surface": row.surface,
            "age_band": AgeBand(row.age_band).code,
            "books": [keys.get(book_id) for book_id in row.items],
            "first_position": row.first_position,
            "release": row.release,
            "arms": row.arms,
            "propensities": row.propensities,
            "fallback": row.fallback,
            "served_at": row.served_at.isoformat(),
        }
        for row in rows
    ]
