"""Importing books from a file, a thousand at a time. Each batch is one transaction: what is broken off is run again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from apps.catalog.services.book_rows import BookRows, Tags, read_tags
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.platform.services.refusals import Refusals, RowError, refusals_in
from apps.platform.services.tables import Table, open_table

BATCH = 1000
GENRES_FILE = "genres.csv"


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a file."""

    refused_file: Path
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + self.refused


def import_books(
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    genres: Path | None = None,
    refused_file: Path,
    now: datetime,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """The books of the file are in the catalogue; rows that cannot be imported are in the file of refused rows.

    Genres come from the second file, or from a genres.csv beside the first one where that names no genres itself.
    """
    report = ImportReport(refused_file)
    with open_table(path) as table, refusals_in(refused_file) as refusals:
        rows = BookRows.of(table, mapping=mapping or {})
        if not rows.has_genres:
            rows.tags = _tags(genres or path.with_name(GENRES_FILE), required=genres is not None)
        books = _readable(rows, table, refusals)
        while batch := list(islice(books, BATCH)):
            _save(batch, report, now=now)
            report.refused = refusals.count
            if progress is not None:
                progress(report.rows)
        report.refused = refusals.count
    return report


def _tags(path: Path, *, required: bool) -> Tags:
    if not required and not path.is_file():
        return {}
    with open_table(path) as table:
        return read_tags(table)


def _readable(rows: BookRows, table: Table, refusals: Refusals) -> Iterator[BookInput]:
    lines: dict[str, int] = {}
    for row in table.rows:
        try:
            book = rows.book(row)
        except RowError as error:
            refusals.add(row.line, error)
            continue
        if book.key in lines:
            reason = f"Line {lines[book.key]} has the same key."
            refusals.add(row.line, RowError(reason, column="key", value=book.key))
            continue
        lines[book.key] = row.line
        yield book


def _save(books: list[BookInput], report: ImportReport, *, now: datetime) -> None:
    saved = save_books(books, now=now)
    report.created += saved.created
    report.updated += saved.updated
    report.unchanged += saved.unchanged
