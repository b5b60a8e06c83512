"""The rows of a reader's home page. No book stands in two of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.recommendations.selectors import lists, reasons
from apps.recommendations.selectors.lists import Item
from apps.recommendations.selectors.question import Question
from epicml.text.normalise import main_title

LEAST_IN_ROW = 3  # a shorter row looks like a mistake
NEXT_WITHIN = 1.0  # volume 3 or 2.5 after 2, never 4
LIKED_TRIED = 5  # so many of the books liked last are tried before "because you read" is left out
GENRES_FOR_NEWCOMERS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the home page."""

    key: str
    title: str
    items: list[Item]
    book_key: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The row in the API."""
        items = [item.as_json(rank) for rank, item in enumerate(self.items, start=1)]
        return {"key": self.key, "title": self.title, "book_key": self.book_key, "items": items}


def home_rows(question: Question, *, size: int) -> list[Row]:
    """For you, next in your series, because you read, popular, new: those that have something to show."""
    rows: list[Row] = []
    taken: set[int] = set()
    for make in (_series, _for_you, _because_you_read, _popular, _genres, _new):
        for row in make(question, taken, size):
            rows.append(row)
            taken |= {item.row for item in row.items}
    return sorted(rows, key=lambda row: _ORDER.index(row.key.split(":")[0]))


# A series is picked first, so that its next volume is not used up by another row, but stands second.
_ORDER = ("for_you", "series", "because_you_read", "popular", "genre", "new")


def _for_you(question: Question, taken: set[int], size: int) -> Iterator[Row]:
    if len(question.history):
        yield Row("for_you", "For you", lists.for_you(question, k=size, taken=taken))


def _series(question: Question, taken: set[int], size: int) -> Iterator[Row]:
    items = _next_volumes(question, size)
    if len(items) >= LEAST_IN_ROW:
        yield Row("series", "Next in your series", items)


def _because_you_read(question: Question, taken: set[int], size: int) -> Iterator[Row]:
    for row in question.liked_rows[:LIKED_TRIED].tolist():
        if not lists.knows(question, row):
            continue
        mask = question.wishes[0].copy()
        mask[list(taken)] = False
        items = lists.near_items(question, row, mask, size)
        if len(items) >= LEAST_IN_ROW:
            card = question.stock.shelf.cards[row]
            yield Row("because_you_read", f"Because you read {main_title(card.title)}", items, card.key)
            return


def _popular(question: Question, taken: set[int], size: int) -> Iterator[Row]:
    items = lists.popular(question, k=size, taken=taken)
    if items:
        yield Row("popular", f"Popular {reasons.at(question.age_band)}", items)


def _genres(question: Question, taken: set[int], size: int) -> Iterator[Row]:
    """Who has no history yet gets a choice of genres instead of rows of their own."""
    if len(question.history):
        return
    used = set(taken)
    for genre in _strongest_genres(question):
        mask = question.wishes[0] & question.stock.by_genre[genre]
        mask[list(used)] = False
        items = lists.popular_items(question, mask, size)
        if len(items) >= LEAST_IN_ROW:
            used |= {item.row for item in items}
            yield Row(f"genre:{genre}", f"Popular in {genre}", items)


def _strongest_genres(question: Question) -> list[str]:
    """The genres that readers of the band like most."""
    shares = question.stock.popularity(question.age_band) * question.wishes[0]
    weights = {genre: float(shares[mask].sum()) for genre, mask in question.stock.by_genre.items()}
    return sorted(weights, key=lambda genre: (-weights[genre], genre))[:GENRES_FOR_NEWCOMERS]


def _new(question: Question, taken: set[int], size: int) -> Iterator[Row]:
    """What came to the shelf after the model was trained, the newest first."""
    if question.stock.model is None:
        return
    mask = question.wishes[0] & question.stock.unknown
    mask[list(taken)] = False
    newest = np.flatnonzero(mask)[::-1][:size].tolist()
    if len(newest) >= LEAST_IN_ROW:
        yield Row("new", "New on the shelf", [lists.item(question, row, 0.0, reasons.new_on_shelf()) for row in newest])


def _next_volumes(question: Question, size: int) -> list[Item]:
    """The volume after the highest one that was read, of each series, the series read last first."""
    cards, wish = question.stock.shelf.cards, question.wishes[0]
    highest: dict[str, int] = {}
    for row in question.read_rows[question.read_rows >= 0].tolist():
        name, number = cards[row].series, cards[row].series_number
        if name is None or number is None:
            continue
        known = highest.setdefault(name, row)
        if number > (cards[known].series_number or 0):
            highest[name] = row
    found = [(row, _next_volume(question, row)) for row in highest.values()]
    return [
        lists.item(question, following, 0.0, reasons.of_source("series", cards[row], age_band=question.age_band))
        for row, following in found
        if following is not None and wish[following]
    ][:size]


def _next_volume(question: Question, row: int) -> int | None:
    cards = question.stock.shelf.cards
    series, number = cards[row].series, cards[row].series_number or 0.0
    for other in question.stock.by_series.get(series or "", ()):
        ahead = (cards[other].series_number or 0.0) - number
        if 0 < ahead <= NEXT_WITHIN:
            return other
    return None
