"""A row of a file as something a reader did; columns are known by name, those of goodbooks-10k among them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from apps.events.services.checking import (
    BOOK_KEY,
    EVENT_ID,
    KINDS,
    READER_KEY,
    RefusedEventError,
    checked_moment,
    checked_value,
)
from apps.platform.services.refusals import RowError
from apps.platform.services.tables import Row, Table, columns_of

COLUMN_NAMES = {
    "event_id": ("event_id",),
    "reader": ("reader", "user_id", "reader_id"),
    "book": ("book", "book_id"),
    "kind": ("kind",),
    "value": ("value", "rating"),
    "occurred_at": ("occurred_at", "timestamp"),
}
BETWEEN_ROWS = timedelta(seconds=1)
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
_EPOCH_SECONDS = re.compile(r"\d{9,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Interaction:
    """One thing that a reader did, as a line of the file says it."""

    line: int
    event_id: str
    reader: str
    book: str
    kind: str
    value: float | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class InteractionRows:
    """Which column of a table holds what; without a column for the kind every row is a rating.

    A file without times is taken to be in order: its rows happened one second after the other from `first_at` on.
    """

    positions: dict[str, int]
    width: int
    first_at: datetime
    now: datetime

    @classmethod
    def of(cls, table: Table, *, mapping: Mapping[str, str], first_at: datetime, now: datetime) -> "InteractionRows":
        """The columns that the mapping names, and for the rest those with a known name."""
        positions = columns_of(table, names=COLUMN_NAMES, required=("reader", "book"), mapping=mapping)
        if "kind" not in positions:
            positions = columns_of(table, names=COLUMN_NAMES, required=("reader", "book", "value"), mapping=mapping)
        return cls(positions, len(table.columns), first_at, now)

    def interaction(self, row: Row) -> Interaction:
        """What the row says; RowError when it cannot be stored."""
        if len(row.cells) != self.width:
            raise RowError(f"The row has {len(row.cells)} cells, the first line has {self.width}.")
        cells = {name: row.cells[place].strip() for name, place in self.positions.items()}
        kind = cells.get("kind", "rated")
        if kind not in KINDS:
            raise RowError(f"This must be one of {', '.join(sorted(KINDS))}.", column="kind", value=kind)
        reader, book = _matching(cells, "reader", READER_KEY), _matching(cells, "book", BOOK_KEY)
        return Interaction(
            line=row.line,
            event_id=_matching(cells, "event_id", EVENT_ID) if cells.get("event_id") else _made_id(cells, kind),
            reader=reader,
            book=book,
            kind=kind,
            value=_value(cells.get("value", ""), kind=kind),
            occurred_at=self._moment(cells.get("occurred_at", ""), row.line),
        )

    def _moment(self, text: str, line: int) -> datetime:
        if not text and "occurred_at" not in self.positions:
            return min(self.first_at + BETWEEN_ROWS * line, self.now)
        try:
            return checked_moment(_parsed(text), now=self.now)
        except RefusedEventError as error:
            raise RowError(error.reason, column="occurred_at", value=text) from error
        except (ValueError, OverflowError) as error:
            reason = "This must be a moment such as 2026-11-24T12:00:00Z, or seconds since 1970."
            raise RowError(reason, column="occurred_at", value=text) from error


def _parsed(text: str) -> datetime:
    if _EPOCH_SECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text), tz=UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _matching(cells: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = cells[name]
    if not pattern.fullmatch(value):
        raise RowError(f"An identifier has the form {pattern.pattern}.", column=name, value=value)
    return value


def _value(text: str, *, kind: str) -> float | None:
    try:
        return checked_value(float(text) if _NUMBER.fullmatch(text) else text or None, kind=kind)
    except RefusedEventError as error:
        raise RowError(error.reason, column="value", value=text) from error


def _made_id(cells: Mapping[str, str], kind: str) -> str:
    """The same row has the same id in every run, so that a second import stores nothing twice."""
    parts = "\n".join((cells["reader"], cells["book"], kind, cells.get("occurred_at", "")))
    return f"import-{blake2b(parts.encode(), digest_size=16).hexdigest()}"
