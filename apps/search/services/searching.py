"""Full search: all words first, filled with any word; filters, facets and marks from the books as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf, shelf
from apps.events.services.lists import NewList, serve_list
from apps.readers.selectors import Audience, audience
from apps.search.engines.database import book_text
from apps.search.engines.protocol import MOST_RESULTS
from apps.search.selectors.facets import Facet, Filters, Rows, facets_of
from apps.search.services.choosing import ChosenEngine, choose_engine, ranked
from epicml.audience.bands import AgeBand
from epicml.search.meaning import meant_by, written_words
from epicml.search.plan import Typed
from epicml.search.ranking import rank_search
from epicml.text.highlight import Highlighter, Range

LAST_PLACE = MOST_RESULTS  # pages end here
TELLING_BOOKS = 50  # whose words may say what was meant


@dataclass(frozen=True, slots=True)
class Highlights:
    """The places to mark: in the title, in each author's name, in the name of the series."""

    title: list[Range]
    authors: list[list[Range]]
    series: list[Range]


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """One page of what was found, and how the rest divides.

    `searchable` is False where a text was given that has no letter and no digit, so that nothing can be found.
    `list_id` is that of the served list, which is this page; None where nothing was shown.
    """

    query: str
    searchable: bool
    items: list[dict[str, Any]]
    facets: dict[str, list[Facet]]
    total: int
    page: int
    page_size: int
    did_you_mean: str | None
    fallback: str | None
    release: str | None
    list_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SearchQuestion:
    """What is searched for: an empty text browses every book by popularity."""

    text: str
    filters: Filters
    page: int
    page_size: int
    reader_key: str | None = None
    age_band: AgeBand | None = None


def search(
    question: SearchQuestion, *, is_shown: bool = False, release: str | None = None, now: datetime
) -> SearchAnswer:
    """Answer the page asked for of the books that may be shown; what is misspelt is searched as it may have been meant.

    Where the answer `is_shown` to somebody, the page is noted as a served list; the text that was typed is not. Where a
    release is named, as by an experiment's arm, that one answers if it can be opened, else the live one.
    """
    asker = audience(question.reader_key, question.age_band)
    band = asker.age_band
    books, typed = shelf(), Typed.read(question.text)
    rank = partial(rank_search, typed, audience=band, limit=MOST_RESULTS)
    found, chosen = ranked(rank, choose_engine(books, release=release, now=now), books, now=now)
    rows = _rows_to_show(books, found.books if question.text else None, band)
    corrected = {row for row in rows.tolist() if books.cards[row].id in found.corrected} if found.corrected else set()
    first = next((books.cards[row] for row in rows.tolist() if row in corrected), None)
    meant = said_of(first, typed, shown=[books.cards[row] for row in rows[:TELLING_BOOKS].tolist()])
    kept, facets = facets_of(books, rows, question.filters)
    start = (question.page - 1) * question.page_size
    shown = kept[start : start + question.page_size]
    highlighter = Highlighter.of((*(word for variant in typed.variants for word in variant.words), *(meant or ())))
    return SearchAnswer(
        query=question.text,
        searchable=bool(typed.words) or not question.text,
        items=[_item(books.cards[row], highlighter, corrected=row in corrected) for row in shown.tolist()],
        facets=facets,
        total=len(kept),
        page=question.page,
        page_size=question.page_size,
        did_you_mean=None if meant is None else " ".join(meant),
        fallback=chosen.fallback,
        release=chosen.release,
        list_id=_note(asker, chosen, books.ids[shown].tolist(), start=start, now=now) if is_shown else None,
    )


def _note(asker: Audience, chosen: ChosenEngine, book_ids: Sequence[int], *, start: int, now: datetime) -> UUID | None:
    """Note one page as it leaves as a served list; one behind the last book shows nothing."""
    if start and not book_ids:
        return None
    new = NewList(
        surface="search",
        age_band=asker.age_band,
        items=book_ids,
        first_position=start + 1,
        reader_id=asker.reader.id if asker.reader else None,
        release=chosen.release or "",
        fallback=chosen.fallback or "",
    )
    return serve_list(new, now=now)


def said_of(corrected: BookCard | None, typed: Typed, *, shown: Sequence[BookCard]) -> tuple[str, ...] | None:
    """Say what was typed as this book has it, or one of those shown: no word that none of them has as it is said."""
    if corrected is None:
        return None
    others = {word for card in shown for word in written_words(book_text(card))}
    return meant_by(typed, written_words(book_text(corrected)), other_words=others)


def _rows_to_show(books: Shelf, ids: Sequence[int] | None, band: AgeBand) -> Rows:
    """Return rows of the books as they are now: neither withdrawn nor, whatever the index says, above the band.

    Where None is given, those of every book, by popularity: for who has not said yet what they look for.
    """
    allowed = books.allowed(band)
    if ids is None:
        rows = np.flatnonzero(allowed)
        return rows[np.argsort(-books.popularity[rows], kind="stable")].astype(np.int32)
    found: Rows = books.rows_of_ids(np.array(ids, dtype=np.int64))
    found = found[found >= 0]
    return found[allowed[found]]


def _item(card: BookCard, highlighter: Highlighter, *, corrected: bool) -> dict[str, Any]:
    title, *others = highlighter.ranges((card.title, *card.authors, card.series or ""))
    return card.as_json() | {
        "corrected": corrected,
        "highlights": Highlights(title=title, authors=others[:-1], series=others[-1]),
    }
