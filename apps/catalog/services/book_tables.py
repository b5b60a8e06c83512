"""Books in the tables: read whole, and written many at a time."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from apps.catalog.models import Author, Book, BookAuthor, Isbn, Series
from apps.catalog.selectors.books import authors_of, isbns_of
from apps.catalog.services.book_values import BookValues
from epicml.audience.bands import AgeBand

KEYS_PER_QUERY = 2000
NamedModel = TypeVar("NamedModel", Author, Series)
PLAIN = (
    "series_number",
    "age_band",
    "age_band_source",
    "reading_level",
    "language",
    "published_year",
    "genres",
    "ratings_count",
    "average_rating",
)
READ = ("key", "id", "withdrawn_at", "title", "series__name", *PLAIN)
WRITTEN = ("title", "series_id", *PLAIN, "withdrawn_at", "updated_at")


@dataclass(frozen=True, slots=True)
class StoredBook:
    """A book as the tables have it now."""

    id: int
    values: BookValues
    withdrawn: bool


def stored_books(keys: Sequence[str]) -> dict[str, StoredBook]:
    """Return the books with these keys, withdrawn ones too; unknown keys are left out."""
    found: dict[str, StoredBook] = {}
    for some in _in_chunks(keys):
        rows = list(Book.objects.filter(key__in=some).values_list(*READ))
        ids = [row[1] for row in rows]
        authors, isbns = authors_of(ids), isbns_of(ids)
        found |= {row[0]: _stored(row, tuple(authors[row[1]]), tuple(isbns[row[1]])) for row in rows}
    return found


def write_books(books: Mapping[str, BookValues], *, ids: Mapping[str, int], now: datetime) -> list[int]:
    """Write the books as given and live; those that have no id yet are new. Returns their ids, new ones last."""
    if not books:
        return []
    authors = _ids_of(Author, {name for values in books.values() for name in values.authors})
    series = _ids_of(Series, {values.series for values in books.values() if values.series})
    rows = {
        key: _row(
            key, values, series_id=series[values.series] if values.series else None, book_id=ids.get(key), now=now
        )
        for key, values in books.items()
    }
    known = [row for row in rows.values() if row.id is not None]
    for parts in (BookAuthor, Isbn):
        parts.objects.filter(book_id__in=[row.id for row in known]).delete()
    Book.objects.bulk_create(known, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN)
    new = Book.objects.bulk_create([row for row in rows.values() if row.id is None])
    id_of = {row.key: row.id for row in (*known, *new)}
    _write_authors({id_of[key]: [authors[name] for name in values.authors] for key, values in books.items()})
    _write_isbns({id_of[key]: values.isbns for key, values in books.items()})
    return [row.id for row in (*known, *new)]


def isbn_owners(numbers: Collection[str]) -> dict[str, str]:
    """Find the key of the live book that each of these ISBNs names already."""
    found: dict[str, str] = {}
    for some in _in_chunks(sorted(numbers)):
        rows = Isbn.objects.filter(number__in=some, book__withdrawn_at=None)
        found |= dict(rows.values_list("number", "book__key"))
    return found


def _stored(row: tuple[Any, ...], authors: tuple[str, ...], isbns: tuple[str, ...]) -> StoredBook:
    _, book_id, withdrawn_at, title, series, number, band, source, level, language, year, genres, count, rating = row
    values = BookValues(
        title=title,
        authors=authors,
        series=series,
        series_number=number,
        age_band=AgeBand(band),
        age_band_source=source,
        reading_level=level,
        language=language,
        published_year=year,
        genres=tuple(genres),
        ratings_count=count,
        average_rating=rating,
        isbns=isbns,
    )
    return StoredBook(book_id, values, withdrawn_at is not None)


def _row(key: str, values: BookValues, *, series_id: int | None, book_id: int | None, now: datetime) -> Book:
    return Book(
        id=book_id,
        key=key,
        title=values.title,
        series_id=series_id,
        series_number=values.series_number,
        age_band=values.age_band.value,
        age_band_source=values.age_band_source,
        reading_level=values.reading_level,
        language=values.language,
        published_year=values.published_year,
        genres=list(values.genres),
        ratings_count=values.ratings_count,
        average_rating=values.average_rating,
        withdrawn_at=None,
        updated_at=now,
    )


def _in_chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    return (items[start : start + KEYS_PER_QUERY] for start in range(0, len(items), KEYS_PER_QUERY))


def _ids_of(model: type[NamedModel], names: set[str]) -> dict[str, int]:
    known = _known_ids(model, names)
    missing = sorted(names - known.keys())
    if missing:
        model.objects.bulk_create((model(name=name) for name in missing), ignore_conflicts=True)
        known |= _known_ids(model, set(missing))
    return known


def _known_ids(model: type[NamedModel], names: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in _in_chunks(sorted(names)):
        found |= dict(model.objects.filter(name__in=some).values_list("name", "id"))
    return found


def _write_authors(authors: Mapping[int, Sequence[int]]) -> None:
    BookAuthor.objects.bulk_create(
        BookAuthor(book_id=book_id, author_id=author_id, position=position)
        for book_id, author_ids in authors.items()
        for position, author_id in enumerate(author_ids)
    )


def _write_isbns(isbns: Mapping[int, Sequence[str]]) -> None:
    numbers = sorted(number for found in isbns.values() for number in found)
    for some in _in_chunks(numbers):
        Isbn.objects.filter(number__in=some).delete()  # of books that were withdrawn
    Isbn.objects.bulk_create(
        Isbn(number=number, book_id=book_id) for book_id, found in isbns.items() for number in found
    )
