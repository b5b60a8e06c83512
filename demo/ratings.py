"""The ratings of goodbooks-10k as events: under pseudonyms, and with moments that keep each reader's order.

goodbooks-10k knows the order of a reader's ratings and no times. Here they are spread evenly over the year before the
demo was prepared, so that what somebody does in the storefront is newer than all of them. The ids of the events follow
from apps.platform.services.progress_printer import ReportRows
"""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from apps.events.services.import_report import ImportReport
from apps.events.services.importing import import_interactions
from apps.platform.services.progress_printer import ReportRows
from demo.dataset import RATING_COLUMNS, rows_of
from demo.readers import reader_key

FIRST = timedelta(days=365)
LAST = timedelta(days=1)
COLUMNS = ("event_id", "reader", "book", "value", "occurred_at")


def load_ratings(path: Path, *, folder: Path, now: datetime, progress: ReportRows | None = None) -> ImportReport:
    """Store every rating of the table as an event, each once, and what was refused in the report's file."""
    table = folder / "demo-ratings.csv"
    try:
        with table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(_events(path, now=now))
        return import_interactions(table, refused_file=folder / "demo-refused-ratings.csv", now=now, progress=progress)
    finally:
        table.unlink(missing_ok=True)


def _events(path: Path, *, now: datetime) -> Iterator[tuple[str, str, str, str, int]]:
    """Write the rows in the order of the table, so that the line of a refused one is that of its source."""
    counts = Counter(row["user_id"] for row in rows_of(path, columns=RATING_COLUMNS))
    places: Counter[str] = Counter()
    first = int((now - FIRST).timestamp())
    span = int((FIRST - LAST).total_seconds())
    for row in rows_of(path):
        user, book = row["user_id"], row["book_id"]
        at = first + span * places[user] // counts[user]
        places[user] += 1
        yield f"goodbooks-{user}-{book}", reader_key(user), book, row["rating"], at
