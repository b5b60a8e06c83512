"""What an import made of cells that were not quite as they should be: counted by kind, and kept line by line."""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from apps.platform.services.tabular.refusals import LONGEST_VALUE
from apps.platform.services.tabular.spreadsheets import escaped_row

# A person mends a thousand cells by hand, and reads no ten thousand lines that say the same of one column.
LINES_PER_KIND = 1000


@dataclass(frozen=True, slots=True)
class CellRemark:
    """What was done with one cell. `kind` is what such remarks are counted by: "year left out".

    One that is `of_column` is the fault of a whole column, of which one line tells all.
    """

    column: str
    kind: str
    done: str
    value: str = ""
    of_column: bool = False


@dataclass(slots=True)
class Remarks:
    """The file of remarks, made with the first of them, and how many there are of each kind."""

    path: Path | None
    counts: Counter[str] = field(default_factory=Counter)
    _listed: Counter[str] = field(default_factory=Counter)
    _file: TextIO | None = field(default=None)

    def add(self, line: int, remark: CellRemark) -> None:
        """Count the remark, and write it to the file unless that has enough of its kind."""
        self.counts[remark.kind] += 1
        if self.path is None or self._listed[remark.kind] == (1 if remark.of_column else LINES_PER_KIND):
            return
        self._listed[remark.kind] += 1
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(["line", "column", "done", "value"])
        row = escaped_row([line, remark.column, remark.done, remark.value[:LONGEST_VALUE]])
        csv.writer(self._file).writerow(row)

    def close(self) -> None:
        """Write the remarks to disk, and remove the file of an earlier import, which would now mislead."""
        if self._file is not None:
            for kind, count in self.counts.items():
                if count > self._listed[kind]:
                    csv.writer(self._file).writerow(["", "", f"{kind}: {count - self._listed[kind]:,} more", ""])
            self._file.close()
        elif self.path is not None:
            self.path.unlink(missing_ok=True)


@contextmanager
def remarks_in(path: Path | None) -> Iterator[Remarks]:
    """Write remarks to this file until the block ends; without a file they are counted only."""
    remarks = Remarks(path)
    try:
        yield remarks
    finally:
        remarks.close()
