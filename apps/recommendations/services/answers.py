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
        """Write the answer of the API."""
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
        """Write the answer of the API."""
        rows = [row.as_json() for row in self.rows]
        return {"reader": self.reader, "rows": rows, "fallback": self.fallback, "release": self.release}


def recommend(
    reader_key: str, *, limit: int, standing: Standing = TRUSTED, is_shown: bool = False, now: datetime
) -> ListAnswer:
    """Return the best books for this reader at this moment.

    Here and below: where the answer `is_shown` to somebody it is noted as a served list, and names it.
    """
    with measures.timed("recommendations"):
        context = contexts.of_reader(reader_key, standing=standing, now=now)
        items = rankings.for_you(context, k=limit)
        return _answer(context, "recommendations", {"reader": reader_key}, items, is_shown=is_shown, now=now)


def home_page(
    reader_key: str, *, size: int, standing: Standing = TRUSTED, is_shown: bool = False, now: datetime
) -> HomeAnswer:
    """Return the rows of this reader's home page; no book stands in two of them."""
    with measures.timed("home"):
        context = contexts.of_reader(reader_key, standing=standing, now=now)
        rows: list[Row] = []
        for row in home.home_rows(context, size=size):
            if kept := _checked(context, row.items):
                surface = f"home/{row.kind}"
                list_id = _note(context, surface, kept, fallback=context.fallback, now=now) if is_shown else None
                rows.append(replace(row, items=kept, list_id=list_id))
        measures.count_answer(context.fallback)
        return HomeAnswer(reader_key, rows, context.fallback, context.release)


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
        context = contexts.of_audience(audience(reader_key, age_band), now=now)
        card = context.pool.shelf.card(book_key)
        row = context.pool.shelf.row_of_key(book_key)
        if row is None or not may_see(reader=context.age_band, book=card.age_band):
            raise BookNotFoundError(book_key)
        items = rankings.similar(context, row=row, k=limit)
        unknown = None if rankings.knows(context, row) else BOOK_NOT_IN_MODEL
        head = {"book": book_key}
        return _answer(context, "similar", head, items, fallback=unknown, is_shown=is_shown, now=now)


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
        context = contexts.of_audience(audience(reader_key, age_band), now=now, genre=genre)
        head = {"age_band": context.age_band.code}
        return _answer(context, "popular", head, rankings.popular(context, k=limit), is_shown=is_shown, now=now)


def _answer(
    context: ListContext,
    surface: str,
    head: dict[str, Any],
    items: list[Item],
    *,
    fallback: str | None = None,
    is_shown: bool,
    now: datetime,
) -> ListAnswer:
    """Check the list, count the answer, and note it where it is shown; `fallback` counts where the model answers."""
    fallback = context.fallback or fallback
    measures.count_answer(fallback)
    kept = _checked(context, items)
    list_id = _note(context, surface, kept, fallback=fallback, now=now) if is_shown else None
    return ListAnswer(head, kept, fallback, context.release, list_id)


def _note(context: ListContext, surface: str, items: list[Item], *, fallback: str | None, now: datetime) -> UUID | None:
    """Note what left past the gate as a served list of the reader who was known; a list without books is none."""
    if not items:
        return None
    new = NewList(
        surface=surface,
        age_band=context.age_band,
        items=context.pool.shelf.ids[[item.row for item in items]].tolist(),
        reader_id=context.reader.id if context.reader else None,
        release=context.release or "",
        fallback=fallback or "",
    )
    return serve_list(new, now=now)


def _checked(context: ListContext, items: Iterable[Item]) -> list[Item]:
    """Keep the items that may be shown, judged by the books themselves and not by the masks of the list."""
    found, shelf = list(items), context.pool.shelf
    rows = [item.row for item in found]
    books = zip(found, shelf.age_bands[rows].tolist(), shelf.ids[rows].tolist(), strict=True)
    kept = [item for item, band, book_id in books if band <= context.age_band and book_id not in context.excluded_ids]
    if len(kept) < len(found):
        measures.count_removed(len(found) - len(kept))
    return kept
