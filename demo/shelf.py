"""The children's shelf of goodbooks-10k that the demo carries: which books and columns, and how it is written."""

import csv
import gzip
import io
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.dataset import RATING_COLUMNS, Dataset, rows_of

# What the importers read; pictures, ISBNs and the star histogram would triple the files.
BOOK_COLUMNS = (
    "book_id",
    "authors",
    "original_publication_year",
    "title",
    "language_code",
    "average_rating",
    "ratings_count",
)
GENRE_COLUMNS = ("book_id", "genres")


@dataclass(frozen=True, slots=True)
class ShelfReport:
    """How many rows the files of a shelf hold, and how large they are."""

    books: int
    ratings: int
    size_bytes: int


def make_shelf(source: Path, *, target: Path) -> ShelfReport:
    """Write the rows of the books that carry a children's tag; the same source gives the same bytes.

    Raises:
        DatasetMissingError: the source lacks one of its three tables.
        DatasetDamagedError: one of them lacks a column.
    """
    tables = Dataset.in_folder(source)
    tags = {row["book_id"]: row["genres"] for row in rows_of(tables.genres, columns=GENRE_COLUMNS)}
    # Not the rule of who may see a book: the shelf also has books that only somebody took for children's.
    kept = {book for book, genres in tags.items() if "child" in genres}

    def is_kept(row: Mapping[str, str]) -> bool:
        return row["book_id"] in kept

    target.mkdir(parents=True, exist_ok=True)
    books = copy_rows(tables.books, target / "books.csv.gz", columns=BOOK_COLUMNS, keep=is_kept)
    copy_rows(tables.genres, target / "genres.csv.gz", columns=GENRE_COLUMNS, keep=is_kept)
    ratings = copy_rows(tables.ratings, target / "ratings.csv.gz", columns=RATING_COLUMNS, keep=is_kept)
    return ShelfReport(books, ratings, sum(path.stat().st_size for path in target.glob("*.csv.gz")))


def copy_rows(
    source: Path, target: Path, *, columns: Collection[str], keep: Callable[[Mapping[str, str]], bool]
) -> int:
    """Write these columns of the rows that are kept, in their order, and count them."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in rows_of(source, columns=columns):
        if keep(row):
            writer.writerow(row)
            count += 1
    # Neither name nor time in the header, so that the bytes depend on the rows alone.
    with target.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
        packed.write(text.getvalue().encode())
    return count
