"""Ranked lists with a true reason for each book. Nothing is written, nothing is remembered from the last request."""

from collections.abc import Collection
from functools import partial

import numpy as np

from apps.catalog.selectors.books import BookCard
from apps.recommendations.services.lists import reasons
from apps.recommendations.services.lists.candidate_pool import Mask
from apps.recommendations.services.lists.contexts import ListContext
from apps.recommendations.services.lists.items import Item, item
from apps.recommendations.services.lists.reasons import Reason
from apps.recommendations.services.lists.volumes import RankItems, in_order
from epicml.datasets.arrays import Float64s
from epicml.datasets.id_map import ABSENT, CatalogueRows
from epicml.recommenders.protocol import Ranked
from epicml.text.normalise import main_title

NEAR_SERIES, NEAR_AUTHOR = 2.0, 1.0  # how near to a book that the model does not know; all of its genres count 1


def for_you(context: ListContext, *, k: int, excluded: Collection[int] = ()) -> list[Item]:
    """Rank books for this reader by model and live history, by popularity where either is missing or runs out."""
    if context.pool.model is None or not len(context.history):
        return popular(context, k=k, excluded=excluded)
    items = filled(context, lambda mask, count: ranked_items(context, mask, count), k=k, excluded=excluded)
    return _topped_up(context, items, k=k, excluded=excluded)


def popular(context: ListContext, *, k: int, excluded: Collection[int] = (), anchor: int | None = None) -> list[Item]:
    """Rank the most popular books as seen from the band; beside a book where there is an anchor."""
    return filled(
        context, lambda mask, count: popular_items(context, mask, count), k=k, excluded=excluded, anchor=anchor
    )


def similar(context: ListContext, *, row: int, k: int, excluded: Collection[int] = ()) -> list[Item]:
    """Rank the books nearest to this one, whether or not the model knows it."""
    near = near_items if knows(context, row) else _related_items
    excluded = [*excluded, row]
    items = filled(context, lambda mask, count: near(context, row, mask, count), k=k, excluded=excluded, anchor=row)
    return _topped_up(context, items, k=k, excluded=excluded, anchor=row)


def knows(context: ListContext, row: int) -> bool:
    """Tell whether the model knows the book in this row of the shelf."""
    return context.pool.model_row(row) is not None


def filled(
    context: ListContext, rank_items: RankItems, *, k: int, excluded: Collection[int] = (), anchor: int | None = None
) -> list[Item]:
    """Make k items from the narrowest mask of candidates, and from wider ones where that has too few.

    A volume whose earlier one is outside a mask waits for the wider one, in which that takes its place.
    """
    items: list[Item] = []
    for candidates in context.candidate_masks:
        mask = candidates.copy()
        mask[list(excluded)] = False
        mask[[item.row for item in items]] = False
        items += in_order(context, rank_items, mask, k - len(items), anchor=anchor)
        if len(items) >= k:
            break
    return items


def ranked_items(context: ListContext, mask: Mask, k: int) -> list[Item]:
    """Return what the model ranks first among these books of the shelf."""
    return items_of(context, rank(context, mask, k))


def rank(context: ListContext, mask: Mask, k: int) -> Ranked:
    """Ask the model for its ranking, in its own rows."""
    model = context.pool.model
    if model is None:
        raise ModelMissingError
    return model.recommender.rank(
        context.history, eligible=context.pool.in_model(mask), k=k, age_band=int(context.age_band)
    )


class ModelMissingError(RuntimeError):
    """A model was asked to rank where none is loaded: a mistake in this program."""

    def __init__(self) -> None:
        super().__init__("No model is loaded; ask for popular books instead.")


class BookNotInModelError(LookupError):
    """A book was asked for its neighbours that the model does not know: a mistake in this program."""

    def __init__(self, row: int) -> None:
        super().__init__(f"The model does not know the book in row {row} of the shelf; ask `knows` first.")


