"""Reading the files that people import: CSV, gzipped CSV or Parquet, row by row, however large they are."""

import csv
import gzip
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from apps.platform.services.errors import EpicmlError

PARQUET_ROWS = 10_000  # read at a time
LOOK_AT_BYTES = 4096
DELIMITERS = (",", ";", "\t")


class TableError(EpicmlError):
    """The file cannot be read as a table."""

    code = "unreadable_file"


@dataclass(frozen=True, slots=True)
class Row:
    """One row as text, and the line of the file on which it ends (in Parquet: its number)."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """An open file: the names of its columns, and its rows, which are read as they are asked for."""

    name: str
    columns: list[str]
    rows: Iterator[Row]


def columns_of(
    table: Table,
    *,
    names: Mapping[str, Sequence[str]],
    required: Collection[str],
    mapping: Mapping[str, str],
) -> dict[str, int]:
    """At which place of a row each field stands: where the mapping says, else at the first of its known names."""
    unknown = [name for name in mapping if name not in names]
    if unknown:
        raise TableError(f"There is no field {unknown[0]!r}; fields are {', '.join(names)}.")
    places = {name: _place(table, mapping[name]) for name in mapping}
    for name, known in names.items():
        found = [table.columns.index(column) for column in known if column in table.columns]
        if name not in places and found:
            places[name] = found[0]
    missing = [name for name in required if name not in places]
    if missing:
        raise TableError(
            f"{table.name} has no column for {missing[0]} (known names: {', '.join(names[missing[0]])}); it has "
            f"{_listed(table.columns)}. Say which one with --map {missing[0]}=COLUMN."
        )
    return places


def _place(table: Table, column: str) -> int:
    if column not in table.columns:
        raise TableError(f"{table.name} has no column {column!r}; it has {_listed(table.columns)}.")
    return table.columns.index(column)


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(column[:40] for column in columns[:30])


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The file as a table while the block lasts; what it is, is told by its first bytes and not by its name."""
    start = _first_bytes(path)
    if start.startswith(b"PAR1"):
        yield _parquet(path)
        return
    open_text = gzip.open if start.startswith(b"\x1f\x8b") else open
    with open_text(path, "rt", encoding="utf-8-sig", newline="") as text:
        yield _csv(text, path.name)


def _first_bytes(path: Path) -> bytes:
    if not path.exists():
        raise TableError(f"There is no file {path}.")
    if not path.is_file():
        raise TableError(f"{path} is not a file.")
    try:
        with path.open("rb") as file:
            return file.read(LOOK_AT_BYTES)
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}.") from error


def _csv(text: TextIO, name: str) -> Table:
    rows = _translated(text, name)
    header = next(rows, None)
    if header is None:
        raise TableError(f"{name} is empty.")
    columns = [cell.strip() for cell in header.cells]
    if len(columns) < 2 or not all(columns):
        raise TableError(f"{name} is not a CSV file: its first line does not name columns.")
    if len(set(columns)) < len(columns):
        raise TableError(f"{name} names a column twice in its first line.")
    return Table(name, columns, rows)


def _translated(text: TextIO, name: str) -> Iterator[Row]:
    """Rows of a CSV file; whatever is wrong with the file as a whole becomes one sentence."""
    line = 0
    try:
        for row in _csv_rows(text, name):
            line = row.line
            yield row
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TableError(f"{name} is damaged: its gzip data end or break after line {line}.") from error
    except UnicodeDecodeError as error:
        raise TableError(f"{name} is not a CSV file in UTF-8: see after line {line}.") from error
    except csv.Error as error:
        raise TableError(f"{name} is not a CSV file: {error} after line {line}.") from error


def _csv_rows(text: TextIO, name: str) -> Iterator[Row]:
    first = text.readline(LOOK_AT_BYTES * 16)
    if "\0" in first:
        raise TableError(f"{name} is not a CSV file: it holds binary data.")
    if not first:
        return
    delimiter = max(DELIMITERS, key=first.count)
    yield Row(1, next(csv.reader([first], delimiter=delimiter), []))
    reader = csv.reader(text, delimiter=delimiter)
    for cells in reader:
        if cells:
            yield Row(reader.line_num + 1, cells)


def _parquet(path: Path) -> Table:
    import polars as pl  # here: half a second that no other command pays

    try:
        frame = pl.scan_parquet(path)
        columns = frame.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TableError(f"{path.name} is not a Parquet file that can be read.") from error
    return Table(path.name, columns, _parquet_rows(path))


def _parquet_rows(path: Path) -> Iterator[Row]:
    import polars as pl

    start = 0
    while True:
        try:
            rows = pl.scan_parquet(path).slice(start, PARQUET_ROWS).collect().rows()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise TableError(f"{path.name} is damaged after row {start}.") from error
        for number, cells in enumerate(rows, start=start + 1):
            yield Row(number, [_as_text(cell) for cell in cells])
        start += len(rows)
        if len(rows) < PARQUET_ROWS:
            return


def _as_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, list):
        return ",".join(_as_text(part) for part in cell)
    return cell.isoformat() if isinstance(cell, date) else str(cell)
