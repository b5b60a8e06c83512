"""Answering from the books in memory when no index can: titles that start so, then any words, by popularity."""

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf
from epicml.audience.bands import AgeBand
from epicml.search.completion import SHOWN_FIRST, Found
from epicml.search.fields import BookText, searchable_words
from epicml.search.names import goes_on_like
from epicml.search.plan import Typed, TypedReading, may_be_begun, telling_words
from epicml.search.postings import NO_ROWS, Postings, Rows, any_of, every
from epicml.search.titles import TitleStarts
from epicml.text.typed_isbn import isbn_forms

REMEMBERED_TEXTS = 50_000  # about 1 kB each; a shelf that changed has few other books than the one before


def book_text(card: BookCard) -> BookText:
    """What of a book's card can be searched."""
    return BookText(
        title=card.title,
        authors=card.authors,
        series=card.series,
        series_number=card.series_number,
        isbns=card.isbns,
        language=card.language,
    )


class DatabaseEngine:
    """The books as the database has them: no typing error is forgiven, but nothing is ever out of date."""

    name = "database"

    def __init__(self, shelf: Shelf) -> None:
        """Answer from this shelf."""
        self.shelf = shelf

    def prepare(self) -> None:
        """What the first answers need is made, once, so that many of them at a time do not make it side by side."""
        _ = self._titles, self._postings, self._isbns

    @property
    def state(self) -> object:
        return self.shelf

    def suggest(self, typed: Typed, *, audience: AgeBand, limit: int) -> Found:
        if not typed.words:
            return Found([])
        best = _Best(self._titles, self.shelf.allowed(audience), limit)
        best.take(self._titles.whole(typed.readings[0].closed.form))
        if typed.isbn.is_certain:
            best.take(self._of_isbn(typed))
            return self._found(best)
        best.take(self._titles.begin(typed.form))
        best.take(self._with_words(typed.readings))
        if may_be_begun(typed, found=bool(best.rows)):
            best.take(self._with_begun_words(typed.readings))
        if not best.rows:
            best.take(self._of_isbn(typed))
        return self._found(best)

    def names(self, typed: Typed, *, audience: AgeBand, limit: int) -> list[int]:
        if not typed.words:
            return []
        best = _Best(self._titles, self.shelf.allowed(audience), limit)
        # Only a book with the words can be of such a name, and few are.
        named = [row for row in self._with_words(typed.readings).tolist() if self._is_named(row, typed)]
        best.take(np.array(named, dtype=np.int64))
        return self._found(best).books

    def search(self, typed: Typed, *, audience: AgeBand, limit: int) -> Found:
        if not typed.words:
            return Found([])
        best = _Best(self._titles, self.shelf.allowed(audience), limit)
        closed = [reading.closed for reading in typed.readings]
        best.take(self._titles.whole(closed[0].form))
        if typed.isbn.is_certain:
            best.take(self._of_isbn(typed))
            return self._found(best)
        best.take(self._titles.begin(closed[0].form), most=SHOWN_FIRST)
        best.take(self._titles.begin(typed.form), most=SHOWN_FIRST)
        best.take(self._with_words(closed))
        best.take(any_of(every(map(self._postings.stemming, reading.words)) for reading in closed))
        best.take(self._with_words(typed.readings))
        if may_be_begun(typed, found=bool(best.rows)):
            best.take(self._with_begun_words(typed.readings))
        if not best.rows:
            best.take(self._of_isbn(typed))
        best.take(any_of(map(self._postings.stemming, telling_words(typed.words))))
        return self._found(best)

    def _with_words(self, readings: Sequence[TypedReading]) -> Rows:
        return any_of(every(self._of_words(reading)) for reading in readings)

    def _of_words(self, reading: TypedReading) -> Iterator[Rows]:
        last = len(reading.words) - 1
        for place, word in enumerate(reading.words):
            is_open = reading.is_open and place == last
            yield self._postings.beginning(word) if is_open else self._postings.having(word)

    def _with_begun_words(self, readings: Sequence[TypedReading]) -> Rows:
        return any_of(every(map(self._postings.begun, reading.words)) for reading in readings)

    def _is_named(self, row: int, typed: Typed) -> bool:
        card = self.shelf.cards[row]
        return any(goes_on_like(name, typed) for name in (*card.authors, card.series or "") if name)

    def _of_isbn(self, typed: Typed) -> Rows:
        return self._isbns.beginning(typed.isbn.digits) if typed.isbn.digits else NO_ROWS

    def _found(self, best: "_Best") -> Found:
        return Found([int(self.shelf.ids[row]) for row in best.rows])

    @cached_property
    def _titles(self) -> TitleStarts:
        return TitleStarts([card.title for card in self.shelf.cards], popularity=self.shelf.popularity)

    @cached_property
    def _postings(self) -> Postings:
        return Postings([_words_of(book_text(card)) for card in self.shelf.cards])

    @cached_property
    def _isbns(self) -> Postings:
        return Postings([[form for isbn in card.isbns for form in isbn_forms(isbn)] for card in self.shelf.cards])


class _Best:
    """Rows of the books that may be shown, each once: those taken first come first, of each list the most popular."""

    def __init__(self, titles: TitleStarts, allowed: NDArray[np.bool_], limit: int) -> None:
        self._titles, self._allowed, self._limit = titles, allowed, limit
        self.rows: dict[int, None] = {}

    def take(self, rows: Rows, *, most: int | None = None) -> None:
        """Add these, the most popular first, as long as there is room."""
        room = self._limit - len(self.rows)
        if not room or not len(rows):
            return
        limit = self._limit if most is None else min(most, self._limit)
        ordered = self._titles.most_popular(rows, limit=limit, allowed=self._allowed).tolist()
        self.rows |= dict.fromkeys([row for row in ordered if row not in self.rows][:room])


@lru_cache(maxsize=REMEMBERED_TEXTS)
def _words_of(text: BookText) -> frozenset[str]:
    return frozenset(searchable_words(text))
