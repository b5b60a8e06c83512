"""The rows of a reader's home page. No book stands in two of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np

from apps.recommendations.services.lists import rankings, reasons
from apps.recommendations.services.lists.candidate_pool import Mask
from apps.recommendations.services.lists.contexts import ListContext
from apps.recommendations.services.lists.items import Item, item
from apps.recommendations.services.lists.reasons import Reason
from apps.recommendations.services.lists.volumes import in_order, reason_of_next
from epicml.datasets.id_map import ABSENT
from epicml.text.normalise import main_title

LEAST_IN_ROW = 3  # a shorter row looks like a mistake
LIKED_TRIED = 5  # so many of the books liked last are tried before "because you read" is left out
GENRES_FOR_NEWCOMERS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the home page; `list_id` is that of the served list once the row was shown."""

    key: str
    title: str
    items: list[Item]
    book_key: str | None = None
    list_id: UUID | None = None

    @property
    def kind(self) -> str:
        """The key without the value behind it: `genre` for `genre:animals`."""
        return self.key.partition(":")[0]

    def as_json(self) -> dict[str, Any]:
        """Write the row as the API has it."""
        items = [item.as_json(rank) for rank, item in enumerate(self.items, start=1)]
        head = {"key": self.key, "title": self.title, "book_key": self.book_key, "list_id": self.list_id}
        return {**head, "items": items}


def home_rows(context: ListContext, *, size: int) -> list[Row]:
    """Return the rows that have something to show: for you, next in your series, because you read, popular, new."""
    rows: list[Row] = []
    excluded: set[int] = set()
    for rows_of in (_series, _for_you, _because_you_read, _popular, _genres, _new):
        for row in rows_of(context, excluded, size):
            rows.append(row)
            excluded |= {item.row for item in row.items}
    return sorted(rows, key=lambda row: ROW_ORDER.index(row.kind))


# A series is picked first, so that its next volume is not used up by another row, but stands second.
ROW_ORDER = ("for_you", "series", "because_you_read", "popular", "genre", "new")


def _for_you(context: ListContext, excluded: set[int], size: int) -> Iterator[Row]:
    if len(context.history):
        yield Row("for_you", "For you", rankings.for_you(context, k=size, excluded=excluded))


def _series(context: ListContext, excluded: set[int], size: int) -> Iterator[Row]:
    """Yield what the reader goes on with in each series that was started, the series read last first."""

    def word_reason(row: int) -> Reason:
        return reason_of_next(context, row, context.volumes) or reasons.next_in(context.pool.shelf.cards[row])

    read = context.read_rows[context.read_rows != ABSENT]
    rows = context.volumes.next_in_started(read, context.candidate_masks[0])[:size].tolist()
    items = [item(context, row, 0.0, partial(word_reason, row)) for row in rows]
    if len(items) >= LEAST_IN_ROW:
        yield Row("series", "Next in your series", items)


def _because_you_read(context: ListContext, excluded: set[int], size: int) -> Iterator[Row]:
    for row in context.liked_rows[:LIKED_TRIED].tolist():
        if not rankings.knows(context, row):
            continue
        mask = context.candidate_masks[0].copy()
        mask[list(excluded)] = False
        items = in_order(context, partial(rankings.near_items, context, row), mask, size, anchor=row)
        if len(items) >= LEAST_IN_ROW:
            card = context.pool.shelf.cards[row]
            yield Row("because_you_read", f"Because you read {main_title(card.title)}", items, card.key)
            return


def _popular(context: ListContext, excluded: set[int], size: int) -> Iterator[Row]:
    items = rankings.popular(context, k=size, excluded=excluded)
    if items:
        yield Row("popular", f"Popular {reasons.at(context.age_band)}", items)


def _genres(context: ListContext, excluded: set[int], size: int) -> Iterator[Row]:
    """Yield popular books of some genres for a reader without a history, who has no rows of their own."""
    if len(context.history):
        return
    used = set(excluded)
    columns = context.pool.shelf.columns
    for genre, code in _strongest_genres(context):
        mask = context.candidate_masks[0] & columns.genres.having([code])
        mask[list(used)] = False
        items = in_order(context, partial(rankings.popular_items, context), mask, size)
        if len(items) >= LEAST_IN_ROW:
            used |= {item.row for item in items}
            yield Row(f"genre:{genre}", f"Popular in {genre}", items)


def _strongest_genres(context: ListContext) -> list[tuple[str, int]]:
    """Return the genres that readers of the band like most, with their codes."""
    columns = context.pool.shelf.columns
    shares = context.pool.popularity(context.age_band) * context.candidate_masks[0]
    weights = columns.genres.sums(shares, size=len(columns.genre_names))
    bar = np.sort(weights)[-GENRES_FOR_NEWCOMERS:].min(initial=np.inf)
    strongest = [(columns.genre_names[code], code) for code in np.flatnonzero(weights >= bar).tolist()]
    return sorted(strongest, key=lambda genre: (-weights[genre[1]], genre[0]))[:GENRES_FOR_NEWCOMERS]


def _new(context: ListContext, excluded: set[int], size: int) -> Iterator[Row]:
    """Yield what came to the shelf after the model was trained, the newest first."""

    def newest(mask: Mask, k: int) -> list[Item]:
        rows = np.flatnonzero(mask)[::-1][:k].tolist()
        return [item(context, row, 0.0, reasons.new_on_shelf) for row in rows]

    if context.pool.model is None:
        return
    mask = context.candidate_masks[0] & context.pool.unknown
    mask[list(excluded)] = False
    items = in_order(context, newest, mask, size)
    if len(items) >= LEAST_IN_ROW:
        yield Row("new", "New on the shelf", items)
