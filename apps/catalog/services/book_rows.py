"""A row of a file as a book: columns are known by name, what the file does not say comes from title and genres."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.cells import Cells
from apps.catalog.services.limits import (
    HIGHEST_SERIES_NUMBER,
    KEY_PATTERN,
    MAX_AUTHORS,
    MAX_GENRES,
    MAX_NAME,
    MAX_TAG,
    MAX_TITLE,
    MOST_RATINGS,
    YEARS,
)
from apps.platform.services.refusals import RowError
from apps.platform.services.tables import Row, Table, columns_of
from epicml.text.normalise import main_title, series_of

# The names a column may have, those of goodbooks-10k among them. ISBNs are not: in that file most have lost their
# leading zeros and the long ones their last digits, so they do not tell books apart.
COLUMN_NAMES = {
    "key": ("key", "book_id", "id"),
    "title": ("title",),
    "authors": ("authors", "author"),
    "series": ("series",),
    "series_number": ("series_number",),
    "age_band": ("age_band",),
    "reading_level": ("reading_level",),
    "language": ("language", "language_code"),
    "year": ("year", "published_year", "original_publication_year"),
    "genres": ("genres", "tags"),
    "popularity": ("popularity", "ratings_count"),
    "average_rating": ("average_rating",),
}
KEY = re.compile(KEY_PATTERN)
Tags = dict[str, tuple[str, ...]]


@dataclass(slots=True)
class BookRows:
    """Which column of a table holds what, and the genres of books from elsewhere."""

    positions: dict[str, int]
    width: int
    tags: Tags = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, *, mapping: Mapping[str, str]) -> "BookRows":
        """The columns that the mapping names, and for the rest those with a known name."""
        positions = columns_of(table, names=COLUMN_NAMES, required=("key", "title"), mapping=mapping)
        return cls(positions, len(table.columns))

    @property
    def has_genres(self) -> bool:
        """Whether the table itself says the genres."""
        return "genres" in self.positions

    def book(self, row: Row) -> BookInput:
        """The book of a row; RowError when it cannot be one."""
        if len(row.cells) != self.width:
            raise RowError(f"The row has {len(row.cells)} cells, the first line has {self.width}.")
        cells = Cells({name: row.cells[place] for name, place in self.positions.items()})
        key = cells.key("key", pattern=KEY)
        return _book(cells, key=key, genres=_genres(cells) if self.has_genres else self.tags.get(key, ()))


def read_tags(table: Table) -> Tags:
    """The genres of every book that this second table names."""
    places = columns_of(table, names=COLUMN_NAMES, required=("key", "genres"), mapping={})
    found: Tags = {}
    for row in table.rows:
        if len(row.cells) == len(table.columns):
            found[row.cells[places["key"]].strip()] = _genres(Cells({"genres": row.cells[places["genres"]]}))
    return found


def _book(cells: Cells, *, key: str, genres: tuple[str, ...]) -> BookInput:
    title = cells.text("title", longest=MAX_TITLE)
    series, number = _series(cells, title)
    return BookInput(
        key=key,
        title=main_title(title),
        authors=cells.texts("authors", most=MAX_AUTHORS, longest=MAX_NAME),
        series=series,
        series_number=number,
        age_band=cells.age_band(),
        reading_level=cells.whole("reading_level", low=1, high=12),
        language=cells.language(),
        published_year=cells.whole("year", low=YEARS[0], high=YEARS[1]),
        genres=genres,
        ratings_count=cells.whole("popularity", low=0, high=MOST_RATINGS) or 0,
        average_rating=cells.number("average_rating", low=0, high=5),
    )


def _series(cells: Cells, title: str) -> tuple[str | None, float | None]:
    """What the columns say, else what the title notes in brackets: "Catching Fire (The Hunger Games, #2)"."""
    series = cells.optional_text("series", longest=MAX_NAME)
    number = cells.number("series_number", low=0, high=HIGHEST_SERIES_NUMBER)
    noted = series_of(title)
    if series is not None or noted is None:
        return series, number
    in_bounds = noted.number is not None and noted.number <= HIGHEST_SERIES_NUMBER
    return noted.name[:MAX_NAME], noted.number if in_bounds else None


def _genres(cells: Cells) -> tuple[str, ...]:
    return cells.texts("genres", most=MAX_GENRES, longest=MAX_TAG)
