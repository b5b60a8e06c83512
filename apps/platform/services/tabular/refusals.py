"""What cannot be read: a whole file, or single rows, which an import keeps in a file that says which, and why."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from apps.platform.services.errors import EpicmlError
from apps.platform.services.tabular.spreadsheets import escaped_row

LONGEST_VALUE = 200
ERASED = "(erased)"


class TableError(EpicmlError):
    """The file cannot be read as a table."""

    code = "unreadable_file"


class RowError(ValueError):
    """One row cannot be imported; the others can."""

    def __init__(self, reason: str, *, column: str = "", value: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column
        self.value = value


@dataclass(slots=True)
class Refusals:
    """The file of refused rows. It is made with the first of them."""

    path: Path
    count: int = 0
    _file: TextIO | None = field(default=None)

    def add(self, line: int, error: RowError) -> None:
        """Write which line was refused, in which column, why, and what stood there."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(["line", "column", "reason", "value"])
        row = escaped_row([line, error.column, error.reason, error.value[:LONGEST_VALUE]])
        csv.writer(self._file).writerow(row)
        self.count += 1

    def close(self) -> None:
        """Write the refused rows to disk, and remove the file of an earlier import, which would now mislead."""
        if self._file is not None:
            self._file.close()
        else:
            self.path.unlink(missing_ok=True)


@contextmanager
def refusals_in(path: Path) -> Iterator[Refusals]:
    """Write refused rows to this file until the block ends."""
    refusals = Refusals(path)
    try:
        yield refusals
    finally:
        refusals.close()


def erase_in(folders: Sequence[Path], text: str) -> int:
    """Erase this text as a word from every cell of the CSV files of these folders; returns how many rows had it."""
    word = re.compile(rf"(?<![\w-]){re.escape(text)}(?![\w-])", re.ASCII)
    return sum(_erase_in_file(path, word) for folder in folders for path in sorted(folder.glob("*.csv")))


def _erase_in_file(path: Path, word: re.Pattern[str]) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    kept = [[word.sub(ERASED, cell) for cell in row] for row in rows]
    count = sum(one != other for one, other in zip(rows, kept, strict=True))
    if count:
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(kept)
        fresh.replace(path)
    return count