def items_of(context: ListContext, ranked: Ranked) -> list[Item]:
    """Return what the model ranked as items with reasons; a contributing item that was withdrawn is not named."""
    shelf_rows, cards = context.pool.shelf_rows, context.pool.shelf.cards

    def word_reason(source: str, contributing_item: int) -> Reason:
        row = ABSENT if contributing_item == ABSENT else int(shelf_rows[contributing_item])
        return reasons.of_source(source, None if row == ABSENT else cards[row], age_band=context.age_band)

    return [
        item(context, row, score, partial(word_reason, source, contributing_item))
        for row, score, source, contributing_item in zip(
            shelf_rows[ranked.books].tolist(),
            ranked.scores.tolist(),
            ranked.source,
            ranked.contributing_item.tolist(),
            strict=True,
        )
    ]


def popular_items(context: ListContext, mask: Mask, k: int) -> list[Item]:
    """Return the most popular of these books, each with its share as score."""
    rows = context.pool.popular(context.age_band, eligible=mask, k=k)
    shares = context.pool.popularity_of(context.age_band, rows)
    word_reason = partial(reasons.popular_with, context.age_band)
    return [item(context, row, share, word_reason) for row, share in zip(rows.tolist(), shares.tolist(), strict=True)]


def _topped_up(
    context: ListContext, items: list[Item], *, k: int, excluded: Collection[int], anchor: int | None = None
) -> list[Item]:
    """Fill a list that is too short with popular books, among them those that the model does not know."""
    if len(items) >= k:
        return items
    excluded = [*excluded, *(item.row for item in items)]
    return items + popular(context, k=k - len(items), excluded=excluded, anchor=anchor)


def near_items(context: ListContext, row: int, mask: Mask, k: int) -> list[Item]:
    """Return what the model places beside the book in this row, but nothing that is only popular."""
    pool = context.pool
    if pool.model is None:
        raise ModelMissingError
    book = pool.model_row(row)
    if book is None:
        raise BookNotInModelError(row)
    ranked = pool.model.recommender.similar(book, eligible=pool.in_model(mask), k=k)
    near = [place for place, source in enumerate(ranked.source) if source != "popularity"]
    rows, card = pool.shelf_rows[ranked.books].tolist(), pool.shelf.cards[row]
    return [
        item(context, rows[p], float(ranked.scores[p]), partial(reasons.beside, ranked.source[p], card)) for p in near
    ]


def _related_items(context: ListContext, row: int, mask: Mask, k: int) -> list[Item]:
    """Rank books beside one that the model does not know: by shared series, authors and genres, then popularity."""
    nearness = _nearness(context, row)
    rows = CatalogueRows(np.flatnonzero((nearness > 0) & mask).astype(np.int32))
    shares = context.pool.popularity_of(context.age_band, rows)
    card = context.pool.shelf.cards[row]
    return [
        item(context, place, float(nearness[place]), partial(_reason_of_related, context, card, place))
        for place in rows[np.lexsort((-shares, -nearness[rows]))][:k].tolist()
    ]


def _nearness(context: ListContext, row: int) -> Float64s:
    columns = context.pool.shelf.columns
    nearness = np.zeros(len(columns))
    genres = columns.genres.row(row)
    for genre in genres:
        nearness[columns.genres.rows_with(genre if genre >= 0 else ~genre)] += 1 / len(genres)
    for author in columns.authors.row(row):
        nearness[columns.authors.rows_with(author)] += NEAR_AUTHOR
    series = columns.series[row]
    if series != ABSENT:
        nearness[(columns.series == series) & (columns.number_codes != ABSENT)] += NEAR_SERIES
    return nearness


def _reason_of_related(context: ListContext, card: BookCard, row: int) -> Reason:
    title, other = main_title(card.title), context.pool.shelf.cards[row]
    if card.series is not None and card.series == other.series:
        return Reason("series", f"Same series as {title}", card.key)
    if set(card.authors) & set(other.authors):
        return Reason("author", f"Same author as {title}", card.key)
    return Reason("genre", f"Same genre as {title}", card.key)
