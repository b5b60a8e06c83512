"""A first reading of a whole file of ratings: what no row tells by itself, and a guess by the row would get wrong."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from apps.events.services.interaction_rows import InteractionColumns
from apps.events.services.interaction_shapes import RatingScale, rating_number
from apps.platform.services.tabular.refusals import RowError, TableError
from apps.platform.services.tabular.tables import Table
from epicml.text.moments import DayOrder, DayOrderExamples

# So many ratings above the scale are no mistakes of single rows: the file has another scale.
MANY_ABOVE = 1 / 4


@dataclass(frozen=True, slots=True)
class Survey:
    """The order of day and month in the dates of a file, and its rows that a later row says anew."""

    day_order: DayOrder | None
    last_rows: Mapping[int, int] = field(default_factory=dict)

    def is_replaced(self, row: int, key: int) -> bool:
        """Tell whether a row after this one rates the same book by the same reader, at the same time or without one."""
        return self.last_rows.get(key, row) != row


def rating_key(cells: Mapping[str, str]) -> int:
    """Return what two rows of one rating share. Of 64 bits: a file of ten million has no two by accident."""
    return hash((cells.get("reader", ""), cells["book"], cells.get("occurred_at", "")))


def survey(table: Table, columns: InteractionColumns, *, scale: RatingScale, states_dates: bool) -> Survey:
    """Read the whole table once; TableError where it is ambiguous and a person must say more."""
    keys, rows = array("q"), array("q")
    dates = DayOrderExamples()
    has_dates = "occurred_at" in columns.positions
    ratings = above = 0
    for number, row in enumerate(table.rows):
        try:
            cells = columns.cells(row)
        except RowError:
            continue
        if has_dates:
            dates.add(cells["occurred_at"])
        value = rating_number(cells.get("value", ""))
        if value is None or value <= 0 < scale.low:
            continue
        ratings += 1
        above += value > scale.high
        has_derived_id = not cells.get("event_id") and cells.get("kind", "").casefold() in ("", "rated")
        if scale.low <= value <= scale.high and has_derived_id:
            keys.append(rating_key(cells))
            rows.append(number)
    _check_scale(table, scale, ratings=ratings, above=above)
    if dates.undecided and not states_dates:
        raise _undecided(table, dates)
    return Survey(dates.order, _last_rows(keys, rows))


def _check_scale(table: Table, scale: RatingScale, *, ratings: int, above: int) -> None:
    if above > ratings * MANY_ABOVE:
        raise TableError(
            f"{above:,} of {ratings:,} ratings in {table.name} are above {scale.high:g}, so its scale is another one "
            f"than {scale.label}: say it with --rating-scale, such as 1-10 or 0-100."
        )


def _undecided(table: Table, dates: DayOrderExamples) -> TableError:
    if dates.day_first:
        both = f"{dates.day_first} has the day first and {dates.month_first} the month"
    else:
        both = f"{dates.either} may have the day or the month first, and no other row tells"
    return TableError(f"The dates in {table.name} can be read in two ways: {both}. Say --date-format dmy or mdy.")


def _last_rows(keys: "array[int]", rows: "array[int]") -> dict[int, int]:
    """Find the last row of each rating that has several."""
    of_row = np.frombuffer(keys, dtype=np.int64) if keys else np.zeros(0, dtype=np.int64)
    found, from_end, counts = np.unique(of_row[::-1], return_index=True, return_counts=True)
    last = np.frombuffer(rows, dtype=np.int64)[::-1][from_end] if rows else from_end
    several = counts > 1
    return dict(zip(found[several].tolist(), last[several].tolist(), strict=True))
