"""Importing what readers did from a file. Each batch is one transaction: an import that broke off is run again."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db import transaction

from apps.catalog.selectors.books import all_book_ids
from apps.catalog.selectors.isbns import all_isbn_book_ids
from apps.events.services.checking import READER_KEY
from apps.events.services.import_report import ImportReport
from apps.events.services.interaction_rows import (
    Interaction,
    InteractionCellFormat,
    InteractionColumns,
    InteractionRows,
)
from apps.events.services.interaction_shapes import KNOWN_COLUMNS, InteractionShape, RatingScale, interaction_shape_of
from apps.events.services.rating_versions import current_versions, moment_of_change, version_id
from apps.events.services.storing import IMPORTS, NewEvent, store_events
from apps.events.services.surveying import Survey, rating_key, survey
from apps.platform.services.errors import EpicmlError
from apps.platform.services.progress_printer import ReportRows
from apps.platform.services.tabular.refusals import Refusals, RowError, refusals_in
from apps.platform.services.tabular.tables import Table, TableOptions, open_table
from apps.readers.selectors import all_reader_ids, reader_ids
from apps.readers.services import ReaderInput, save_readers
from epicml.audience.bands import AgeBand
from epicml.text.isbn import InvalidIsbnError, isbn13
from epicml.text.moments import DayOrder

BATCH = 5000
# A file without times happened a year ago: old enough that no row lies in the future, young enough to be kept for long.
BEFORE_NOW = timedelta(days=365)


class ReaderKeyError(EpicmlError):
    """A key that no reader can have."""

    code = "invalid"


@dataclass(frozen=True, slots=True)
class InteractionImport:
    """What a person says of an import beside the file.

    `reader` is whose all rows are; readers that are not known are made with the band `new_readers`, or their rows are
    refused when none is given.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    new_readers: AgeBand | None = None
    first_at: datetime | None = None
    shape: str | None = None
    reader: str | None = None
    scale: RatingScale | None = None
    day_order: DayOrder | None = None
    date_pattern: str | None = None
    table: TableOptions = field(default_factory=TableOptions)
    dry_run: bool = False


def import_interactions(
    path: Path,
    *,
    refused_file: Path,
    now: datetime,
    options: InteractionImport = InteractionImport(),
    progress: ReportRows | None = None,
) -> ImportReport:
    """Store the interactions of the file, each once, and rows that cannot be in the file of refused rows.

    A rating that differs from the one that was imported before is stored as a newer one. A dry run says what would be,
    and stores nothing.
    """
    if options.reader is not None and not READER_KEY.fullmatch(options.reader):
        raise ReaderKeyError(f"--reader {options.reader!r} does not have the form {READER_KEY.pattern}.")
    with transaction.atomic() if options.dry_run else nullcontext():
        report = _imported(path, refused_file=refused_file, now=now, options=options, progress=progress)
        if options.dry_run:
            transaction.set_rollback(True)
    return report


def _imported(
    path: Path, *, refused_file: Path, now: datetime, options: InteractionImport, progress: ReportRows | None
) -> ImportReport:
    surveyed = _survey(path, options)
    with _opened(path, options) as table, refusals_in(refused_file) as refusals:
        shape = interaction_shape_of(table.columns, name=options.shape)
        scale = options.scale or shape.scale
        report = ImportReport(refused_file, shape.name, shape.label, table.encoding, table.delimiter, scale.label)
        known = _KnownKeys(options.new_readers, now=now)
        rows = _rows(table, shape, options, surveyed=surveyed, now=now)
        readable = _readable(rows, table, known, refusals, surveyed=surveyed, report=report)
        while batch := list(islice(readable, BATCH)):
            report.new_readers += known.add_readers({row.reader for row in batch})
            _store(batch, known, report, now=now)
            report.refused = refusals.count
            if progress is not None:
                progress(report.rows)
        report.refused = refusals.count
    return report


def _opened(path: Path, options: InteractionImport) -> AbstractContextManager[Table]:
    return open_table(path, known=KNOWN_COLUMNS.union(options.mapping.values()), options=options.table)


def _survey(path: Path, options: InteractionImport) -> Survey:
    with _opened(path, options) as table:
        shape = interaction_shape_of(table.columns, name=options.shape)
        columns = InteractionColumns.of(table, shape=shape, mapping=options.mapping, reader=options.reader)
        states_dates = options.day_order is not None or options.date_pattern is not None
        return survey(table, columns, scale=options.scale or shape.scale, states_dates=states_dates)


