"""How a text file writes a table: between cells, around cells, and on which of its lines the columns are named."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from apps.platform.services.tabular.refusals import TableError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
LARGEST_RECORD = (
    8_000_000  # characters: a description of a whole page fits, a quotation mark that is never closed stops
)
HEADER_WITHIN = 20  # records: what stands above the names of columns is a title, a date and remarks
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_ESCAPED = re.compile(r'\\"(?=[^,;\t|\r\n"])')
_DOUBLED = re.compile(r'(?<=[^,;\t|\r\n"\\])""(?=[^,;\t|\r\n"])')
_BETWEEN_WORDS = re.compile(r"[\s\-_.()]+")

_MARKS_OF_SUBFIELDS = str.maketrans("|‡", "$$")  # "245|a" is "245$a"

csv.field_size_limit(max(csv.field_size_limit(), LARGEST_RECORD))  # its default of 131,072 ends a whole import


@dataclass(frozen=True, slots=True)
class Dialect:
    """What stands between cells, and whether quotation marks inside a cell are written with a backslash."""

    delimiter: str
    escape: bool = False
    quoting: bool = True

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Read the records of these lines; csv.Error where one is not written in this dialect."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            escapechar="\\" if self.escape else None,
            quoting=csv.QUOTE_MINIMAL if self.quoting else csv.QUOTE_NONE,
            skipinitialspace=True,
            strict=True,
        )

    @property
    def label(self) -> str:
        """Name the delimiter for people: "semicolons"."""
        return DELIMITERS.get(self.delimiter, repr(self.delimiter))


@dataclass(frozen=True, slots=True)
class WithoutHeader:
    """A kind of file that never names its columns, known by its first line."""

    first_line: re.Pattern[str]
    delimiter: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the start of a file says of all of it. The rows begin after so many lines."""

    dialect: Dialect
    columns: list[str]
    lines_before: int


def column_key(name: str) -> str:
    """Return a column's name without what differs between programs: "Book-Id", "book_id" and "BookID" are one.

    >>> column_key(" My Rating"), column_key("series_number"), column_key("245 $a"), column_key("Author(s)")
    ('myrating', 'seriesnumber', '245$a', 'authors')
    """
    return _BETWEEN_WORDS.sub("", name.strip("\ufeff \t\r\n\"'")).casefold().translate(_MARKS_OF_SUBFIELDS)


def layout_of(
    lines: Sequence[str],
    *,
    name: str,
    known: Collection[str],
    delimiter: str | None,
    without_header: Sequence[WithoutHeader],
) -> Layout:
    """Find the layout of a file that begins with these lines; `known` are keys of columns that it may have."""
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise TableError(f"{name} is empty.")
    for kind in without_header:
        if kind.first_line.match(lines[first]):
            return Layout(Dialect(kind.delimiter, quoting=False), list(kind.columns), first)
    text = "".join(lines)
    escape = len(_ESCAPED.findall(text)) > len(_DOUBLED.findall(text))
    separator = _SEPARATOR_LINE.fullmatch(lines[first])
    if separator and len(lines) > first + 1:
        delimiter, first = delimiter or separator[1], first + 1
    headers = [
        header
        for sign in ([delimiter] if delimiter else DELIMITERS)
        if (header := _header(lines[first:], Dialect(sign, escape), known))
    ]
    if not headers:
        raise TableError(
            f"{name} is not a CSV file: no line at its start names columns, with commas, semicolons, tabs or pipes "
            "between them."
        )
    best = max(headers, key=lambda found: (found.score, -found.layout.lines_before, len(found.layout.columns)))
    return Layout(best.layout.dialect, best.layout.columns, best.layout.lines_before + first)


@dataclass(frozen=True, slots=True)
class _Header:
    layout: Layout
    score: int


def _header(lines: Sequence[str], dialect: Dialect, known: Collection[str]) -> _Header | None:
    """Find the first record with the most known names; else the first that has several cells."""
    best: _Header | None = None
    reader = csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=True)
    for number, cells in enumerate(reader):
        columns = _without_blank_end(cells)
        score = sum(column_key(cell) in known for cell in columns)
        if len(columns) > 1 and (best is None or score > max(best.score, 1)):
            best = _Header(Layout(dialect, columns, reader.line_num), score)
        if number == HEADER_WITHIN:
            break
    return best


def _without_blank_end(cells: Sequence[str]) -> list[str]:
    columns = [cell.strip("\ufeff \t\r\n") for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    return columns
