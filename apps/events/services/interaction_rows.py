"""A row of a file as what a reader did; columns are known by name, those of common exports among them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from apps.events.services.checking import BOOK_KEY, EVENT_ID, KINDS, READER_KEY, RefusedEventError, checked_moment
from apps.events.services.interaction_shapes import COLUMN_NAMES, InteractionShape, RatingError, RatingScale
from apps.platform.services.tabular.records import Row
from apps.platform.services.tabular.refusals import RowError, TableError
from apps.platform.services.tabular.tables import Table, check_width, columns_of, only_place
from epicml.text.moments import DayOrder, UnknownMomentError, moment_of

BETWEEN_ROWS = timedelta(seconds=1)
AFTER_READING = timedelta(seconds=1)  # a rating is given after the book was finished, and so is what counts
KIND_OF_SHELF = {"read": "finished", "currently-reading": "started"}


@dataclass(frozen=True, slots=True)
class Interaction:
    """One thing that a reader did, as a line of the file says it.

    `has_derived_id`: the id follows from what was done.
    """

    line: int
    event_id: str
    has_derived_id: bool
    reader: str
    book: str
    kind: str
    value: float | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class InteractionCellFormat:
    """How the cells of a file are read: as its shape says, as its dates say, and as a person says otherwise."""

    shape: InteractionShape
    scale: RatingScale
    first_at: datetime
    now: datetime
    reader: str | None = None
    day_order: DayOrder | None = None
    date_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class InteractionColumns:
    """Which column of a table holds what."""

    positions: dict[str, tuple[int, ...]]
    width: int
    required: frozenset[int]

    @classmethod
    def of(
        cls, table: Table, *, shape: InteractionShape, mapping: Mapping[str, str], reader: str | None
    ) -> "InteractionColumns":
        """Take the columns that the mapping names, and for the rest those with a known name."""
        names = {**COLUMN_NAMES, **shape.columns, "shelf": shape.shelf}
        required = ["book"] if reader is not None else ["reader", "book"]
        positions = columns_of(table, names=names, required=required, mapping=mapping)
        if "kind" not in positions and "shelf" not in positions:
            required.append("value")
            positions = columns_of(table, names=names, required=required, mapping=mapping)
        if reader is not None and "reader" in positions:
            name = table.columns[positions["reader"][0]]
            raise TableError(f"{table.name} says in its column {name} who the readers are: leave --reader out.")
        for name in positions.keys() - {"occurred_at"}:
            only_place(table, positions[name])
        return cls(positions, len(table.columns), frozenset(positions[name][0] for name in required))

    def cells(self, row: Row) -> dict[str, str]:
        """Return the cells of a row by field, the first that is not blank where several columns have one."""
        check_width(row, self.width, required=self.required)
        cells = row.cells if len(row.cells) == self.width else [*row.cells, ""]
        return {
            name: cells[places[0]].strip()
            or (next((cell for place in places if (cell := cells[place].strip())), "") if len(places) > 1 else "")
            for name, places in self.positions.items()
        }


@dataclass(frozen=True, slots=True)
class InteractionRows:
    """What the rows of a table say; without a column for the kind every row is a rating.

    A row without a time happened in the order of the file: one second after the row before it, from `first_at` on.
    """

    columns: InteractionColumns
    cell_format: InteractionCellFormat

    def interactions(self, row: Row) -> list[Interaction]:
        """List what the row says, nothing where it has neither rating nor act; RowError when it cannot be stored."""
        cells = self.columns.cells(row)
        if self.cell_format.reader is not None:
            cells["reader"] = self.cell_format.reader
        return list(self._interactions(cells, row.line))

    def _interactions(self, cells: dict[str, str], line: int) -> Iterator[Interaction]:
        act = KIND_OF_SHELF.get(cells.get("shelf", "").casefold())
        if act is not None:
            yield self._interaction(cells, line, kind=act, value=None)
        kind = cells.get("kind", "").casefold() or "rated"
        if kind not in KINDS:
            raise RowError(f"This must be one of {', '.join(sorted(KINDS))}.", column="kind", value=kind)
        text = cells.get("value", "")
        if kind != "rated" and text:
            raise RowError(f"An event of kind {kind} has no value.", column="value", value=text)
        value = rating_of(text, scale=self.cell_format.scale) if kind == "rated" else None
        if kind != "rated" or value is not None:
            later = AFTER_READING if act is not None else timedelta(0)
            yield self._interaction(cells, line, kind=kind, value=value, later=later)

    def _interaction(
        self, cells: Mapping[str, str], line: int, *, kind: str, value: float | None, later: timedelta = timedelta(0)
    ) -> Interaction:
        reader, book = _matching(cells, "reader", READER_KEY), _matching(cells, "book", BOOK_KEY)
        own_id = cells.get("event_id")
        return Interaction(
            line=line,
            event_id=_matching(cells, "event_id", EVENT_ID) if own_id else derived_event_id(cells, kind),
            has_derived_id=not own_id,
            reader=reader,
            book=book,
            kind=kind,
            value=value,
            occurred_at=self._moment(cells.get("occurred_at", ""), line) + later,
        )

    def _moment(self, text: str, line: int) -> datetime:
        if not text:
            return min(self.cell_format.first_at + BETWEEN_ROWS * line, self.cell_format.now)
        try:
            moment = moment_of(text, order=self.cell_format.day_order, pattern=self.cell_format.date_pattern)
            return checked_moment(moment, now=self.cell_format.now)
        except RefusedEventError as error:
            raise RowError(error.reason, column="occurred_at", value=text) from error
        except UnknownMomentError as error:
            reason = "This must be a moment such as 2026-11-24T12:00:00Z or 2026/11/24, or seconds since 1970."
            raise RowError(reason, column="occurred_at", value=text) from error


def rating_of(text: str, *, scale: RatingScale) -> float | None:
    """Read a rating from 1 to 5, None where the cell says that there is none; RowError where it is none."""
    try:
        return scale.rating(text)
    except RatingError as error:
        raise RowError(str(error), column="value", value=text) from error


def derived_event_id(cells: Mapping[str, str], kind: str) -> str:
    """Derive the id from the row, so that a second import of the same row stores nothing twice."""
    parts = "\n".join((cells["reader"], cells["book"], kind, cells.get("occurred_at", "")))
    return f"import-{blake2b(parts.encode(), digest_size=16).hexdigest()}"


def _matching(cells: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = cells[name]
    if not pattern.fullmatch(value):
        raise RowError(f"An identifier has the form {pattern.pattern}.", column=name, value=value)
    return value
