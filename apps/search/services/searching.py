"""Full search: all words first, filled with any word; filters, facets and marks from the books as they are now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf, shelf
from apps.readers.selectors import audience
from apps.search.engines.protocol import MOST_RESULTS, Engine, IndexBrokenError
from apps.search.selectors.facets import Facet, Filters, Rows, facets_of
from apps.search.selectors.live_index import forget_broken
from apps.search.selectors.serving import database_serving, serving
from epicml.audience.bands import AgeBand
from epicml.search.plan import full_search
from epicml.text.highlight import Range, stem_ranges
from epicml.text.stems import stem

LAST_PLACE = MOST_RESULTS  # pages end here
NAMING_BOOKS = 10  # so many books with a word are looked at before it is said, for an index may be behind


@dataclass(frozen=True, slots=True)
class Highlights:
    """The places to mark: in the title, in each author's name, in the name of the series."""

    title: list[Range]
    authors: list[list[Range]]
    series: list[Range]


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """One page of what was found, and how the rest divides."""

    query: str
    items: list[dict[str, Any]]
    facets: dict[str, list[Facet]]
    total: int
    page: int
    page_size: int
    did_you_mean: str | None
    fallback: str | None
    release: str | None


@dataclass(frozen=True, slots=True)
class SearchQuestion:
    """What is searched for: an empty text browses every book by popularity."""

    text: str
    filters: Filters
    page: int
    page_size: int
    reader_key: str | None = None
    age_band: AgeBand | None = None


def search(question: SearchQuestion, *, now: datetime) -> SearchAnswer:
    """The page asked for of the books that may be shown; what is misspelt is searched as it may have been meant."""
    band = audience(question.reader_key, question.age_band).age_band
    books = shelf()
    chosen = serving(books, now=now)
    try:
        found = _find(chosen.engine, question.text, band, books)
    except IndexBrokenError as error:
        if chosen.index is None:
            raise
        forget_broken(chosen.index, error, now=now)
        chosen = database_serving(books)
        found = _find(chosen.engine, question.text, band, books)
    rows = _visible_rows(books, found.books, band) if found.words else _by_popularity(books, band)
    kept, facets = facets_of(books, rows, question.filters)
    start = (question.page - 1) * question.page_size
    stems = {stem(word) for word in found.words}
    return SearchAnswer(
        query=question.text,
        items=[_item(books.cards[row], stems) for row in kept[start : start + question.page_size].tolist()],
        facets=facets,
        total=len(kept),
        page=question.page,
        page_size=question.page_size,
        did_you_mean=found.did_you_mean,
        fallback=chosen.fallback,
        release=chosen.release,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    books: list[int]
    words: tuple[str, ...]
    did_you_mean: str | None


def _find(engine: Engine, text: str, band: AgeBand, books: Shelf) -> _Found:
    asked = full_search(text)
    meant = engine.respelt(asked)
    if meant is not None and not _may_be_said(set(meant) - set(asked.words), engine, band, books):
        meant = None
    plan = asked if meant is None else full_search(text, meant=meant)
    found = engine.search(plan, audience=band, limit=MOST_RESULTS)
    return _Found(found, plan.words, None if meant is None else " ".join(meant))


def _may_be_said(words: Collection[str], engine: Engine, band: AgeBand, books: Shelf) -> bool:
    """Whether each word is in a book that may be shown; else the spelling would name one that may not."""
    found = (engine.search(full_search(word), audience=band, limit=NAMING_BOOKS) for word in words)
    return all(len(_visible_rows(books, ids, band)) for ids in found)


def _visible_rows(books: Shelf, ids: Sequence[int], band: AgeBand) -> Rows:
    """Rows of the books as they are now: neither withdrawn nor, whatever the index says, above the band."""
    rows = books.rows_of_ids(np.array(ids, dtype=np.int64))
    rows = rows[rows >= 0]
    return rows[books.allowed(band)[rows]]


def _by_popularity(books: Shelf, band: AgeBand) -> Rows:
    """Every book that may be shown: for who has not said yet what they look for."""
    rows = np.flatnonzero(books.allowed(band))
    return rows[np.argsort(-books.popularity[rows], kind="stable")].astype(np.int32)


def _item(card: BookCard, stems: Collection[str]) -> dict[str, Any]:
    return card.as_json() | {
        "highlights": Highlights(
            title=stem_ranges(card.title, stems),
            authors=[stem_ranges(name, stems) for name in card.authors],
            series=stem_ranges(card.series or "", stems),
        )
    }
