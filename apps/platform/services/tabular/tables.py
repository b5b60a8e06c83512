"""Reading the files that people import: CSV in its many forms, gzipped or not, and Parquet; row by row."""

import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from apps.platform.services.tabular.dialects import LARGEST_RECORD, WithoutHeader, column_key, layout_of
from apps.platform.services.tabular.encodings import Encoding, detected_encoding, named_encoding
from apps.platform.services.tabular.kinds import why_no_table
from apps.platform.services.tabular.parquet import parquet_columns, parquet_rows
from apps.platform.services.tabular.records import Lines, Row, records
from apps.platform.services.tabular.refusals import RowError, TableError
from apps.platform.services.tabular.spreadsheets import as_written

LOOK_AT_BYTES = 4096
LOOK_AT_CHARACTERS = 262_144
GZIP = b"\x1f\x8b"
FEW_CONTROLS = 0.02  # of the characters at the start: more of them are data of a program


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What a person says of a file that is otherwise found out."""

    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An open file: the names of its columns, how it was read, and its rows, which are read as they are asked for."""

    name: str
    columns: list[str]
    rows: Iterator[Row]
    encoding: str
    delimiter: str


@contextmanager
def open_table(
    path: Path,
    *,
    known: Collection[str] = (),
    without_header: Sequence[WithoutHeader] = (),
    options: TableOptions = TableOptions(),  # frozen
) -> Iterator[Table]:
    """Open the file as a table while the block lasts; what it is, is told by its content and not by its name.

    `known` are names of columns by which the line that names them is recognised.
    """
    start = _first_bytes(path)
    if start.startswith(b"PAR1"):
        yield Table(path.name, parquet_columns(path), parquet_rows(path), "Parquet", "columns")
        return
    packed = start.startswith(GZIP)
    try:
        encoding = _encoding(path, packed=packed, named=options.encoding)
        with (
            _opened(path, packed=packed) as file,
            io.TextIOWrapper(file, encoding.codec, encoding.errors, newline="") as text,
        ):
            yield _csv(text, path.name, encoding, known=known, without_header=without_header, options=options)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TableError(f"{path.name} is damaged: its gzip data end or break.") from error


def columns_of(
    table: Table,
    *,
    names: Mapping[str, Sequence[str]],
    required: Collection[str],
    mapping: Mapping[str, str],
) -> dict[str, tuple[int, ...]]:
    """Find at which places of a row each field stands: where the mapping says, else wherever a column has a known name.

    The first known name comes first.
    """
    unknown = [name for name in mapping if name not in names]
    if unknown:
        raise TableError(f"There is no field {unknown[0]!r}; fields are {', '.join(names)}.")
    keys = [column_key(column) for column in table.columns]
    places = {name: _mapped(table, keys, mapping[name]) for name in mapping}
    for name, known in names.items():
        found = tuple(place for key in map(column_key, known) for place, other in enumerate(keys) if other == key)
        if name not in places and found:
            places[name] = tuple(dict.fromkeys(found))
    missing = [name for name in required if name not in places]
    if missing:
        raise TableError(
            f"{table.name} has no column for {missing[0]} (known names: {', '.join(names[missing[0]])}); it has "
            f"{_listed(table.columns)}. Say which one with --map {missing[0]}=COLUMN."
        )
    return places


def only_place(table: Table, places: Sequence[int]) -> int:
    """Return the place of a column that may be there once only."""
    names = [table.columns[place] for place in places]
    if len(names) > 1 and column_key(names[0]) == column_key(names[1]):
        raise TableError(f"{table.name} names a column twice: {names[0]}.")
    return places[0]


def check_width(row: Row, width: int, *, required: Collection[int]) -> None:
    """Refuse a row that was cut or has run over; the last cell may be missing if nothing needs it."""
    if row.fault:
        raise RowError(row.fault, value=row.cells[0])
    if len(row.cells) != width and (len(row.cells) != width - 1 or width - 1 in required):
        raise RowError(f"The row has {len(row.cells)} cells, the first line has {width}.")


def _mapped(table: Table, keys: Sequence[str], column: str) -> tuple[int, ...]:
    exact = tuple(place for place, name in enumerate(table.columns) if name == column)
    found = exact or tuple(place for place, key in enumerate(keys) if key == column_key(column))
    if not found:
        raise TableError(f"{table.name} has no column {column!r}; it has {_listed(table.columns)}.")
    return found


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(column[:40] for column in columns[:30] if column)


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


def _opened(path: Path, *, packed: bool) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")


def _encoding(path: Path, *, packed: bool, named: str | None) -> Encoding:
    """Detect the encoding, and refuse what is no text on the way."""
    with _opened(path, packed=packed) as file:
        start = file.read(LOOK_AT_BYTES)
    if not start:
        raise TableError(f"{path.name} is empty.")
    if what := why_no_table(start, path):
        raise TableError(f"{path.name} {what}.")
    if named is not None:
        return named_encoding(named)
    with _opened(path, packed=packed) as file:
        return detected_encoding(file, path.name)


def _csv(
    text: io.TextIOWrapper,
    name: str,
    encoding: Encoding,
    *,
    known: Collection[str],
    without_header: Sequence[WithoutHeader],
    options: TableOptions,
) -> Table:
    try:
        start = _first_lines(text)
    except UnicodeError as error:
        raise _not_in(name, encoding, line=0) from error
    characters = "".join(start)
    controls = sum(sign < " " and sign not in "\t\n\r\f\x1a\x1f" for sign in characters)
    if controls > FEW_CONTROLS * len(characters) and controls > 1:
        raise TableError(f"{name} is not a CSV file: it holds binary data.")
    keys = {column_key(column) for column in known}
    layout = layout_of(
        [line.replace("\0", "") for line in start],
        name=name,
        known=keys,
        delimiter=options.delimiter,
        without_header=without_header,
    )
    rest = iter(lambda: text.readline(LARGEST_RECORD), "")
    lines = Lines(chain(start[layout.lines_before :], rest), layout.lines_before)
    rows = _translated(lines, records(lines, layout.dialect, columns=layout.columns), name, encoding)
    return Table(name, layout.columns, rows, encoding.label, layout.dialect.label)


def _first_lines(text: io.TextIOWrapper) -> list[str]:
    lines: list[str] = []
    size = 0
    while size < LOOK_AT_CHARACTERS and (line := text.readline(LARGEST_RECORD)):
        lines.append(line.lstrip("\ufeff") if not lines else line)
        size += len(line)
    return lines


def _translated(lines: Lines, rows: Iterator[Row], name: str, encoding: Encoding) -> Iterator[Row]:
    """Read the rows; whatever is wrong with the file as a whole becomes one sentence."""
    try:
        for row in rows:
            marked = any(cell.startswith("'") for cell in row.cells)
            yield replace(row, cells=[as_written(cell) for cell in row.cells]) if marked else row
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TableError(f"{name} is damaged: its gzip data end or break after line {lines.number}.") from error
    except UnicodeError as error:
        raise _not_in(name, encoding, line=lines.number) from error


def _not_in(name: str, encoding: Encoding, *, line: int) -> TableError:
    return TableError(f"{name} is not in {encoding.label}: see after line {line}. Say with --encoding in which it is.")
