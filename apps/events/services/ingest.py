"""Taking in what clients report: each event is answered for itself, and one that is wrong stops no other."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from apps.catalog.selectors.books import book_ids
from apps.catalog.selectors.shelf import shelf
from apps.events.services.checking import CheckedEvent, RefusedEventError, checked_event
from apps.events.services.storing import NewEvent, store_events
from apps.readers.selectors import reader_ids

MAX_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event: "stored", "duplicate", or "refused" with the field and the reason."""

    status: str
    reason: str | None = None
    field: str | None = None


STORED = Outcome("stored")
DUPLICATE = Outcome("duplicate")


def ingest(items: Sequence[Any], *, now: datetime) -> list[Outcome]:
    """Every valid event that was not known is stored; the answer has one outcome for each item, in their order."""
    checked = [_checked(item, now=now) for item in items]
    try:
        return _stored(checked, now=now)
    except IntegrityError:
        # A reader was erased between the look-up and the end of the transaction; the second look-up does not find it.
        return _stored(checked, now=now)


def _checked(item: Any, *, now: datetime) -> CheckedEvent | Outcome:
    try:
        return checked_event(item, now=now)
    except RefusedEventError as error:
        return Outcome("refused", error.reason, error.field)


def _stored(checked: Sequence[CheckedEvent | Outcome], *, now: datetime) -> list[Outcome]:
    events = [event for event in checked if isinstance(event, CheckedEvent)]
    readers = reader_ids(list({event.reader for event in events}))
    books = _book_ids({event.book for event in events})
    placed = [event if isinstance(event, Outcome) else _placed(event, readers, books, now=now) for event in checked]
    new: dict[str, NewEvent] = {}
    for event in placed:
        if isinstance(event, NewEvent):
            new.setdefault(event.event_id, event)
    stored = store_events(list(new.values()))
    return [event if isinstance(event, Outcome) else _outcome(event, stored) for event in placed]


def _book_ids(keys: Collection[str]) -> dict[str, int]:
    """From the shelf, which is in memory; only books that were withdrawn meanwhile are asked for."""
    live = shelf()
    found = {key: live.cards[row].id for key in keys if (row := live.row_of_key(key)) is not None}
    missing = [key for key in keys if key not in found]
    return found | book_ids(missing) if missing else found


def _placed(
    event: CheckedEvent, readers: Mapping[str, int], books: Mapping[str, int], *, now: datetime
) -> NewEvent | Outcome:
    reader_id, book_id = readers.get(event.reader), books.get(event.book)
    if reader_id is None:
        return Outcome("refused", f"There is no reader {event.reader!r}.", "reader")
    if book_id is None:
        return Outcome("refused", f"There is no book {event.book!r}.", "book")
    return NewEvent(
        event_id=event.event_id,
        reader_id=reader_id,
        book_id=book_id,
        kind=event.kind,
        value=event.value,
        surface=event.surface,
        list_id=event.list_id,
        occurred_at=event.occurred_at,
        received_at=now,
    )


def _outcome(event: NewEvent, stored: set[str]) -> Outcome:
    """The first event of an id that was new is stored; any further one of that id is not."""
    if event.event_id not in stored:
        return DUPLICATE
    stored.remove(event.event_id)
    return STORED
