"""Records of a text file, one after the other: one that is wrongly written costs itself, never those after it."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from apps.platform.services.tabular.dialects import LARGEST_RECORD, Dialect

NOT_CLOSED = "A quotation mark in this line is not closed, or one inside a cell is not doubled."
AS_THEY_STAND = "Quotation marks inside the cells were not doubled; they were read as they stand."
# How MySQL writes that there is no value.
_NULL = re.compile(r"(?:(?<=[,;\t|])|^)\\N(?=[,;\t|\r\n]|$)")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as text, and the line of the file on which it ends (in Parquet: its number).

    `fault` says why the row cannot be read, `remark` what was made of it.
    """

    line: int
    cells: list[str]
    fault: str = ""
    remark: str = ""


class _RecordTooLongError(ValueError):
    """More text than one record can have: a quotation mark was not closed."""


@dataclass(slots=True)
class Lines:
    """The lines of a text; those of a record that cannot be read are given back and read again."""

    source: Iterator[str]
    number: int = 0
    taken: list[str] = field(default_factory=list)
    _size: int = 0
    _returned: list[str] = field(default_factory=list)

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else next(self.source)
        self.number += 1
        self.taken.append(line)
        self._size += len(line)
        if self._size > LARGEST_RECORD:
            raise _RecordTooLongError
        if "\0" in line:
            line = line.replace("\0", "")
        return _NULL.sub("", line) if "\\N" in line else line

    def begin(self) -> None:
        """Count what is taken from here on to a new record."""
        self.taken.clear()
        self._size = 0

    def give_back(self, *, but: int = 0) -> None:
        """Let the lines of this record, the first ones excepted, come again."""
        returned = self.taken[but:]
        self._returned.extend(reversed(returned))
        self.number -= len(returned)
        del self.taken[but:]
        self._size = sum(map(len, self.taken))


def records(lines: Lines, dialect: Dialect, *, columns: Sequence[str]) -> Iterator[Row]:
    """Read the rows of these lines, as wide as their header where they are well formed.

    Lines without any content are left out, and so is the header where it comes again: exports are joined end to end.
    """
    width = len(columns)
    reader = dialect.reader(lines)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _RecordTooLongError):
            row = _mended(lines, dialect, width)
            reader = dialect.reader(lines)
        else:
            row = Row(lines.number, _without_blank_end(cells, width))
            if not width - 1 <= len(row.cells) <= width and any('"' in line for line in lines.taken):
                row = _mended(lines, dialect, width, otherwise=row)
                reader = dialect.reader(lines)
        if row.fault or (any(map(str.strip, row.cells)) and row.cells != columns):
            yield row


def _without_blank_end(cells: list[str], width: int) -> list[str]:
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _mended(lines: Lines, dialect: Dialect, width: int, *, otherwise: Row | None = None) -> Row:
    """Read the record that begins with the first line taken in another way in which it has the right number of cells.

    Where none has, it is `otherwise`, if that stands on one line; else the first line is refused.
    """
    spans = len(lines.taken)
    cells = _in_other_dialect(lines, replace(dialect, escape=not dialect.escape), width)
    if cells is not None:
        return Row(lines.number, cells)
    lines.give_back(but=1)
    first = lines.taken[0]
    # Quotation marks, an even number of them, may be text like any other.
    as_text = first.rstrip("\r\n").split(dialect.delimiter) if first.count('"') % 2 == 0 else None
    for cells in (_by_outer_marks(first, dialect.delimiter), as_text):
        if cells is not None and len(cells) == width:
            return Row(lines.number, cells, remark=AS_THEY_STAND)
    if otherwise is not None and spans == 1:
        return replace(otherwise, line=lines.number)
    return Row(lines.number, [first.strip()], fault=NOT_CLOSED)


def _in_other_dialect(lines: Lines, dialect: Dialect, width: int) -> list[str] | None:
    lines.give_back()
    try:
        cells = _without_blank_end(next(dialect.reader(lines)), width)
    except (csv.Error, _RecordTooLongError, StopIteration):
        return None
    return cells if len(cells) == width else None


def _by_outer_marks(line: str, delimiter: str) -> list[str] | None:
    """Split at quotation marks that close a cell only before a delimiter: those inside need not be doubled."""
    sign = re.escape(delimiter)
    cell = re.compile(rf' *"(?P<quoted>.*?)" *(?:{sign}|$)|(?P<plain>[^{sign}"]*)(?:{sign}|$)')
    text, place, cells = line.rstrip("\r\n"), 0, []
    while place <= len(text):
        found = cell.match(text, place)
        if found is None:
            return None
        cells.append(found["plain"] if found["quoted"] is None else found["quoted"].replace('""', '"'))
        if found.end() == len(text) and not found[0].endswith(delimiter):
            return cells
        place = found.end()
    return cells
