"""The files that programs of libraries, readers and shops export: which columns they have, and how they write cells."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from apps.platform.services.tabular.dialects import WithoutHeader
from apps.platform.services.tabular.shapes import FileShape, column_keys, shape_of
from epicml.text.authors import Order

# The names a column may have, the one to prefer first. How they are spelled does not matter: see `column_key`.
COLUMN_NAMES = {
    "key": ("key", "book_id", "biblionumber", "uuid", "id", "001"),
    "title": ("title", "book_title", "245$a", "245a"),
    "authors": (
        "authors", "author", "book_author", "100$a", "100a", "creator",
        "primary_author", "main_author", "secondary_author", "secondary_authors",
        "additional_authors", "700$a", "700a",
        "110$a", "710$a", "contributors",
    ),
    "series": ("series", "series_title", "seriestitle", "490$a", "490a", "830$a", "830a"),
    "series_number": (
        "series_number", "series_index", "seriesnumber", "series_position", "volume", "490$v", "490v", "830$v", "830v",
    ),
    "age_band": ("age_band",),
    "audience": (
        "audience", "target_audience", "521$a", "521a", "008/22", "audience_code", "interest_age", "age_range",
        "reading_age", "ages", "age_group", "interest_level",
    ),
    "reading_level": ("reading_level", "grade_level"),
    "language": ("language", "language_code", "languages", "lang", "041$a", "041a"),
    "year": (
        "year", "published_year", "original_publication_year", "year_published", "publication_year",
        "year_of_publication", "copyrightdate", "pubdate", "publication_date", "publish_date", "date_published",
        "264$c", "264c", "260$c", "260c",
    ),
    "genres": (
        "genres", "genre", "tags", "subjects", "subject", "bookshelves", "categories", "650$a", "650a", "651$a",
        "655$a", "655a",
    ),
    "popularity": ("popularity", "ratings_count", "num_ratings"),
    "average_rating": ("average_rating", "avg_rating"),
    "isbns": ("isbns", "isbn", "isbn13", "isbn_13", "isbn10", "isbn_10", "identifiers", "020$a", "020a", "ean"),
}  # fmt: skip
OF_ONE_VALUE = frozenset(COLUMN_NAMES) - {"authors", "genres", "isbns", "audience"}
OPEN_LIBRARY_COLUMNS = ("type", "key", "revision", "last_modified", "json")
OPEN_LIBRARY_DUMP = WithoutHeader(re.compile(r"/type/\w+\t/\w+/OL"), "\t", OPEN_LIBRARY_COLUMNS)


@dataclass(frozen=True, slots=True)
class BookShape(FileShape):
    """One kind of file of books, and how it writes authors and headings."""

    authors_separator: str | None = None
    authors_order: Order | None = None
    genres_separator: str | None = None
    leaves_out: frozenset[str] = frozenset()  # genres that are no genres
    has_isbd: bool = False


PLAIN = BookShape("plain", "columns by their names")
GOODREADS = BookShape(
    "goodreads",
    "Goodreads library export",
    (column_keys("Book Id", "Author l-f", "My Rating", "Exclusive Shelf"),),
    {"authors": ("author", "additional_authors"), "genres": ("bookshelves",)},
    authors_order=Order.FIRST_LAST,
    leaves_out=frozenset({"to-read", "currently-reading", "read", "favorites", "owned", "did-not-finish", "dnf"}),
)
GOODBOOKS = BookShape(
    "goodbooks",
    "goodbooks-10k",
    (
        column_keys("book_id", "authors", "original_publication_year", "average_rating", "ratings_count"),
        column_keys("user_id", "book_id", "rating"),
    ),
    authors_order=Order.FIRST_LAST,
)
CALIBRE = BookShape(
    "calibre",
    "calibre catalogue",
    (
        column_keys("title_sort", "author_sort"),
        column_keys("uuid", "authors", "series_index"),
        column_keys("authors", "title_sort"),
    ),
    {"key": ("uuid", "id"), "genres": ("tags",), "year": ("pubdate",), "isbns": ("isbn", "identifiers")},
    authors_separator="&",
    authors_order=Order.FIRST_LAST,
    genres_separator=",",
)
MARC = BookShape(
    "marc",
    "MARC fields as columns",
    (column_keys("245$a"), column_keys("245a")),
    {"key": ("001", "biblionumber", "999$c", "999c", "id", "key", "control_number")},
    authors_order=Order.LAST_FIRST,
    genres_separator="|",
    has_isbd=True,
)
KOHA = BookShape(
    "koha",
    "Koha report",
    (column_keys("biblionumber", "title"),),
    authors_order=Order.LAST_FIRST,
    has_isbd=True,
)
OPEN_LIBRARY = BookShape(
    "openlibrary",
    "Open Library dump",
    (column_keys(*OPEN_LIBRARY_COLUMNS),),
    authors_separator="\x1f",
    authors_order=Order.FIRST_LAST,
    genres_separator="\x1f",
)
BOOK_CROSSING = BookShape(
    "bookcrossing",
    "Book-Crossing",
    (column_keys("ISBN", "Book-Title", "Book-Author"), column_keys("User-ID", "ISBN", "Book-Rating")),
    {"key": ("isbn",), "isbns": ("isbn",)},
    authors_order=Order.FIRST_LAST,
)
SHAPES = {
    shape.name: shape for shape in (GOODREADS, CALIBRE, MARC, KOHA, BOOK_CROSSING, OPEN_LIBRARY, GOODBOOKS, PLAIN)
}
KNOWN_COLUMNS = frozenset(
    name
    for names in (*COLUMN_NAMES.values(), *(names for shape in SHAPES.values() for names in shape.columns.values()))
    for name in names
)


def book_shape_of(columns: Collection[str], *, name: str | None) -> BookShape:
    """Choose the shape of a file of books with these columns, or the one that is named."""
    return shape_of(columns, shapes=SHAPES, name=name)


def column_names(shape: BookShape) -> dict[str, tuple[str, ...]]:
    """List the names that the columns of each field may have in a file of this shape."""
    return {**COLUMN_NAMES, **shape.columns}
