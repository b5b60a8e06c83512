"""Answering from the books in memory when no index can: titles that start so, then any words, by popularity."""

from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf
from epicml.audience.bands import AgeBand
from epicml.search.fields import BookText, searchable_words
from epicml.search.plan import SearchPlan, Typed
from epicml.search.titles import TitleStarts
from epicml.text.normalise import normal_form
from epicml.text.stems import stem


def book_text(card: BookCard) -> BookText:
    """What of a book's card can be searched."""
    return BookText(title=card.title, authors=card.authors, series=card.series, series_number=card.series_number)


class DatabaseEngine:
    """The books as the database has them: no typing error is forgiven, but nothing is ever out of date."""

    name = "database"

    def __init__(self, shelf: Shelf) -> None:
        """Answer from this shelf."""
        self.shelf = shelf

    @property
    def state(self) -> object:
        return self.shelf

    def suggest(self, typed: Typed, *, audience: AgeBand, limit: int) -> list[int]:
        if not typed.words:
            return []
        allowed = self.shelf.allowed(audience)
        started = self._titles.starting(typed.form, limit=limit, allowed=allowed)
        worded = self._with(
            lambda row: _has_words(self._words[row], typed), allowed, limit, enough=len(started) >= limit
        )
        return self._ids(_joined(started, worded, limit=limit))

    def names(self, typed: Typed, *, audience: AgeBand, limit: int) -> list[int]:
        if not typed.words:
            return []
        return self._ids(self._with(lambda row: self._is_named(row, typed), self.shelf.allowed(audience), limit))

    def search(self, plan: SearchPlan, *, audience: AgeBand, limit: int) -> list[int]:
        if not plan.words:
            return []
        allowed = self.shelf.allowed(audience)
        stems = {stem(word) for word in plan.words}
        every = self._with(lambda row: stems <= self._stems[row], allowed, limit)
        some = self._with(lambda row: not stems.isdisjoint(self._stems[row]), allowed, limit, enough=len(stems) < 2)
        return self._ids(_joined(every, some, limit=limit))

    def respelt(self, plan: SearchPlan) -> tuple[str, ...] | None:
        return None

    def _with(
        self, is_meant: Callable[[int], bool], allowed: NDArray[np.bool_], limit: int, *, enough: bool = False
    ) -> NDArray[np.int64]:
        """Rows of the allowed books that are meant, the most popular first; none is looked at when there are enough."""
        rows = [] if enough else [row for row in np.flatnonzero(allowed).tolist() if is_meant(row)]
        return self._titles.most_popular(np.array(rows, dtype=np.int64), limit=limit)

    def _is_named(self, row: int, typed: Typed) -> bool:
        card = self.shelf.cards[row]
        return any(
            "_" + typed.form in "_" + normal_form(name) + "_" for name in (*card.authors, card.series or "") if name
        )

    def _ids(self, rows: Iterable[int]) -> list[int]:
        return [int(self.shelf.ids[row]) for row in rows]

    @cached_property
    def _titles(self) -> TitleStarts:
        return TitleStarts([card.title for card in self.shelf.cards], popularity=self.shelf.popularity)

    @cached_property
    def _words(self) -> list[set[str]]:
        return [searchable_words(book_text(card)) for card in self.shelf.cards]

    @cached_property
    def _stems(self) -> list[set[str]]:
        return [{stem(word) for word in words} for words in self._words]


def _has_words(words: set[str], typed: Typed) -> bool:
    whole = typed.words[:-1] if typed.is_open else typed.words
    if not words.issuperset(whole):
        return False
    return not typed.is_open or any(word.startswith(typed.words[-1]) for word in words)


def _joined(*lists: NDArray[np.int64], limit: int) -> list[int]:
    return list(dict.fromkeys(int(row) for rows in lists for row in rows))[:limit]
