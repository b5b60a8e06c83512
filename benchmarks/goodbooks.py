"""goodbooks-10k as the benchmarks of search use it: titles, authors and popularity, read from beside the project."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from epicml.search.fields import BookText
from epicml.text.normalise import main_title, series_of

GOODBOOKS = Path(__file__).resolve().parents[2] / "shared" / "data" / "goodbooks"


@dataclass(frozen=True, slots=True)
class BenchmarkBook:
    """A book to look for: `title` is what is typed, without the note of its series."""

    id: int
    title: str
    text: BookText
    popularity: int


@cache
def all_books() -> tuple[BenchmarkBook, ...]:
    """All 10,000 books."""
    with (GOODBOOKS / "books.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_book(row) for row in csv.DictReader(file))


def _book(row: dict[str, str]) -> BenchmarkBook:
    series = series_of(row["title"])
    text = BookText(
        title=row["title"],
        authors=[name.strip() for name in row["authors"].split(",")],
        series=series.name if series else None,
        series_number=series.number if series else None,
    )
    return BenchmarkBook(int(row["book_id"]), main_title(row["title"]), text, int(row["ratings_count"]))
