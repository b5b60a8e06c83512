"""What the rest of the project sees of a book: one value, read from the tables in bounded numbers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from apps.catalog.models import Book, BookAuthor, Isbn
from apps.platform.services.errors import NotFoundError
from epicml.audience.bands import AgeBand

IDS_PER_QUERY = 5000  # SQLite takes 32,766 variables; more rows at a time are not faster
COLUMNS = (
    "id",
    "key",
    "title",
    "series__name",
    "series_number",
    "age_band",
    "reading_level",
    "language",
    "published_year",
    "genres",
    "ratings_count",
    "average_rating",
)


class BookNotFoundError(NotFoundError):
    """No book of this key may be seen: unknown, withdrawn, or above the age band of who asks."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no book {key!r}.")


@dataclass(frozen=True, slots=True)
class BookCard:
    """A book as every part of the project and every answer of the API shows it."""

    id: int
    key: str
    title: str
    authors: tuple[str, ...]
    series: str | None
    series_number: float | None
    age_band: AgeBand
    reading_level: int | None
    language: str
    year: int | None
    genres: tuple[str, ...]
    popularity: int
    average_rating: float | None
    isbns: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Write the book in the one shape that the API has for it."""
        return {
            "key": self.key,
            "title": self.title,
            "authors": self.authors,
            "series": self.series,
            "series_number": self.series_number,
            "age_band": self.age_band.code,
            "reading_level": self.reading_level,
            "language": self.language,
            "year": self.year,
            "genres": self.genres,
            "popularity": self.popularity,
            "average_rating": self.average_rating,
            "isbns": self.isbns,
        }


def live_cards(ids: Sequence[int]) -> list[BookCard]:
    """Read the cards of these books, by id; leave out books that are unknown or withdrawn."""
    cards: list[BookCard] = []
    for start in range(0, len(ids), IDS_PER_QUERY):
        cards += _cards(Book.objects.live().filter(id__in=ids[start : start + IDS_PER_QUERY]))
    return sorted(cards, key=lambda card: card.id)


def all_live_cards(*, chunk: int = IDS_PER_QUERY) -> Iterator[list[BookCard]]:
    """Read the cards of every live book by id, a chunk at a time."""
    last = 0
    while cards := _cards(Book.objects.live().filter(id__gt=last).order_by("id")[:chunk]):
        yield cards
        last = cards[-1].id


def book_ids(keys: Sequence[str], *, highest: AgeBand = AgeBand.ADULT) -> dict[str, int]:
    """Find the ids of the books with these keys, withdrawn ones too, but not those above the band."""
    return dict(Book.objects.filter(key__in=keys, age_band__lte=highest.value).values_list("key", "id"))


def book_keys(ids: Iterable[int]) -> dict[int, str]:
    """Return the keys of the books with these ids, withdrawn ones too; leave out unknown ids."""
    wanted = sorted(ids)
    found: dict[int, str] = {}
    for start in range(0, len(wanted), IDS_PER_QUERY):
        rows = Book.objects.filter(id__in=wanted[start : start + IDS_PER_QUERY]).values_list("id", "key")
        found.update(rows)
    return found


def all_book_ids() -> dict[str, int]:
    """Return the id of every book by its key, withdrawn ones too."""
    return dict(Book.objects.values_list("key", "id"))


def authors_of(ids: Sequence[int]) -> defaultdict[int, list[str]]:
    """Return the names of the authors of each of these books, the first named first."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    rows = BookAuthor.objects.filter(book_id__in=ids).order_by("book_id", "position")
    for book_id, name in rows.values_list("book_id", "author__name"):
        found[book_id].append(name)
    return found


def isbns_of(ids: Sequence[int]) -> defaultdict[int, list[str]]:
    """Return the ISBNs of each of these books, in their order."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for book_id, number in Isbn.objects.filter(book_id__in=ids).values_list("book_id", "number"):
        found[book_id].append(number)
    return found


def _cards(books: QuerySet[Book]) -> list[BookCard]:
    rows = list(books.values_list(*COLUMNS))
    ids = [row[0] for row in rows]
    authors, isbns = authors_of(ids), isbns_of(ids)
    return [_card(row, tuple(authors[row[0]]), tuple(isbns[row[0]])) for row in rows]


def _card(row: tuple[Any, ...], authors: tuple[str, ...], isbns: tuple[str, ...]) -> BookCard:
    book_id, key, title, series, number, band, level, language, year, genres, popularity, rating = row
    return BookCard(
        id=book_id,
        key=key,
        title=title,
        authors=authors,
        series=series,
        series_number=number,
        age_band=AgeBand(band),
        reading_level=level,
        language=language,
        year=year,
        genres=tuple(genres),
        popularity=popularity,
        average_rating=rating,
        isbns=isbns,
    )
