"""Importing books from a file, a thousand at a time. Each batch is one transaction: what is broken off is run again."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import transaction

from apps.catalog.services.author_spellings import AuthorSpellings
from apps.catalog.services.book_rows import BookCellFormat, BookRows, book_columns, read_tags
from apps.catalog.services.book_shapes import KNOWN_COLUMNS, OPEN_LIBRARY, OPEN_LIBRARY_DUMP, BookShape, book_shape_of
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.catalog.services.import_report import ImportReport
from apps.catalog.services.open_library import author_names, is_book
from apps.platform.services.progress_printer import ReportRows
from apps.platform.services.tabular.cells import UNSET
from apps.platform.services.tabular.refusals import Refusals, RowError, refusals_in
from apps.platform.services.tabular.remarks import CellRemark, Remarks, remarks_in
from apps.platform.services.tabular.tables import Table, TableOptions, open_table
from epicml.text.authors import Order, order_of

BATCH = 1000
GENRES_FILE = "genres.csv"
CHARACTERS_TO_TELL_ORDER = 2000  # of a cell
ROWS_TO_TELL_ORDER = 2000  # so many rows tell whether first or last names come first


@dataclass(frozen=True, slots=True)
class BookImport:
    """What a person says of an import beside the file.

    `clears` says that an empty cell clears what is known; `authors` is a second dump with the names of authors.
    """

    mapping: Mapping[str, str] | None = None
    genres: Path | None = None
    shape: str | None = None
    clears: bool = False
    authors_separator: str | None = None
    authors_order: Order | None = None
    authors: Path | None = None
    table: TableOptions = field(default_factory=TableOptions)
    remarks_file: Path | None = None
    dry_run: bool = False


def import_books(
    path: Path,
    *,
    refused_file: Path,
    now: datetime,
    options: BookImport = BookImport(),
    progress: ReportRows | None = None,
) -> ImportReport:
    """Save the books of the file in the catalogue, and rows that cannot be imported in the file of refused rows.

    Genres come from the second file, or from a genres.csv beside the first one where that names no genres itself. A dry
    run says what would be, and leaves the catalogue as it is.
    """
    with transaction.atomic() if options.dry_run else nullcontext():
        report = _imported(path, refused_file=refused_file, now=now, options=options, progress=progress)
        if options.dry_run:
            transaction.set_rollback(True)
    return report


def _imported(
    path: Path, *, refused_file: Path, now: datetime, options: BookImport, progress: ReportRows | None
) -> ImportReport:
    with (
        _opened(path, options) as table,
        refusals_in(refused_file) as refusals,
        remarks_in(options.remarks_file) as remarks,
    ):
        shape = book_shape_of(table.columns, name=options.shape)
        report = ImportReport(
            refused_file, options.remarks_file, shape.name, shape.label, table.encoding, table.delimiter
        )
        saving = _Saving(report, refusals, remarks, AuthorSpellings.of_catalogue())
        rows = _rows(table, path, shape, options)
        readable = _readable(rows, table, saving)
        while batch := list(islice(readable, BATCH)):
            saving.save(batch, now=now)
            report.refused = refusals.count
            if progress is not None:
                progress(report.rows)
        report.refused = refusals.count
        report.remarks = remarks.counts
        if report.refused and report.refused == report.rows:
            rows.require_title(table, mapping=options.mapping or {})
    return report


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    book: BookInput


@dataclass(slots=True)
class _Saving:
    """Where the books of a file, and what there is to say of its rows, go."""

    report: ImportReport
    refusals: Refusals
    remarks: Remarks
    spellings: AuthorSpellings

    def save(self, batch: list[_Line], *, now: datetime) -> None:
        books = [
            book if book.authors is UNSET else replace(book, authors=self.spellings.of(book.authors))
            for book in (line.book for line in batch)
        ]
        saved = save_books(books, now=now)
        self.report.add(saved)
        for line in batch:
            key = line.book.key
            if key in saved.reasons:
                self.refusals.add(line.number, RowError(saved.reasons[key], column="title"))
            for remark in saved.remarks.get(key, ()):
                kind = "isbns of another book" if remark.field == "isbns" else f"{remark.field} of staff kept"
                self.remarks.add(line.number, CellRemark(remark.field, kind, remark.reason, key))


def _opened(path: Path, options: BookImport) -> AbstractContextManager[Table]:
    known = KNOWN_COLUMNS.union((options.mapping or {}).values())
    return open_table(path, known=known, without_header=(OPEN_LIBRARY_DUMP,), options=options.table)


def _rows(table: Table, path: Path, shape: BookShape, options: BookImport) -> BookRows:
    """Find the columns of the table, and what the other files and a first look at this one say of it."""
    order = options.authors_order or shape.authors_order or _order(path, shape, options)
    cell_format = BookCellFormat(shape, options.clears, options.authors_separator, order)
    rows = BookRows.of(table, mapping=options.mapping or {}, cell_format=cell_format)
    if options.genres is not None or not rows.has_genres:
        genres = options.genres or path.with_name(GENRES_FILE)
        if options.genres is not None or genres.is_file():
            with open_table(genres, known=KNOWN_COLUMNS) as second:
                rows.tags = read_tags(second, clears=options.clears)
    if shape is OPEN_LIBRARY:
        rows.author_names = author_names([path, *([options.authors] if options.authors else [])])
    return rows


def _order(path: Path, shape: BookShape, options: BookImport) -> Order | None:
    with _opened(path, options) as table:
        places = book_columns(table, mapping=options.mapping or {}, shape=shape).get("authors", ())
        return order_of(
            row.cells[place][:CHARACTERS_TO_TELL_ORDER]
            for row in islice(table.rows, ROWS_TO_TELL_ORDER)
            for place in places
            if place < len(row.cells)
        )


def _readable(rows: BookRows, table: Table, saving: _Saving) -> Iterator[_Line]:
    lines: dict[str, int] = {}
    for row in table.rows:
        if rows.cell_format.shape is OPEN_LIBRARY and not is_book(row):
            saving.report.left_out += 1
            continue
        try:
            book, remarks = rows.book(row)
        except RowError as error:
            saving.refusals.add(row.line, error)
            continue
        if book.key in lines:
            twice = RowError(f"Line {lines[book.key]} has the same key.", column="key", value=book.key)
            saving.refusals.add(row.line, twice)
            continue
        for remark in remarks:
            saving.remarks.add(row.line, remark)
        lines[book.key] = row.line
        yield _Line(row.line, book)
