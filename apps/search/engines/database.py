"""Answering from the books in memory when no index can: titles that start so, then any words, by popularity."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf
from epicml.audience.bands import AgeBand
from epicml.search.completion import SHOWN_FIRST, Found
from epicml.search.fields import BookText, searchable_words, stems_of
from epicml.search.names import goes_on_like
from epicml.search.plan import Typed, TypedReading, telling_words
from epicml.search.titles import TitleStarts
from epicml.text.normalise import is_unspaced
from epicml.text.readings import is_number
from epicml.text.typed_isbn import isbn_forms

REMEMBERED_TEXTS = 50_000  # about 1 kB each; a shelf that changed has few other books than the one before

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


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

    @property
    def state(self) -> object:
        return self.shelf

    def suggest(self, typed: Typed, *, audience: AgeBand, limit: int) -> Found:
        if not typed.words:
            return Found([])
        allowed = self.shelf.allowed(audience)
        whole = self._titles.whole(typed.readings[0].closed.form, limit=limit, allowed=allowed)
        if typed.isbn.is_certain:
            return self._found([whole, self._of_isbn(typed, allowed, limit)], limit)
        lists = [whole, self._titles.starting(typed.form, limit=limit, allowed=allowed)]
        for has_words in (_has_words, _has_begun_words) if len(typed.words) > 1 else (_has_words,):
            if len(_joined(lists, limit=limit)) < limit:
                lists.append(self._with_words(has_words, typed.readings, allowed, limit))
        if not any(map(len, lists)):
            lists = [self._of_isbn(typed, allowed, limit)]
        return self._found(lists, limit)

    def names(self, typed: Typed, *, audience: AgeBand, limit: int) -> list[int]:
        if not typed.words:
            return []
        return self._ids(self._with(lambda row: self._is_named(row, typed), self.shelf.allowed(audience), limit))

    def search(self, typed: Typed, *, audience: AgeBand, limit: int) -> Found:
        if not typed.words:
            return Found([])
        allowed = self.shelf.allowed(audience)
        closed = [reading.closed for reading in typed.readings]
        whole = self._titles.whole(closed[0].form, limit=limit, allowed=allowed)
        if typed.isbn.is_certain:
            return self._found([whole, self._of_isbn(typed, allowed, limit)], limit)
        every = [
            whole,
            self._titles.starting(closed[0].form, limit=SHOWN_FIRST, allowed=allowed),
            self._titles.starting(typed.form, limit=SHOWN_FIRST, allowed=allowed),
            self._with_words(_has_words, closed, allowed, limit),
            self._with(lambda row: self._has_stems(row, closed), allowed, limit),
            self._with_words(_has_words, typed.readings, allowed, limit),
            self._with_words(_has_begun_words, typed.readings, allowed, limit if len(typed.words) > 1 else 0),
        ]
        if not any(map(len, every)):
            every = [self._of_isbn(typed, allowed, limit)]
        return self._found([*every, self._with_some_words(typed, allowed, limit)], limit)

    def _with_words(
        self,
        has_words: Callable[[frozenset[str], TypedReading], bool],
        readings: Sequence[TypedReading],
        allowed: Mask,
        limit: int,
    ) -> Rows:
        words = self._words
        return self._with(lambda row: any(has_words(words[row], reading) for reading in readings), allowed, limit)

    def _with_some_words(self, typed: Typed, allowed: Mask, limit: int) -> Rows:
        stems = {token for word in telling_words(typed.words) for token in stems_of(word)}
        return self._with(lambda row: not stems.isdisjoint(self._stems[row]), allowed, limit if stems else 0)

    def _with(self, is_meant: Callable[[int], bool], allowed: Mask, limit: int) -> Rows:
        """Rows of the allowed books that are meant, the most popular first."""
        rows = [row for row in np.flatnonzero(allowed).tolist() if is_meant(row)] if limit else []
        return self._titles.most_popular(np.array(rows, dtype=np.int64), limit=limit)

    def _has_stems(self, row: int, readings: Sequence[TypedReading]) -> bool:
        return any(
            all(token in self._stems[row] for word in reading.words for token in stems_of(word)) for reading in readings
        )

    def _is_named(self, row: int, typed: Typed) -> bool:
        card = self.shelf.cards[row]
        return any(goes_on_like(name, typed) for name in (*card.authors, card.series or "") if name)

    def _of_isbn(self, typed: Typed, allowed: Mask, limit: int) -> Rows:
        digits = typed.isbn.digits
        return self._with(
            lambda row: any(form.startswith(digits) for form in self._isbns[row]), allowed, limit if digits else 0
        )

    def _found(self, lists: Iterable[Rows], limit: int) -> Found:
        return Found(self._ids(_joined(lists, limit=limit)))

    def _ids(self, rows: Iterable[int]) -> list[int]:
        return [int(self.shelf.ids[row]) for row in rows]

    @cached_property
    def _titles(self) -> TitleStarts:
        return TitleStarts([card.title for card in self.shelf.cards], popularity=self.shelf.popularity)

    @cached_property
    def _words(self) -> list[frozenset[str]]:
        return [_words_of(book_text(card)) for card in self.shelf.cards]

    @cached_property
    def _stems(self) -> list[frozenset[str]]:
        return [frozenset(token for word in words for token in stems_of(word)) for words in self._words]

    @cached_property
    def _isbns(self) -> list[tuple[str, ...]]:
        texts = (book_text(card) for card in self.shelf.cards)
        return [tuple(form for isbn in text.isbns for form in isbn_forms(isbn)) for text in texts]


@lru_cache(maxsize=REMEMBERED_TEXTS)
def _words_of(text: BookText) -> frozenset[str]:
    return frozenset(searchable_words(text))


def _has_words(words: frozenset[str], reading: TypedReading) -> bool:
    last = len(reading.words) - 1
    return all(
        _begins(words, word) if (reading.is_open and place == last) or is_unspaced(word) else word in words
        for place, word in enumerate(reading.words)
    )


def _has_begun_words(words: frozenset[str], reading: TypedReading) -> bool:
    return all(word in words if is_number(word) else _begins(words, word) for word in reading.words)


def _begins(words: frozenset[str], begun: str) -> bool:
    """Whether a word begins so; in a script without gaps any letter may begin one."""
    if is_unspaced(begun):
        return any(begun in word for word in words)
    return any(word.startswith(begun) for word in words)


def _joined(lists: Iterable[Rows], *, limit: int) -> list[int]:
    return list(dict.fromkeys(int(row) for rows in lists for row in rows))[:limit]
