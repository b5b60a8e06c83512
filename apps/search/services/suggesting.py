"""Suggestions while a reader types: books by any word, and authors and series by name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf, shelf
from apps.readers.selectors import audience
from apps.search.engines.protocol import Engine, IndexBrokenError
from apps.search.selectors.live_index import forget_broken
from apps.search.selectors.serving import database_serving, serving
from epicml.audience.bands import AgeBand
from epicml.search.plan import Typed
from epicml.text.highlight import Range, typed_ranges
from epicml.text.normalise import main_title, normal_form

AUTHORS = 2  # names that follow the books, at most
SERIES = 2
NAMED_BOOKS = 10  # books whose authors and series are looked at


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A book, an author or a series to choose, with the places to mark in its text."""

    kind: str
    key: str
    text: str
    highlight: Sequence[Range]
    detail: str
    book: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The answer to what was typed."""

    query: str
    suggestions: list[Suggestion]
    fallback: str | None
    release: str | None


def suggest(
    text: str, *, limit: int, reader_key: str | None = None, age_band: AgeBand | None = None, now: datetime
) -> Suggestions:
    """Up to `limit` books that complete the text, then up to four names; nothing above the audience's band."""
    band = audience(reader_key, age_band).age_band
    typed, books = Typed.read(text), shelf()
    chosen = serving(books, now=now)
    try:
        found = _Found.by(chosen.engine, typed, band, limit)
    except IndexBrokenError as error:
        if chosen.index is None:
            raise
        forget_broken(chosen.index, error, now=now)
        chosen = database_serving(books)
        found = _Found.by(chosen.engine, typed, band, limit)
    suggestions = [_book(card, typed) for card in visible_cards(books, found.books, band)]
    suggestions += _names(visible_cards(books, found.named, band), typed)
    return Suggestions(query=text, suggestions=suggestions, fallback=chosen.fallback, release=chosen.release)


@dataclass(frozen=True, slots=True)
class _Found:
    books: list[int]
    named: list[int]

    @classmethod
    def by(cls, engine: Engine, typed: Typed, band: AgeBand, limit: int) -> "_Found":
        return cls(
            books=engine.suggest(typed, audience=band, limit=limit),
            named=engine.names(typed, audience=band, limit=NAMED_BOOKS),
        )


def visible_cards(books: Shelf, ids: Iterable[int], band: AgeBand) -> list[BookCard]:
    """The books as they are now, without those that are withdrawn or, whatever the index says, above the band."""
    rows = (books.row_of_id(book_id) for book_id in ids)
    cards = (books.cards[row] for row in rows if row is not None)
    return [card for card in cards if card.age_band <= band]


def _book(card: BookCard, typed: Typed) -> Suggestion:
    text = main_title(card.title)
    return Suggestion(
        kind="book",
        key=card.key,
        text=text,
        highlight=typed_ranges(text, typed.words, is_open=typed.is_open),
        detail=", ".join(card.authors[:2]),
        book=card.as_json(),
    )


def _names(cards: Sequence[BookCard], typed: Typed) -> list[Suggestion]:
    authors = _named("author", lambda card: card.authors, cards, typed)
    series = _named("series", lambda card: (card.series,) if card.series else (), cards, typed)
    return authors[:AUTHORS] + series[:SERIES]


def _named(
    kind: str, names_of: Callable[[BookCard], Sequence[str]], cards: Sequence[BookCard], typed: Typed
) -> list[Suggestion]:
    """The names on these books that go on like what was typed, each once, with a book of each."""
    first_books: dict[str, BookCard] = {}
    for card in cards:
        for name in names_of(card):
            if "_" + typed.form in f"_{normal_form(name)}_":
                first_books.setdefault(name, card)
    return [
        Suggestion(
            kind=kind,
            key=name,
            text=name,
            highlight=typed_ranges(name, typed.words, is_open=typed.is_open),
            detail=main_title(card.title),
        )
        for name, card in first_books.items()
    ]
