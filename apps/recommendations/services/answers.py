"""The answers that leave the product: timed, counted, and checked once more against the age band."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.catalog.selectors.books import BookNotFoundError
from apps.readers.selectors import audience
from apps.recommendations.selectors import home, lists, question
from apps.recommendations.selectors.home import Row
from apps.recommendations.selectors.items import Item
from apps.recommendations.selectors.question import Question
from apps.recommendations.services import measures
from epicml.audience.asking import TRUSTED, Standing
from epicml.audience.bands import AgeBand, may_see

BOOK_NOT_IN_MODEL = "book_not_in_model"


@dataclass(frozen=True, slots=True)
class Answer:
    """A list as it leaves: `head` says for whom it is, `fallback` why it is not what the model would say."""

    head: dict[str, Any]
    items: list[Item]
    fallback: str | None
    release: str | None

    def as_json(self) -> dict[str, Any]:
        """The answer of the API."""
        items = [item.as_json(rank) for rank, item in enumerate(self.items, start=1)]
        return {**self.head, "items": items, "fallback": self.fallback, "release": self.release}


@dataclass(frozen=True, slots=True)
class HomeAnswer:
    """A home page as it leaves."""

    reader: str
    rows: list[Row]
    fallback: str | None
    release: str | None

    def as_json(self) -> dict[str, Any]:
        """The answer of the API."""
        rows = [row.as_json() for row in self.rows]
        return {"reader": self.reader, "rows": rows, "fallback": self.fallback, "release": self.release}


def recommend(reader_key: str, *, limit: int, standing: Standing = TRUSTED, now: datetime) -> Answer:
    """The best books for this reader at this moment."""
    with measures.timed("recommendations"):
        asked = question.of_reader(reader_key, standing=standing, now=now)
        return _answer(asked, {"reader": reader_key}, lists.for_you(asked, k=limit))


def home_page(reader_key: str, *, size: int, standing: Standing = TRUSTED, now: datetime) -> HomeAnswer:
    """The rows of this reader's home page; no book stands in two of them."""
    with measures.timed("home"):
        asked = question.of_reader(reader_key, standing=standing, now=now)
        rows = [
            Row(row.key, row.title, _checked(asked, row.items), row.book_key)
            for row in home.home_rows(asked, size=size)
        ]
        measures.count_answer(asked.fallback)
        return HomeAnswer(reader_key, [row for row in rows if row.items], asked.fallback, asked.release)


def similar(book_key: str, *, reader_key: str | None, age_band: AgeBand | None, limit: int, now: datetime) -> Answer:
    """Books near this one, which must itself be one that the asker may see."""
    with measures.timed("similar"):
        asked = question.of_audience(audience(reader_key, age_band), now=now)
        card = asked.stock.shelf.card(book_key)
        row = asked.stock.shelf.row_of_key(book_key)
        if row is None or not may_see(reader=asked.age_band, book=card.age_band):
            raise BookNotFoundError(book_key)
        items = lists.similar(asked, row=row, k=limit)
        unknown = None if lists.knows(asked, row) else BOOK_NOT_IN_MODEL
        return _answer(asked, {"book": book_key}, items, fallback=asked.fallback or unknown)


def popular(
    *, reader_key: str | None, age_band: AgeBand | None, genre: str | None, limit: int, now: datetime
) -> Answer:
    """The most popular books for this age band."""
    with measures.timed("popular"):
        asked = question.of_audience(audience(reader_key, age_band), now=now, genre=genre)
        return _answer(asked, {"age_band": asked.age_band.code}, lists.popular(asked, k=limit))


def _answer(asked: Question, head: dict[str, Any], items: list[Item], *, fallback: str | None = None) -> Answer:
    fallback = fallback or asked.fallback
    measures.count_answer(fallback)
    return Answer(head, _checked(asked, items), fallback, asked.release)


def _checked(asked: Question, items: Iterable[Item]) -> list[Item]:
    """The gate at the exit: from the books themselves, not from the masks that the list was made with."""
    found = list(items)
    kept = [
        item
        for item in found
        if may_see(reader=asked.age_band, book=item.card.age_band) and item.card.id not in asked.gone_ids
    ]
    if len(kept) < len(found):
        measures.count_removed(len(found) - len(kept))
    return kept
