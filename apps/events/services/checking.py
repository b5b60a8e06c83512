"""What one sent event must look like. By hand: a serializer costs four times as much, measured at batches of 100."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.catalog.services.limits import KEY_PATTERN
from apps.events.models import OWN_SHAPE, EventKind
from apps.events.services.sessions import SESSION_FIELDS, Session, WrongSessionError, checked_session
from apps.readers.selectors import KEY

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS_AHEAD = timedelta(days=1)  # clocks of devices are wrong, but not by more
KINDS = frozenset(EventKind.values) - frozenset(OWN_SHAPE)  # acts of a reader on a book
SENT_KINDS = (*(kind for kind in EventKind.values if kind in KINDS), EventKind.TYPED.value)
MOST_POSITIONS = 1_000_000
LOWEST_RATING, HIGHEST_RATING = 1, 5

EVENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
READER_KEY = KEY
BOOK_KEY = re.compile(KEY_PATTERN)
SURFACE = re.compile(r"[A-Za-z0-9._:/-]{0,32}")
LIST_ID = re.compile(r"[A-Za-z0-9._:-]{0,64}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
_BESIDE_A_BOOK = ("book", "value", "list_id", "position")
ACT_FIELDS = frozenset({"event_id", "reader", "kind", "surface", "occurred_at", *_BESIDE_A_BOOK})
FIELDS = ACT_FIELDS | frozenset(SESSION_FIELDS)


class RefusedEventError(ValueError):
    """One event cannot be stored; the others of its batch can."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CheckedEvent:
    """An event whose values are of the right form; whether reader and book exist is not known yet."""

    event_id: str
    reader: str | None  # None in a session of nobody who is known
    book: str | None  # None in a session in which no book was chosen
    kind: str
    value: float | None
    surface: str
    list_id: str
    occurred_at: datetime
    position: int | None = None
    session: Session | None = None


def checked_event(item: Any, *, now: datetime, own_reader: str | None = None) -> CheckedEvent:
    """Read the event that a client sent; RefusedEventError names the first field that is wrong.

    Who is proven to be `own_reader` need not name the reader.
    """
    is_act = isinstance(item, Mapping) and item.keys() <= ACT_FIELDS
    if not is_act:
        check_fields(item, FIELDS)
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in SENT_KINDS:
        raise RefusedEventError("kind", f"This must be one of {', '.join(SENT_KINDS)}.")
    own = own_reader if item.get("reader") is None else None
    if kind == EventKind.TYPED:
        return _session(item, own_reader=own, now=now)
    if not is_act:
        _check_absent(item, SESSION_FIELDS, kind)
    list_id = optional_text(item, "list_id", LIST_ID)
    position = None if item.get("position") is None else sent_position(item, "position")
    if position is not None and not list_id:
        raise RefusedEventError("position", "This is a position in a list: send its list_id too.")
    return CheckedEvent(
        event_id=required_text(item, "event_id", EVENT_ID),
        reader=own or required_text(item, "reader", READER_KEY),
        book=required_text(item, "book", BOOK_KEY),
        kind=kind,
        value=checked_value(item.get("value"), kind=kind),
        surface=optional_text(item, "surface", SURFACE),
        list_id=list_id,
        occurred_at=sent_moment(item, "occurred_at", now=now),
        position=position,
    )


def _session(item: Mapping[str, Any], *, own_reader: str | None, now: datetime) -> CheckedEvent:
    _check_absent(item, _BESIDE_A_BOOK, EventKind.TYPED)
    try:
        session = checked_session(item)
    except WrongSessionError as error:
        raise RefusedEventError(error.field, error.reason) from error
    chosen = session.chosen
    return CheckedEvent(
        event_id=required_text(item, "event_id", EVENT_ID),
        reader=own_reader or optional_text(item, "reader", READER_KEY) or None,
        book=chosen if chosen is not None and BOOK_KEY.fullmatch(chosen) else None,
        kind=EventKind.TYPED.value,
        value=None,
        surface=optional_text(item, "surface", SURFACE),
        list_id="",
        occurred_at=sent_moment(item, "occurred_at", now=now),
        position=session.position,
        session=session,
    )


def _check_absent(item: Mapping[str, Any], fields: tuple[str, ...], kind: str) -> None:
    for name in fields:
        if item.get(name) is not None:
            raise RefusedEventError(name, f"An event of kind {kind} has no {name}.")


def check_fields(item: Any, fields: frozenset[str]) -> None:
    """Refuse what is no object, or has a field that is none of these."""
    if not isinstance(item, Mapping):
        raise RefusedEventError("", "This must be an object.")
    if not item.keys() <= fields:
        unknown = next(name for name in item if name not in fields)
        raise RefusedEventError(str(unknown)[:40], "There is no such field here.")


def sent_id(item: Any, name: str) -> str | None:
    """Return the id as it was sent, by which the outcome names an item of any form; None where it is no text."""
    found = item.get(name) if isinstance(item, Mapping) else None
    return found[:64] if isinstance(found, str) else None


def sent_position(item: Mapping[str, Any], name: str) -> int | None:
    """Read a position, which counts from 1; None where none was sent."""
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_POSITIONS:
        raise RefusedEventError(name, f"This must be a whole number from 1 to {MOST_POSITIONS}.")
    return value


def checked_value(value: Any, *, kind: str) -> float | None:
    """Return the rating of an event of kind "rated", from 1 to 5; nothing for the other kinds."""
    if kind != "rated":
        if value is not None:
            raise RefusedEventError("value", f"An event of kind {kind} has no value.")
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedEventError("value", "A rating is a number from 1 to 5.")
    if not LOWEST_RATING <= value <= HIGHEST_RATING:  # NaN too is not in between
        raise RefusedEventError("value", "A rating is a number from 1 to 5.")
    return float(value)


def checked_moment(moment: datetime, *, now: datetime, field: str = "occurred_at") -> datetime:
    """Return the moment in UTC; refuse one before 2000 or after tomorrow."""
    if not 1 < moment.year < 9999:  # at the ends of the calendar there is no other zone to move to
        raise RefusedEventError(field, "The year must be 2000 or later.")
    if moment < EARLIEST:
        raise RefusedEventError(field, "The year must be 2000 or later.")
    if moment > now + CLOCKS_AHEAD:
        raise RefusedEventError(field, "This is in the future.")
    return moment.astimezone(UTC)


def required_text(item: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """Read a text of this form; RefusedEventError where there is none."""
    value = item.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        reason = "This field is required." if value is None else f"This must be text of the form {pattern.pattern}."
        raise RefusedEventError(name, reason)
    return value


def optional_text(item: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """Read a text of this form, "" where none was sent."""
    return "" if item.get(name) is None else required_text(item, name, pattern)


def sent_moment(item: Mapping[str, Any], name: str, *, now: datetime) -> datetime:
    """Read a moment with its zone, now where none was sent."""
    value = item.get(name)
    if value is None:
        return now
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        raise RefusedEventError(name, "This must be a moment with its zone, such as 2026-11-24T12:00:00Z.")
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError as error:
        raise RefusedEventError(name, "There is no such moment.") from error
    return checked_moment(moment, now=now, field=name)
