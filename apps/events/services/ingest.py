"""Taking in what clients report: each event is answered for itself, and one that is wrong stops no other."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from apps.catalog.selectors.books import book_ids
from apps.catalog.selectors.shelf import shelf
from apps.events.models import ListMark
from apps.events.services.checking import CheckedEvent, RefusedEventError, checked_event
from apps.events.services.list_marks import (
    KnownLists,
    ListReference,
    canonical_list_id,
    count_agreements,
    mark_of,
    update_marks,
)
from apps.events.services.storing import IMPORTS, NewEvent, store_events
from apps.readers.selectors import ReaderNotFoundError, reader_audience, reader_ids
from epicml.audience.asking import TRUSTED, Standing
from epicml.audience.bands import AgeBand

MAX_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event: "stored", "duplicate", or "refused" with the field and the reason."""

    status: str
    reason: str | None = None
    field: str | None = None


STORED = Outcome("stored")
DUPLICATE = Outcome("duplicate")
NOT_PROVEN = Outcome("refused", "The reader must be that of a token in X-Reader-Token.", "reader")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who reports events, and on what terms. Ids of events are unique for each name."""

    name: str
    standing: Standing = TRUSTED

    @classmethod
    def of_key(cls, key_id: int, standing: Standing) -> "Sender":
        """Return the sender of a key; those who share a public one are senders of their own: ids must not meet."""
        own = f"/{standing.proof.reader_id}" if standing.must_prove and standing.proof else ""
        return cls(f"{key_id}{own}", standing)


@dataclass(frozen=True, slots=True)
class _KnownIds:
    """Ids of the readers and books that a batch may be about."""

    readers: Mapping[str, int]
    books: Mapping[str, int]


# Who has no key: a command, or a step of the demo.
OURSELVES = Sender(IMPORTS)


def ingest(items: Sequence[Any], *, sender: Sender = OURSELVES, now: datetime) -> list[Outcome]:
    """Store every valid event that was not known; the answer has one outcome for each item, in their order.

    A reader who is not proven, where that is needed, is not looked for: such events are refused alike.
    """
    checked = [_checked(item, sender.standing, now=now) for item in items]
    try:
        return _stored(checked, sender, now=now)
    except IntegrityError:
        # A reader was erased between the look-up and the end of the transaction; the second look-up does not find it.
        return _stored(checked, sender, now=now)


def _checked(item: Any, standing: Standing, *, now: datetime) -> CheckedEvent | Outcome:
    try:
        event = checked_event(item, now=now, own_reader=standing.proof.reader if standing.proof else None)
    except RefusedEventError as error:
        return Outcome("refused", error.reason, error.field)
    return event if event.reader is None or standing.is_proven(event.reader) else NOT_PROVEN


def _stored(checked: Sequence[CheckedEvent | Outcome], sender: Sender, *, now: datetime) -> list[Outcome]:
    events = [event for event in checked if isinstance(event, CheckedEvent)]
    known = _known(events, sender.standing)
    resolved = [event if isinstance(event, Outcome) else _resolved(event, known, now=now) for event in checked]
    new: dict[str, NewEvent] = {}
    for event in resolved:
        if isinstance(event, NewEvent):
            new.setdefault(event.event_id, event)
    agreements = _agreements(new.values(), sender)
    rows = list(new.values())
    if agreements:
        rows = [
            row._replace(list_mark=mark_of(agreements[row.event_id])) if row.event_id in agreements else row
            for row in rows
        ]
    stored = store_events(rows, sender=sender.name)
    if agreements:
        _follow_lists([(new[event_id].list_id, agreements[event_id]) for event_id in stored & agreements.keys()])
    return [event if isinstance(event, Outcome) else _outcome(event, stored) for event in resolved]


def _agreements(rows: Collection[NewEvent], sender: Sender) -> dict[str, str]:
    """Find how each of these events that names a list agrees with it."""
    naming = [row for row in rows if row.list_id]
    if not naming:
        return {}
    lists = KnownLists({row.list_id for row in naming})
    return {
        row.event_id: lists.agreement(ListReference(sender.name, row.list_id, row.reader_id, row.book_id, row.position))
        for row in naming
    }


def _follow_lists(stored: Sequence[tuple[str, str]]) -> None:
    """Count how events agree with their lists; a list that came meanwhile was not seen by either before."""
    count_agreements(agreement for _, agreement in stored)
    missing = {list_id for list_id, agreement in stored if agreement == ListMark.UNKNOWN}
    came = missing & KnownLists(missing).ids if missing else set()
    if came:
        update_marks(came)


def _known(events: Sequence[CheckedEvent], standing: Standing) -> _KnownIds:
    """Look up what these events name; a page learns of no book that its reader may not see."""
    books = {event.book for event in events if event.book is not None}
    if standing.proof is None or not events:
        readers = {event.reader for event in events if event.reader is not None}
        return _KnownIds(reader_ids(list(readers)), sent_book_ids(books, highest=AgeBand.ADULT))
    try:
        found = reader_audience(standing.proof.reader, standing)
    except ReaderNotFoundError:
        return _KnownIds({}, {})
    if found.reader is None:
        return _KnownIds({}, {})
    highest = found.age_band if standing.must_prove else AgeBand.ADULT
    return _KnownIds({found.reader.key: found.reader.id}, sent_book_ids(books, highest=highest))


def sent_book_ids(keys: Collection[str], *, highest: AgeBand) -> dict[str, int]:
    """Find the books with these keys that are not above the band.

    From the shelf, which is in memory; only books that were withdrawn meanwhile are asked for.
    """
    live = shelf()
    cards = {key: live.cards[row] for key in keys if (row := live.row_of_key(key)) is not None}
    found = {key: card.id for key, card in cards.items() if card.age_band <= highest}
    missing = [key for key in keys if key not in cards]
    return found | book_ids(missing, highest=highest) if missing else found


def _resolved(event: CheckedEvent, known: _KnownIds, *, now: datetime) -> NewEvent | Outcome:
    reader_id = None if event.reader is None else known.readers.get(event.reader)
    book_id = None if event.book is None else known.books.get(event.book)
    if reader_id is None and event.reader is not None:
        return Outcome("refused", f"There is no reader {event.reader!r}.", "reader")
    if book_id is None and event.session is None:
        return Outcome("refused", f"There is no book {event.book!r}.", "book")
    return NewEvent(
        event_id=event.event_id,
        reader_id=reader_id,
        book_id=book_id,
        kind=event.kind,
        value=event.value,
        surface=event.surface,
        list_id=canonical_list_id(event.list_id) if event.list_id else "",
        occurred_at=event.occurred_at,
        received_at=now,
        position=event.position,
        details=None if event.session is None else event.session.as_json(),
    )


def _outcome(event: NewEvent, stored: set[str]) -> Outcome:
    """Answer "stored" for the first event of an id that was new, and "duplicate" for any further one of that id."""
    if event.event_id not in stored:
        return DUPLICATE
    stored.remove(event.event_id)
    return STORED
