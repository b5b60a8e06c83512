"""A row of a file as a book: columns are known by name, what they do not say comes from the title and other files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from apps.catalog.services.audience_cells import SAYS_NO_AGE, audience_heading
from apps.catalog.services.book_cells import BookCells
from apps.catalog.services.book_shapes import OF_ONE_VALUE, OPEN_LIBRARY, OPEN_LIBRARY_COLUMNS, BookShape, column_names
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.limits import (
    HIGHEST_SERIES_NUMBER,
    KEY_PATTERN,
    MAX_AUTHORS,
    MAX_GENRES,
    MAX_ISBNS,
    MAX_NAME,
    MAX_TAG,
    MAX_TITLE,
    MOST_RATINGS,
    YEARS,
)
from apps.catalog.services.open_library import cells_of
from apps.platform.services.tabular.cells import UNSET, MaybeUnset
from apps.platform.services.tabular.records import Row
from apps.platform.services.tabular.refusals import TableError
from apps.platform.services.tabular.remarks import CellRemark
from apps.platform.services.tabular.tables import Table, check_width, columns_of, only_place
from epicml.audience.bands import AgeBand
from epicml.audience.tags import audience_of
from epicml.text.authors import Order
from epicml.text.catalogue_numbers import named_place
from epicml.text.normalise import main_title, normal_form, series_of

KEY = re.compile(KEY_PATTERN)
Tags = dict[str, MaybeUnset[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class BookCellFormat:
    """How the cells of a file are read: as its shape says, and as a person says otherwise.

    `clears` says that an empty cell means that the value is not known; else it says nothing.
    """

    shape: BookShape
    clears: bool = False
    authors_separator: str | None = None
    authors_order: Order | None = None


@dataclass(slots=True)
class BookRows:
    """Which column of a table holds what, how it is read, and what other files say of its books."""

    positions: dict[str, tuple[int, ...]]
    width: int
    cell_format: BookCellFormat
    tags: Tags = field(default_factory=dict)
    author_names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, *, mapping: Mapping[str, str], cell_format: BookCellFormat) -> "BookRows":
        """Take the columns that the mapping names, and for the rest those with a known name."""
        return cls(book_columns(table, mapping=mapping, shape=cell_format.shape), len(table.columns), cell_format)

    @property
    def has_genres(self) -> bool:
        """Tell whether the table itself says the genres."""
        return "genres" in self.positions or self.cell_format.shape is OPEN_LIBRARY

    def require_title(self, table: Table, *, mapping: Mapping[str, str]) -> None:
        """Refuse a table without titles: known books need none, but a file of which none is known does."""
        if self.cell_format.shape is not OPEN_LIBRARY:
            columns_of(table, names=column_names(self.cell_format.shape), required=("key", "title"), mapping=mapping)

    def book(self, row: Row) -> tuple[BookInput, list[CellRemark]]:
        """Return the book of a row, and what was made of its cells; RowError when it cannot be a book."""
        values, missing = self._values(row)
        cells = BookCells(values, clears=self.cell_format.clears, has_isbd=self.cell_format.shape.has_isbd)
        if row.remark:
            cells.remarks.append(CellRemark("", "quotation marks read as they stand", row.remark, ",".join(row.cells)))
        for key in missing:
            done = "The file has no row that names this author; give the dump of the authors with --authors."
            cells.remarks.append(CellRemark("authors", "authors left out", done, key))
        return self._book(cells), cells.remarks

    def _values(self, row: Row) -> tuple[dict[str, tuple[str, ...]], list[str]]:
        check_width(row, self.width, required=self.positions["key"])
        if self.cell_format.shape is OPEN_LIBRARY:
            return cells_of(row, names=self.author_names)
        cells = row.cells if len(row.cells) == self.width else [*row.cells, ""]
        return {name: tuple(cells[place] for place in places) for name, places in self.positions.items()}, []

    def _book(self, cells: BookCells) -> BookInput:
        shape = self.cell_format.shape
        key = cells.key(pattern=KEY)
        title = cells.title(longest=MAX_TITLE) or UNSET
        book = BookInput(
            key=key,
            title=UNSET if title is UNSET else main_title(title),
            authors=cells.authors(
                most=MAX_AUTHORS,
                longest=MAX_NAME,
                separator=self.cell_format.authors_separator or shape.authors_separator,
                order=self.cell_format.authors_order,
            ),
            age_band=cells.age_band(),
            reading_level=cells.level(low=1, high=12),
            language=cells.language(),
            published_year=cells.year(low=YEARS[0], high=YEARS[1]),
            genres=self._genres(cells, key),
            ratings_count=cells.count("popularity", low=0, high=MOST_RATINGS, empty=0) or 0,
            average_rating=cells.number("average_rating", low=0, high=5),
            isbns=cells.isbns(most=MAX_ISBNS),
        )
        return _with_audience(_with_series(book, cells, title), cells)

    def _genres(self, cells: BookCells, key: str) -> MaybeUnset[tuple[str, ...]]:
        if key in self.tags:
            return self.tags[key]
        shape = self.cell_format.shape
        genres = cells.genres(most=MAX_GENRES, longest=MAX_TAG, separator=shape.genres_separator)
        if genres is UNSET:
            return UNSET
        return tuple(genre for genre in genres if genre.casefold() not in shape.leaves_out)


def book_columns(table: Table, *, mapping: Mapping[str, str], shape: BookShape) -> dict[str, tuple[int, ...]]:
    """Find the places of a book's fields in a table; TableError where the table cannot be one of books."""
    if shape is OPEN_LIBRARY:
        if tuple(table.columns) != OPEN_LIBRARY_COLUMNS:
            raise TableError(f"{table.name} is no Open Library dump: its rows do not begin with a type and a key.")
        return {"key": (table.columns.index("key"),)}
    positions = columns_of(table, names=column_names(shape), required=("key",), mapping=mapping)
    for name in OF_ONE_VALUE & positions.keys():
        only_place(table, positions[name])
    return positions


