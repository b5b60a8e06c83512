"""Taking in the lists that clients show by themselves, such as a shelf that an editor fills."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from apps.events.services.checking import (
    BOOK_KEY,
    EVENT_ID,
    READER_KEY,
    RefusedEventError,
    check_fields,
    optional_text,
    required_text,
    sent_id,
    sent_moment,
    sent_position,
)
from apps.events.services.ingest import NOT_PROVEN, Sender, sent_book_ids
from apps.events.services.list_marks import canonical_list_id, known_sent_ids
from apps.events.services.list_storing import NewRow, store_lists
from apps.events.services.lists import new_list_id
from apps.readers.selectors import Audience, audience
from epicml.audience.bands import CODES, AgeBand

MAX_LISTS = 200
MAX_BOOKS = 100
LIST_SURFACE = re.compile(r"[A-Za-z0-9._:/-]{1,32}")
FIELDS = frozenset({"list_id", "surface", "reader", "age_band", "books", "first_position", "served_at"})


@dataclass(frozen=True, slots=True)
class CheckedList:
    """A list whose values are of the right form; whether reader and books exist is not known yet."""

    list_id: str  # the sender's own, "" where the server makes one
    surface: str
    reader: str | None
    age_band: AgeBand | None
    books: tuple[str, ...]
    first_position: int
    served_at: datetime


@dataclass(frozen=True, slots=True)
class ListOutcome:
    """What became of one list: "stored" or "duplicate" under this id, or "refused" with the field and the reason."""

    status: str
    list_id: str | None = None
    reason: str | None = None
    field: str | None = None


def checked_list(item: Any, *, now: datetime, own_reader: str | None = None) -> CheckedList:
    """Read the list that a client sent; RefusedEventError names the first field that is wrong."""
    check_fields(item, FIELDS)
    books, band = item.get("books"), item.get("age_band")
    if not isinstance(books, list) or not 1 <= len(books) <= MAX_BOOKS:
        raise RefusedEventError("books", f"This must be a list of 1 to {MAX_BOOKS} keys of books.")
    if not all(isinstance(key, str) and BOOK_KEY.fullmatch(key) for key in books):
        raise RefusedEventError("books", f"Each key must be text of the form {BOOK_KEY.pattern}.")
    if band is not None and (not isinstance(band, str) or band not in CODES.values()):
        raise RefusedEventError("age_band", f"This must be one of {', '.join(CODES.values())}.")
    reader = optional_text(item, "reader", READER_KEY) or own_reader
    return CheckedList(
        list_id="" if item.get("list_id") is None else required_text(item, "list_id", EVENT_ID),
        surface=required_text(item, "surface", LIST_SURFACE),
        reader=reader,
        age_band=None if band is None else AgeBand.from_code(band),
        books=tuple(books),
        first_position=sent_position(item, "first_position") or 1,
        served_at=min(now, sent_moment(item, "served_at", now=now)),  # nothing happens after it was heard of
    )


def report_lists(items: Sequence[Any], *, sender: Sender, now: datetime) -> list[ListOutcome]:
    """Store every valid list that was not known; the answer has one outcome for each item, in their order.

    A reader who is not proven, where that is needed, is not looked for: such lists are refused alike.
    """
    rows = [_row(item, sender, now=now) for item in items]
    new: dict[str, NewRow] = {}
    for row in rows:
        if isinstance(row, NewRow):
            new.setdefault(row.sent_id or str(row.id), row)
    try:
        stored = _store_new(list(new.values()), sender)
    except IntegrityError:
        # Somebody stored one of these ids at the same moment: now it is seen. A reader who was erased meanwhile is not.
        stored = _store_new(list(new.values()), sender)
    return [row if isinstance(row, ListOutcome) else _outcome(row, stored) for row in rows]


def _row(item: Any, sender: Sender, *, now: datetime) -> NewRow | ListOutcome:
    standing = sender.standing
    try:
        checked = checked_list(item, now=now, own_reader=standing.proof.reader if standing.proof else None)
        found = _audience(checked, sender)
        books = _books(checked, found, sender)
    except RefusedEventError as error:
        return ListOutcome("refused", sent_id(item, "list_id"), error.reason, error.field)
    return NewRow(
        id=new_list_id(now),
        surface=checked.surface,
        reader_id=found.reader.id if found.reader else None,
        age_band=found.age_band,
        items=books,
        first_position=checked.first_position,
        release="",
        arms={},
        propensities=None,
        fallback="",
        served_at=checked.served_at,
        sender=sender.name,
        sent_id=canonical_list_id(checked.list_id),
    )


def _audience(checked: CheckedList, sender: Sender) -> Audience:
    """Find whom the list was shown to, and up to which band."""
    if checked.reader is not None and not sender.standing.is_proven(checked.reader):
        raise RefusedEventError("reader", NOT_PROVEN.reason or "")
    found = audience(checked.reader, checked.age_band, sender.standing)
    if checked.reader is not None and found.reader is None:
        raise RefusedEventError("reader", f"There is no reader {checked.reader!r}.")
    return found


def _books(checked: CheckedList, found: Audience, sender: Sender) -> list[int]:
    """Find the ids of the books in their order; a page learns of no book that its reader may not see."""
    highest = found.age_band if sender.standing.must_prove else AgeBand.ADULT
    known = sent_book_ids(set(checked.books), highest=highest)
    missing = next((key for key in checked.books if key not in known), None)
    if missing is not None:
        raise RefusedEventError("books", f"There is no book {missing!r}.")
    return [known[key] for key in checked.books]


def _store_new(rows: Sequence[NewRow], sender: Sender) -> set[str]:
    """Store the lists whose id this sender did not send before; returns the ids of those that were new.

    Those of a reader who is erased at this moment are as good as erased after they were stored.
    """
    known = known_sent_ids([row.sent_id for row in rows if row.sent_id], sender=sender.name)
    # In one order: two senders of the same lists in different order would wait for each other for ever.
    new = sorted((row for row in rows if row.sent_id not in known), key=lambda row: row.sent_id)
    if new:
        store_lists(new)
    return {row.sent_id or str(row.id) for row in new}


def _outcome(row: NewRow, stored: set[str]) -> ListOutcome:
    """Answer "stored" for the first list of an id that was new, and "duplicate" for any further one of that id."""
    list_id = row.sent_id or str(row.id)
    if list_id not in stored:
        return ListOutcome("duplicate", list_id)
    stored.remove(list_id)
    return ListOutcome("stored", list_id)
