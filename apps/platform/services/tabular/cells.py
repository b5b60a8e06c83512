"""Cells of a row made into values. What cannot be read is left out with a remark; only a bad key refuses the row."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias, TypeVar

from apps.platform.services.tabular.refusals import RowError
from apps.platform.services.tabular.remarks import CellRemark
from epicml.text.catalogue_numbers import count_in, number_in
from epicml.text.repairs import from_mojibake, has_control, looks_spoilt, one_line, without_entities

T = TypeVar("T")
N = TypeVar("N", int, float)
LONGEST_STATEMENT = 1000  # of a number, a date, a code
ROUNDED = re.compile(r"\d([.,]\d+)?[eE]\+?\d+")
ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})  # of spreadsheets
NOTHING = frozenset({"", "NULL", "NaN", "nan", "None", "N/A", "n/a"}) | ERRORS
_PLAIN_NUMBER = re.compile(r"[-+]?\d{1,12}([.,]\d*)?", re.ASCII)
# Dates, and years alone: a year out of them is all that was asked for.
_DATE = re.compile(
    r"\d{4}-\d\d(?:-\d\d.*)?|(?:\d{1,2}\.? )?[A-Za-z]{3,9}\.? (?:\d{1,2}, ?)?\d{4}|\d{1,2}([/.])\d{1,2}\1\d{4}"
)


class UnsetType(Enum):
    """The type of UNSET, told apart from None, which says that something is not known."""

    UNSET = "unset"


UNSET: Final = UnsetType.UNSET
MaybeUnset: TypeAlias = T | UnsetType


@dataclass(slots=True)
class Cells:
    """The cells of one row by field, those of the column to prefer first. Fields without a column are not there.

    An empty cell says nothing, or, if it `clears`, that the value is not known.
    """

    values: Mapping[str, tuple[str, ...]]
    clears: bool = False
    remarks: list[CellRemark] = field(default_factory=list)

    def key(self, *, pattern: re.Pattern[str]) -> str:
        """Read an identifier as its owner writes it; RowError where it is none."""
        value = self.first("key")
        if ROUNDED.fullmatch(value):
            reason = "The number is rounded (1.2e+12): its last digits are lost, so it names nothing."
            raise RowError(reason, column="key", value=value)
        if not pattern.fullmatch(value):
            raise RowError(f"An identifier has the form {pattern.pattern}.", column="key", value=value)
        return value

    def text(self, name: str, *, longest: int, nothing: frozenset[str] = NOTHING) -> MaybeUnset[str | None]:
        """Read text in one line, cut where it is too long; words in `nothing` say that there is none."""
        first = self.first(name)
        if first in nothing:
            return self.empty(name, None)
        value = self.one_line(name, first)
        if len(value) > longest:
            self.add_remark(name, "cut", f"Cut to {longest} characters.", value)
            value = value[:longest].rstrip()
        return value or self.empty(name, None)

    def count(self, name: str, *, low: int, high: int, empty: int | None) -> MaybeUnset[int | None]:
        """Read a whole number."""
        return self.read(name, count_in, low=low, high=high, empty=empty)

    def number(self, name: str, *, low: float, high: float) -> MaybeUnset[float | None]:
        """Read a number that may have a fraction."""
        return self.read(name, number_in, low=low, high=high)

    def read(
        self,
        name: str,
        number_of: Callable[[str], N | None],
        *,
        low: float,
        high: float,
        empty: N | None = None,
        nothing: tuple[str, ...] = (),
    ) -> MaybeUnset[N | None]:
        """Read a number out of the first cell that has one within the bounds."""
        found = [cell.strip()[:LONGEST_STATEMENT] for cell in self.values.get(name, ())]
        cells = [cell for cell in found if cell not in NOTHING and cell not in nothing]
        if not cells:
            return self.empty(name, empty)
        for cell in cells:
            value = number_of(cell)
            if value is not None and low <= value <= high:
                if not _PLAIN_NUMBER.fullmatch(cell) and not _DATE.fullmatch(cell):
                    self.add_remark(name, "read in part", f"Read as {value:g}.", cell)
                return value
        self.add_remark(name, "left out", f"No number from {low:g} to {high:g} can be read in it.", cells[0])
        return UNSET

    def first(self, name: str) -> str:
        """Find the first cell of the field that is not blank; "" where there is none."""
        return next((cell.strip() for cell in self.values.get(name, ()) if cell.strip()), "")

    def filled(self, name: str) -> list[str]:
        """List the cells of the field that say something, as they stand."""
        return [cell for cell in self.values.get(name, ()) if cell.strip() not in NOTHING]

    def empty(self, name: str, empty: T) -> MaybeUnset[T]:
        """Say what an empty cell of this field means: nothing, or the value `empty`."""
        return empty if self.clears and name in self.values else UNSET

    def bounded(self, name: str, found: list[str], *, most: int, longest: int) -> MaybeUnset[tuple[str, ...]]:
        """Take each of the parts once, not too many and none too long."""
        each = list(dict.fromkeys(part[:longest].rstrip() for part in found))
        if any(len(part) > longest for part in found):
            self.add_remark(name, "cut", f"Cut to {longest} characters.", max(found, key=len))
        if len(each) > most:
            self.add_remark(name, "cut", f"Only the first {most} of {len(each)} were taken.", "; ".join(each))
        return tuple(each[:most]) if each else self.empty(name, ())

    def one_line(self, name: str, text: str) -> str:
        """Mend a text and write it in one line."""
        return one_line(self.mended(name, text))

    def mended(self, name: str, text: str) -> str:
        """Restore a text as it was meant before a program on the way spoilt it."""
        decoded = without_entities(text)
        mended = from_mojibake(decoded)
        if mended != decoded:
            self.add_remark(name, "repaired", f"Accents were spoilt; read as {mended[:100]}.", text)
        elif looks_spoilt(mended):
            self.add_remark(
                name, "spoilt", "Accents look spoilt, and cannot be mended: see how the file was made.", text
            )
        if has_control(mended.replace("\x1f", "")):
            self.add_remark(name, "repaired", "Control characters were removed.", text)
        return mended

    def add_remark(self, name: str, verb: str, done: str, value: str, *, of_column: bool = False) -> None:
        """Keep what was done with a cell of this field."""
        self.remarks.append(CellRemark(name, f"{name} {verb}", done, value, of_column))


def items_in(cell: str) -> list[str]:
    """Read the items of a list as Python or JSON write it; else the cell is the only one.

    >>> items_in("['Bears', 'Owls']"), items_in("Bears, Owls")
    (['Bears', 'Owls'], ['Bears, Owls'])
    """
    text = cell.strip()
    if text[:2] in ("['", '["') and text.endswith("]"):
        try:
            return [str(item) for item in ast.literal_eval(text)]
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return [cell]
    return [cell]
