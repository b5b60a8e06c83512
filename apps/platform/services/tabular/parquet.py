"""Reading Parquet files, some thousand rows at a time."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from apps.platform.services.tabular.records import Row
from apps.platform.services.tabular.refusals import TableError

PARQUET_ROWS = 10_000  # read at a time
BETWEEN_ITEMS = "\x1f"  # the sign that ASCII has for it: an item of a list may hold any other


def parquet_columns(path: Path) -> list[str]:
    """Return the names of the columns."""
    import polars as pl  # here: half a second that no other command pays

    try:
        return pl.scan_parquet(path).collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TableError(f"{path.name} is not a Parquet file that can be read.") from error


def parquet_rows(path: Path) -> Iterator[Row]:
    """Read the rows as text."""
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
        return BETWEEN_ITEMS.join(_as_text(part) for part in cell)
    return cell.isoformat() if isinstance(cell, date) else str(cell)
