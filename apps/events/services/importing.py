"""Importing what readers did from a file. Each batch is one transaction: an import that broke off is run again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from apps.catalog.selectors.books import all_book_ids
from apps.events.services.interaction_rows import Interaction, InteractionRows
from apps.events.services.storing import NewEvent, store_events
from apps.platform.services.refusals import Refusals, RowError, refusals_in
from apps.platform.services.tables import Table, open_table
from apps.readers.selectors import all_reader_ids, reader_ids
from apps.readers.services import ReaderInput, save_readers
from epicml.audience.bands import AgeBand

BATCH = 5000
# A file without times happened a year ago: old enough that no row lies in the future, young enough to be kept for long.
BEFORE_NOW = timedelta(days=365)


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a file."""

    refused_file: Path
    stored: int = 0
    duplicates: int = 0
    refused: int = 0
    new_readers: int = 0

    @property
    def rows(self) -> int:
        return self.stored + self.duplicates + self.refused


def import_interactions(
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    new_readers: AgeBand | None = None,
    first_at: datetime | None = None,
    refused_file: Path,
    now: datetime,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """The interactions of the file are stored, each once; rows that cannot be are in the file of refused rows.

    Readers that are not known are made with this age band, or their rows are refused when none is given.
    """
    report = ImportReport(refused_file)
    with open_table(path) as table, refusals_in(refused_file) as refusals:
        rows = InteractionRows.of(table, mapping=mapping or {}, first_at=first_at or now - BEFORE_NOW, now=now)
        known = _Known(new_readers, now=now)
        readable = _readable(rows, table, known, refusals)
        while batch := list(islice(readable, BATCH)):
            report.new_readers += known.add_readers({row.reader for row in batch})
            stored = len(store_events(_events(batch, known, now=now)))
            report.stored += stored
            report.duplicates += len(batch) - stored
            report.refused = refusals.count
            if progress is not None:
                progress(report.rows)
        report.refused = refusals.count
    return report


@dataclass(slots=True)
class _Known:
    """Which readers and books there are, and whether readers may be made."""

    new_readers: AgeBand | None
    now: datetime
    books: dict[str, int] = field(default_factory=all_book_ids)
    readers: dict[str, int] = field(default_factory=all_reader_ids)

    def check(self, row: Interaction) -> None:
        if row.book not in self.books:
            raise RowError(f"There is no book {row.book!r}.", column="book", value=row.book)
        if row.reader not in self.readers and self.new_readers is None:
            raise RowError(f"There is no reader {row.reader!r}.", column="reader", value=row.reader)

    def add_readers(self, keys: set[str]) -> int:
        """Those of the readers that are not known are made. How many."""
        missing = sorted(keys - self.readers.keys())
        if not missing or self.new_readers is None:
            return 0
        save_readers([ReaderInput(key=key, age_band=self.new_readers) for key in missing], now=self.now)
        self.readers |= reader_ids(missing)
        return len(missing)


def _readable(rows: InteractionRows, table: Table, known: _Known, refusals: Refusals) -> Iterator[Interaction]:
    for row in table.rows:
        try:
            interaction = rows.interaction(row)
            known.check(interaction)
        except RowError as error:
            refusals.add(row.line, error)
        else:
            yield interaction


def _events(batch: list[Interaction], known: _Known, *, now: datetime) -> list[NewEvent]:
    events = {
        row.event_id: NewEvent(
            event_id=row.event_id,
            reader_id=known.readers[row.reader],
            book_id=known.books[row.book],
            kind=row.kind,
            value=row.value,
            surface="import",
            list_id="",
            occurred_at=row.occurred_at,
            received_at=now,
        )
        for row in reversed(batch)  # of two rows with one id the first is kept
    }
    return list(reversed(events.values()))