def read_tags(table: Table, *, clears: bool) -> Tags:
    """Read the genres of every book that this second table names."""
    names = {name: column_names(BookShape("genres", ""))[name] for name in ("key", "genres")}
    places = columns_of(table, names=names, required=("key", "genres"), mapping={})
    found: Tags = {}
    for row in table.rows:
        if not row.fault and len(row.cells) == len(table.columns):
            cells = BookCells({"genres": (row.cells[places["genres"][0]],)}, clears=clears)
            genres = cells.genres(most=MAX_GENRES, longest=MAX_TAG, separator=None)
            found[row.cells[places["key"][0]].strip()] = genres
    return found


def _with_series(book: BookInput, cells: BookCells, title: MaybeUnset[str]) -> BookInput:
    """Take what the columns say, else what the title notes in brackets: "Catching Fire (The Hunger Games, #2)"."""
    series = cells.text("series", longest=MAX_NAME)
    number = cells.series_number(high=HIGHEST_SERIES_NUMBER)
    if isinstance(series, str):
        series, behind = named_place(series)
        number = behind if number is UNSET and behind is not None else number
    noted = None if title is UNSET else series_of(title)
    if noted is None:
        return replace(book, series=series, series_number=number)
    of_note = noted.number if noted.number is not None and noted.number <= HIGHEST_SERIES_NUMBER else None
    if series is UNSET or series is None:
        return replace(book, series=noted.name[:MAX_NAME], series_number=of_note if number is UNSET else number)
    if number is UNSET and normal_form(series) == normal_form(noted.name):
        number = of_note
    return replace(book, series=series, series_number=number)


def _with_audience(book: BookInput, cells: BookCells) -> BookInput:
    """Count an age that a column of the audience names as a heading, or as given where the file says no headings."""
    headings: list[str] = []
    for statement in cells.audience():
        if heading := audience_heading(statement):
            headings.append(heading[:MAX_TAG])
        elif statement.casefold().strip(" .") not in SAYS_NO_AGE:
            cells.remarks.append(
                CellRemark("audience", "audience left out", "It names no age in a known form.", statement)
            )
    if not headings or isinstance(book.age_band, AgeBand):
        return book
    if book.genres is UNSET:
        return replace(book, age_band=audience_of(headings).age_band)
    return replace(book, genres=tuple(dict.fromkeys((*headings, *book.genres)))[:MAX_GENRES])
