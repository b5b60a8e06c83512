"""The answers that leave the product: timed, counted, checked once more against the age band, and noted as shown."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.catalog.selectors.books import BookNotFoundError
from apps.events.services.lists import NewList, serve_list
from apps.readers.selectors import audience
from apps.recommendations.services import measures
from apps.recommendations.services.lists import contexts, home, rankings
from apps.recommendations.services.lists.contexts import ListContext
from apps.recommendations.services.lists.home import Row
from apps.recommendations.services.lists.items import Item
from epicml.audience.asking import TRUSTED, Standing
from epicml.audience.bands import AgeBand, may_see

BOOK_NOT_IN_MODEL = "book_not_in_model"


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """A list as it leaves: `head` says for whom it is, `fallback` why it is not what the model would say.

    `list_id` is that of the served list; None where nothing was shown.
    """

    head: dict[str, Any]
    items: list[Item]
    fallback: str | None
    release: str | None
    list_id: UUID | None = None

    def as_json(self) -> dict[str, Any]:
        """The answer of the API."""
        items = [item.as_json(rank) for rank, item in enumerate(self.items, start=1)]
        answer = {"list_id": self.list_id, "items": items, "fallback": self.fallback, "release": self.release}
        return {**self.head, **answer}


@dataclass(frozen=True, slots=True)
class HomeAnswer:
    """A home page as it leaves; each of its rows is a list."""

    reader: str
    rows: list[Row]
    fallback: str | None
    release: str | None

    def as_json(self) -> dict[str, Any]:
        """The answer of the API."""
        rows = [row.as_json() for row in self.rows]
        return {"reader": self.reader, "rows": rows, "fallback": self.fallback, "release": self.release}


def recommend(
    reader_key: str, *, limit: int, standing: Standing = TRUSTED, is_shown: bool = False, now: datetime
) -> ListAnswer:
    """Return the best books for this reader at this moment.

    Here and below: where the answer `is_shown` to somebody it is noted as a served list, and names it.
    """
    with measures.timed("recommendations"):
        asked = contexts.of_reader(reader_key, standing=standing, now=now)
        items = rankings.for_you(asked, k=limit)
        return _answer(asked, "recommendations", {"reader": reader_key}, items, is_shown=is_shown, now=now)


def home_page(
    reader_key: str, *, size: int, standing: Standing = TRUSTED, is_shown: bool = False, now: datetime
) -> HomeAnswer:
    """Return the rows of this reader's home page; no book stands in two of them."""
    with measures.timed("home"):
        asked = contexts.of_reader(reader_key, standing=standing, now=now)
        rows: list[Row] = []
        for row in home.home_rows(asked, size=size):
            if kept := _checked(asked, row.items):
                surface = f"home/{row.kind}"
                list_id = _note(asked, surface, kept, fallback=asked.fallback, now=now) if is_shown else None
                rows.append(replace(row, items=kept, list_id=list_id))
        measures.count_answer(asked.fallback)
        return HomeAnswer(reader_key, rows, asked.fallback, asked.release)


def similar(
    book_key: str,
    *,
    reader_key: str | None,
    age_band: AgeBand | None,
    limit: int,
    is_shown: bool = False,
    now: datetime,
) -> ListAnswer:
    """Return books near this one, which must itself be one that the asker may see."""
    with measures.timed("similar"):
        asked = contexts.of_audience(audience(reader_key, age_band), now=now)
        card = asked.stock.shelf.card(book_key)
        row = asked.stock.shelf.row_of_key(book_key)
        if row is None or not may_see(reader=asked.age_band, book=card.age_band):
            raise BookNotFoundError(book_key)
        items = rankings.similar(asked, row=row, k=limit)
        unknown = None if rankings.knows(asked, row) else BOOK_NOT_IN_MODEL
        head = {"book": book_key}
        return _answer(asked, "similar", head, items, fallback=unknown, is_shown=is_shown, now=now)


def popular(
    *,
    reader_key: str | None,
    age_band: AgeBand | None,
    genre: str | None,
    limit: int,
    is_shown: bool = False,
    now: datetime,
) -> ListAnswer:
    """Return the most popular books for this age band."""
    with measures.timed("popular"):
        asked = contexts.of_audience(audience(reader_key, age_band), now=now, genre=genre)
        head = {"age_band": asked.age_band.code}
        return _answer(asked, "popular", head, rankings.popular(asked, k=limit), is_shown=is_shown, now=now)


def _answer(
    asked: ListContext,
    surface: str,
    head: dict[str, Any],
    items: list[Item],
    *,
    fallback: str | None = None,
    is_shown: bool,
    now: datetime,
) -> ListAnswer:
    """Check the list, count the answer, and note it where it is shown; `fallback` counts where the model answers."""
    fallback = asked.fallback or fallback
    measures.count_answer(fallback)
    kept = _checked(asked, items)
    list_id = _note(asked, surface, kept, fallback=fallback, now=now) if is_shown else None
    return ListAnswer(head, kept, fallback, asked.release, list_id)


def _note(asked: ListContext, surface: str, items: list[Item], *, fallback: str | None, now: datetime) -> UUID | None:
    """Note what left past the gate as a served list of the reader who was known; a list without books is none."""
    if not items:
        return None
    new = NewList(
        surface=surface,
        age_band=asked.age_band,
        items=asked.stock.shelf.ids[[item.row for item in items]].tolist(),
        reader_id=asked.reader.id if asked.reader else None,
        release=asked.release or "",
        fallback=fallback or "",
    )
    return serve_list(new, now=now)


def _checked(asked: ListContext, items: Iterable[Item]) -> list[Item]:
    """The gate at the exit: from the books themselves, not from the masks that the list was made with."""
    found, shelf = list(items), asked.stock.shelf
    rows = [item.row for item in found]
    books = zip(found, shelf.age_bands[rows].tolist(), shelf.ids[rows].tolist(), strict=True)
    kept = [item for item, band, book_id in books if band <= asked.age_band and book_id not in asked.excluded_ids]
    if len(kept) < len(found):
        measures.count_removed(len(found) - len(kept))
    return kept
