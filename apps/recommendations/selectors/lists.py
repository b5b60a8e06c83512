"""Ranked lists with a true reason for each book. Nothing is written, nothing is remembered from the last request."""

from collections.abc import Collection

import numpy as np

from apps.catalog.selectors.books import BookCard
from apps.recommendations.selectors import reasons
from apps.recommendations.selectors.items import Item, item
from apps.recommendations.selectors.question import Question
from apps.recommendations.selectors.reasons import Reason
from apps.recommendations.selectors.stock import Mask
from apps.recommendations.selectors.volumes import Maker, in_order
from epicml.datasets.arrays import Float64s
from epicml.datasets.id_map import ABSENT
from epicml.recommenders.protocol import Ranked
from epicml.text.normalise import main_title

NEAR_SERIES, NEAR_AUTHOR = 2.0, 1.0  # how near kin are to a book that the model does not know; equal genres are near 1


def for_you(question: Question, *, k: int, taken: Collection[int] = ()) -> list[Item]:
    """The best books for this reader: by model and live history, by popularity where either is missing or runs out."""
    if question.stock.model is None or not len(question.history):
        return popular(question, k=k, taken=taken)
    items = filled(question, lambda mask, count: ranked_items(question, mask, count), k=k, taken=taken)
    return _topped_up(question, items, k=k, taken=taken)


def popular(question: Question, *, k: int, taken: Collection[int] = (), subject: int | None = None) -> list[Item]:
    """The most popular books as seen from the band; beside a book where there is a subject."""
    return filled(question, lambda mask, count: popular_items(question, mask, count), k=k, taken=taken, subject=subject)


def similar(question: Question, *, row: int, k: int, taken: Collection[int] = ()) -> list[Item]:
    """The books nearest to this one, whether or not the model knows it."""
    near = near_items if knows(question, row) else _by_kinship
    gone = [*taken, row]
    items = filled(question, lambda mask, count: near(question, row, mask, count), k=k, taken=gone, subject=row)
    return _topped_up(question, items, k=k, taken=gone, subject=row)


def knows(question: Question, row: int) -> bool:
    """Whether the model knows the book in this row of the shelf."""
    return bool(question.stock.model_rows(np.array([row], np.int32))[0] != ABSENT)


def filled(
    question: Question, make: Maker, *, k: int, taken: Collection[int] = (), subject: int | None = None
) -> list[Item]:
    """k items by this maker: from the narrowest wish, and from wider ones where that has too few.

    A volume whose earlier one is outside a wish waits for the wider one, in which that takes its place.
    """
    items: list[Item] = []
    for wish in question.wishes:
        mask = wish.copy()
        mask[list(taken)] = False
        mask[[item.row for item in items]] = False
        items += in_order(question, make, mask, k - len(items), subject=subject)
        if len(items) >= k:
            break
    return items


def ranked_items(question: Question, mask: Mask, k: int) -> list[Item]:
    """What the model ranks first among these books of the shelf."""
    return items_of(question, rank(question, mask, k))


def rank(question: Question, mask: Mask, k: int) -> Ranked:
    """The model's own answer, in its own rows."""
    model = question.stock.model
    if model is None:
        raise ModelMissingError
    return model.recommender.rank(
        question.history, eligible=question.stock.in_model(mask), k=k, age_band=int(question.age_band)
    )


class ModelMissingError(RuntimeError):
    """A model was asked to rank where none is loaded: a mistake in this program."""

    def __init__(self) -> None:
        super().__init__("No model is loaded; ask for popular books instead.")


def items_of(question: Question, ranked: Ranked) -> list[Item]:
    """What the model ranked, as items with reasons."""
    rows = question.stock.shelf_rows[ranked.books]
    spoke = [_card(question, book) for book in ranked.contributor.tolist()]
    return [
        item(question, row, score, reasons.of_source(source, contributor, age_band=question.age_band))
        for row, score, source, contributor in zip(
            rows.tolist(), ranked.scores.tolist(), ranked.source, spoke, strict=True
        )
    ]


def popular_items(question: Question, mask: Mask, k: int) -> list[Item]:
    """The most popular of these books, each with its share as score."""
    rows = question.stock.popular(question.age_band, eligible=mask, k=k)
    shares = question.stock.popularity_of(question.age_band, rows)
    reason = reasons.popular_with(question.age_band)
    return [item(question, row, share, reason) for row, share in zip(rows.tolist(), shares.tolist(), strict=True)]


def _topped_up(
    question: Question, items: list[Item], *, k: int, taken: Collection[int], subject: int | None = None
) -> list[Item]:
    """A list that came out short goes on with popular books: among them those that the model does not know."""
    if len(items) >= k:
        return items
    gone = [*taken, *(item.row for item in items)]
    return items + popular(question, k=k - len(items), taken=gone, subject=subject)


def near_items(question: Question, row: int, mask: Mask, k: int) -> list[Item]:
    """What the model places beside the book in this row; nothing that is only popular."""
    stock = question.stock
    if stock.model is None:
        raise ModelMissingError
    book = int(stock.model_rows(np.array([row], np.int32))[0])
    ranked = stock.model.recommender.similar(book, eligible=stock.in_model(mask), k=k)
    near = [place for place, source in enumerate(ranked.source) if source != "popularity"]
    rows, card = stock.shelf_rows[ranked.books], stock.shelf.cards[row]
    return [item(question, int(rows[p]), float(ranked.scores[p]), reasons.beside(ranked.source[p], card)) for p in near]


def _by_kinship(question: Question, row: int, mask: Mask, k: int) -> list[Item]:
    """For a book without readers in the model: its series, its authors, its genres; the more popular first."""
    nearness = _kinship(question, row)
    rows = np.flatnonzero((nearness > 0) & mask).astype(np.int32)
    shares = question.stock.popularity_of(question.age_band, rows)
    card = question.stock.shelf.cards[row]
    return [
        item(question, place, float(nearness[place]), _kin_reason(card, question.stock.shelf.cards[place]))
        for place in rows[np.lexsort((-shares, -nearness[rows]))][:k].tolist()
    ]


def _kinship(question: Question, row: int) -> Float64s:
    columns = question.stock.shelf.columns
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


def _kin_reason(card: BookCard, other: BookCard) -> Reason:
    title = main_title(card.title)
    if card.series is not None and card.series == other.series:
        return Reason("series", f"Same series as {title}", card.key)
    if set(card.authors) & set(other.authors):
        return Reason("author", f"Same author as {title}", card.key)
    return Reason("genre", f"Same genre as {title}", card.key)


def _card(question: Question, book: int) -> BookCard | None:
    """The card of a book of the model; None for no book, and for one that was withdrawn and must not be named."""
    if book == ABSENT:
        return None
    row = int(question.stock.shelf_rows[book])
    return None if row == ABSENT else question.stock.shelf.cards[row]
