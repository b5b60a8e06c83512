"""Saving and withdrawing books, many at a time. What did not change writes nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction

from apps.catalog.models import Author, Book, BookAuthor, Change, Series
from apps.catalog.services.changes import lock_change_log, record_changes
from epicml.audience.bands import AgeBand

KEYS_PER_QUERY = 2000
Named = TypeVar("Named", Author, Series)
# Everything but the key and the authors; the order is that of _values.
COLUMNS = (
    "title",
    "series_id",
    "series_number",
    "age_band",
    "reading_level",
    "language",
    "published_year",
    "genres",
    "ratings_count",
    "average_rating",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookInput:
    """A whole book as it shall be; what is left out is not known."""

    key: str
    title: str
    authors: tuple[str, ...] = ()
    series: str | None = None
    series_number: float | None = None
    age_band: AgeBand = AgeBand.ADULT
    reading_level: int | None = None
    language: str = "und"
    published_year: int | None = None
    genres: tuple[str, ...] = ()
    ratings_count: int = 0
    average_rating: float | None = None


@dataclass(frozen=True, slots=True)
class SaveReport:
    """What became of each book by its key: "created", "updated" or "unchanged"."""

    outcomes: dict[str, str]

    @property
    def created(self) -> int:
        return self._count("created")

    @property
    def updated(self) -> int:
        return self._count("updated")

    @property
    def unchanged(self) -> int:
        return self._count("unchanged")

    def _count(self, outcome: str) -> int:
        return sum(found == outcome for found in self.outcomes.values())


@dataclass(frozen=True, slots=True)
class _Stored:
    """A book as the tables have it now."""

    id: int
    values: tuple[Any, ...]
    authors: tuple[int, ...]
    withdrawn: bool


def save_books(books: Sequence[BookInput], *, now: datetime) -> SaveReport:
    """The books are as given, those that were withdrawn are back, and each real change has its number in the log.

    A key given twice is saved as it comes last.
    """
    wanted = {book.key: book for book in books}
    with transaction.atomic():
        lock_change_log()
        names = _Names.of(wanted.values())
        stored = _stored(list(wanted))
        new = [book for book in wanted.values() if book.key not in stored]
        changed = [book for book in wanted.values() if book.key in stored and names.differs(book, stored[book.key])]
        ids = _create(new, names=names, now=now)
        ids += _update(changed, names=names, stored=stored, now=now)
        record_changes(ids, kind=Change.Kind.UPSERT, now=now)
    outcomes = dict.fromkeys(wanted, "unchanged")
    outcomes |= dict.fromkeys([book.key for book in new], "created")
    outcomes |= dict.fromkeys([book.key for book in changed], "updated")
    return SaveReport(outcomes)


def delete_books(keys: Sequence[str], *, now: datetime) -> int:
    """The books are withdrawn: found nowhere any more, kept for the history of readers. How many were live."""
    with transaction.atomic():
        lock_change_log()
        ids = list(Book.objects.live().filter(key__in=keys).order_by("id").values_list("id", flat=True))
        Book.objects.filter(id__in=ids).update(withdrawn_at=now, updated_at=now)
        record_changes(ids, kind=Change.Kind.DELETE, now=now)
    return len(ids)


@dataclass(frozen=True, slots=True)
class _Names:
    """The ids of every author and series that a batch of books names."""

    authors: dict[str, int]
    series: dict[str, int]

    @classmethod
    def of(cls, books: Collection[BookInput]) -> "_Names":
        return cls(
            authors=_ids_of(Author, {name for book in books for name in book.authors}),
            series=_ids_of(Series, {book.series for book in books if book.series}),
        )

    def values(self, book: BookInput) -> tuple[Any, ...]:
        return (
            book.title,
            self.series[book.series] if book.series else None,
            book.series_number,
            int(book.age_band),
            book.reading_level,
            book.language,
            book.published_year,
            list(book.genres),
            book.ratings_count,
            book.average_rating,
        )

    def author_ids(self, book: BookInput) -> tuple[int, ...]:
        return tuple(self.authors[name] for name in book.authors)

    def differs(self, book: BookInput, stored: _Stored) -> bool:
        return stored.withdrawn or stored.values != self.values(book) or stored.authors != self.author_ids(book)


def _in_chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    return (items[start : start + KEYS_PER_QUERY] for start in range(0, len(items), KEYS_PER_QUERY))


def _ids_of(model: type[Named], names: set[str]) -> dict[str, int]:
    known = _known_ids(model, names)
    missing = sorted(names - known.keys())
    if missing:
        model.objects.bulk_create((model(name=name) for name in missing), ignore_conflicts=True)
        known |= _known_ids(model, set(missing))
    return known


def _known_ids(model: type[Named], names: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in _in_chunks(sorted(names)):
        found |= dict(model.objects.filter(name__in=some).values_list("name", "id"))
    return found


def _stored(keys: Sequence[str]) -> dict[str, _Stored]:
    found: dict[str, _Stored] = {}
    for some in _in_chunks(keys):
        rows = list(Book.objects.filter(key__in=some).values_list("key", "id", "withdrawn_at", *COLUMNS))
        authors = _author_ids([row[1] for row in rows])
        for key, book_id, withdrawn_at, *values in rows:
            found[key] = _Stored(book_id, tuple(values), tuple(authors[book_id]), withdrawn_at is not None)
    return found


def _author_ids(book_ids: Sequence[int]) -> defaultdict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    rows = BookAuthor.objects.filter(book_id__in=book_ids).order_by("book_id", "position")
    for book_id, author_id in rows.values_list("book_id", "author_id"):
        found[book_id].append(author_id)
    return found


def _book(book: BookInput, *, names: _Names, now: datetime, book_id: int | None = None) -> Book:
    values = dict(zip(COLUMNS, names.values(book), strict=True))
    return Book(id=book_id, key=book.key, withdrawn_at=None, updated_at=now, **values)


def _create(books: Sequence[BookInput], *, names: _Names, now: datetime) -> list[int]:
    rows = Book.objects.bulk_create([_book(book, names=names, now=now) for book in books])
    _write_authors({row.id: names.author_ids(book) for row, book in zip(rows, books, strict=True)})
    return [row.id for row in rows]


def _update(books: Sequence[BookInput], *, names: _Names, stored: dict[str, _Stored], now: datetime) -> list[int]:
    ids = [stored[book.key].id for book in books]
    rows = [_book(book, names=names, now=now, book_id=book_id) for book, book_id in zip(books, ids, strict=True)]
    Book.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["id"], update_fields=[*COLUMNS, "withdrawn_at", "updated_at"]
    )
    BookAuthor.objects.filter(book_id__in=ids).delete()
    _write_authors({book_id: names.author_ids(book) for book, book_id in zip(books, ids, strict=True)})
    return ids


def _write_authors(authors: dict[int, tuple[int, ...]]) -> None:
    BookAuthor.objects.bulk_create(
        BookAuthor(book_id=book_id, author_id=author_id, position=position)
        for book_id, author_ids in authors.items()
        for position, author_id in enumerate(author_ids)
    )