def _rows(
    table: Table, shape: InteractionShape, options: InteractionImport, *, surveyed: Survey, now: datetime
) -> InteractionRows:
    cell_format = InteractionCellFormat(
        shape,
        options.scale or shape.scale,
        first_at=options.first_at or now - BEFORE_NOW,
        now=now,
        reader=options.reader,
        day_order=options.day_order or surveyed.day_order,
        date_pattern=options.date_pattern,
    )
    columns = InteractionColumns.of(table, shape=shape, mapping=options.mapping, reader=options.reader)
    return InteractionRows(columns, cell_format)


@dataclass(slots=True)
class _KnownKeys:
    """Which readers and books there are, and whether readers may be made."""

    new_readers: AgeBand | None
    now: datetime
    books: dict[str, int] = field(default_factory=all_book_ids)
    readers: dict[str, int] = field(default_factory=all_reader_ids)
    _isbns: dict[str, int] | None = None

    def check(self, row: Interaction) -> None:
        if row.book not in self.books and not self._knows_isbn(row.book):
            raise RowError(f"There is no book {row.book!r}.", column="book", value=row.book)
        if row.reader not in self.readers and self.new_readers is None:
            reason = f"There is no reader {row.reader!r}; --new-readers BAND makes those that are not known."
            raise RowError(reason, column="reader", value=row.reader)

    def _knows_isbn(self, text: str) -> bool:
        """Tell whether the text is an ISBN of a book; from then on it names that book as its key does."""
        try:
            number = isbn13(text, zeros_may_be_lost=True)
        except InvalidIsbnError:
            return False
        if self._isbns is None:
            self._isbns = all_isbn_book_ids()
        if number in self._isbns:
            self.books[text] = self._isbns[number]
        return number in self._isbns

    def add_readers(self, keys: set[str]) -> int:
        """Make those of the readers that are not known; returns how many."""
        missing = sorted(keys - self.readers.keys())
        if not missing or self.new_readers is None:
            return 0
        save_readers([ReaderInput(key=key, age_band=self.new_readers) for key in missing], now=self.now)
        self.readers |= reader_ids(missing)
        return len(missing)


def _readable(
    rows: InteractionRows,
    table: Table,
    known: _KnownKeys,
    refusals: Refusals,
    *,
    surveyed: Survey,
    report: ImportReport,
) -> Iterator[Interaction]:
    for number, row in enumerate(table.rows):
        report.rows += 1
        try:
            found = rows.interactions(row)
            for interaction in found:
                known.check(interaction)
        except RowError as error:
            refusals.add(row.line, error)
            continue
        if not found:
            report.not_rated += 1
        elif surveyed.last_rows and surveyed.is_replaced(number, rating_key(rows.columns.cells(row))):
            report.replaced += 1
            found = [interaction for interaction in found if interaction.kind != "rated"]
        yield from found


def _store(batch: list[Interaction], known: _KnownKeys, report: ImportReport, *, now: datetime) -> None:
    """Store what is new of the batch, a rating that has changed as a newer one."""
    versions = current_versions([row.event_id for row in batch if row.kind == "rated" and row.has_derived_id])
    events: dict[str, NewEvent] = {}
    changed: set[str] = set()
    for row in batch:
        event_id, occurred_at = row.event_id, row.occurred_at
        version = versions.get(row.event_id)
        if version is not None:
            if version.value == row.value:
                continue
            event_id = version_id(row.event_id, version.number + 1)
            occurred_at = moment_of_change(row.event_id, version, at=occurred_at)
            changed.add(event_id)
        event = NewEvent(
            event_id=event_id,
            reader_id=known.readers[row.reader],
            book_id=known.books[row.book],
            kind=row.kind,
            value=row.value,
            surface="import",
            list_id="",
            occurred_at=occurred_at,
            received_at=now,
        )
        events.setdefault(event_id, event)  # of two rows with one id of the sender's the first is kept
    stored = store_events(list(events.values()), sender=IMPORTS)
    report.stored += len(stored)
    report.changed += len(stored & changed)
    report.duplicates += len(batch) - len(stored)
