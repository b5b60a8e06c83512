"""Cells of CSV files that people open in a spreadsheet, which runs what looks like a formula.

An apostrophe before such a cell makes it text, as spreadsheets themselves write it. Reading takes it away again, so
that what was refused and corrected, or copied out of a file of ours, is imported as it was.
"""

import re
from collections.abc import Iterable

# Also after blanks of any kind, signs that do not show and further apostrophes, and in full width.
_RUNS = re.compile(r"[\s'\u200b-\u200f\u2060\ufeff\x00-\x1f]*[=+\-@＝＋－＠]|'*[\t\r\n]")  # noqa: RUF001 - meant


def unharmed(cell: str) -> str:
    """The cell in a form that no spreadsheet takes for a formula.

    >>> unharmed("=1+1"), unharmed(" @SUM(A1)"), unharmed("Holes = good")
    ("'=1+1", "' @SUM(A1)", 'Holes = good')
    """
    return f"'{cell}" if _RUNS.match(cell) else cell


def as_written(cell: str) -> str:
    """The cell as it was before `unharmed`.

    >>> as_written("'=1+1"), as_written("'Tis the Season")
    ('=1+1', "'Tis the Season")
    """
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell) else cell


def unharmed_row(cells: Iterable[object]) -> list[object]:
    """A row for a CSV writer: texts unharmed, numbers as numbers."""
    return [unharmed(cell) if isinstance(cell, str) else cell for cell in cells]
