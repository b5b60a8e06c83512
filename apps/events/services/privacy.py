"""A reader's events, erased or exported when the reader is."""

from typing import Any

from apps.events.models import Event


def erase_events(reader_id: int) -> int:
    """None of this reader's events is stored any more. How many were."""
    return Event.objects.filter(reader_id=reader_id).delete()[0]


def export_events(reader_id: int) -> list[dict[str, Any]]:
    """Everything this reader did, oldest first."""
    rows = Event.objects.filter(reader_id=reader_id).order_by("occurred_at", "id")
    return [
        {
            "sender": event.sender,
            "event_id": event.event_id,
            "book": event.book.key,
            "kind": event.kind,
            "value": event.value,
            "surface": event.surface,
            "list_id": event.list_id,
            "occurred_at": event.occurred_at.isoformat(),
            "received_at": event.received_at.isoformat(),
        }
        for event in rows.select_related("book")
    ]
