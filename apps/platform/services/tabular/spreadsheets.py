"""Cells of CSV files that people open in a spreadsheet, which runs what looks like a formula.

An apostrophe before such a cell makes it text, as spreadsheets themselves write it. Reading takes it away again, so
that what was refused and corrected, or copied out of a file of ours, is imported as it was.
"""

import re
from collections.abc import Iterable

# Also after blanks of any kind, signs that do not show and further apostrophes, and in full width.
_RUNS = re.compile(r"[\s'\u200b-\u200f\u2060\ufeff\x00-\x1f]*[=+\-@＝＋－＠]|'*[\t\r\n]")  # noqa: RUF001 - meant


def escape_formula(cell: str) -> str:
    """Write the cell so that no spreadsheet takes it for a formula.

    >>> escape_formula("=1+1"), escape_formula(" @SUM(A1)"), escape_formula("Holes = good")
    ("'=1+1", "' @SUM(A1)", 'Holes = good')
    """
    return f"'{cell}" if _RUNS.match(cell) else cell


def as_written(cell: str) -> str:
    """Read the cell as it was before `escape_formula`.

    >>> as_written("'=1+1"), as_written("'Tis the Season")
    ('=1+1', "'Tis the Season")
    """
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell) else cell


def escaped_row(cells: Iterable[object]) -> list[object]:
    """Make a row for a CSV writer: texts with their formulas escaped, numbers as numbers."""
    return [escape_formula(cell) if isinstance(cell, str) else cell for cell in cells]
