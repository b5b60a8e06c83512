"""Filters of a search and how many books each choice would leave.

Counted from the books as they are now, so that numbers, filters and gate agree whatever the index says. Choices of one
facet widen (this band or that one), facets narrow each other, and a facet's own choice does not hide its other values.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.catalog.selectors.packed import Names
from apps.catalog.selectors.shelf import Shelf
from epicml.audience.bands import AgeBand
from epicml.datasets.arrays import Int64s
from epicml.datasets.id_map import ABSENT

MOST_GENRES = 30  # the most frequent; chosen ones are always listed

Rows = NDArray[np.int32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the books must be; an empty choice leaves all."""

    age_bands: Sequence[AgeBand] = ()
    reading_levels: Sequence[int] = ()
    languages: Sequence[str] = ()
    genres: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that can be chosen, and how many books choosing it leaves."""

    value: str
    label: str
    count: int
    selected: bool


def facets_of(books: Shelf, rows: Rows, filters: Filters) -> tuple[Rows, dict[str, list[Facet]]]:
    """Return the rows that pass every filter, in their order, and the facets of the answer."""
    languages, genres = books.language_names, books.columns.genre_names
    masks = {
        "age_bands": _among(books.age_bands[rows], [int(band) for band in filters.age_bands]),
        "reading_levels": _among(books.reading_levels[rows], filters.reading_levels),
        "languages": _among(books.languages[rows], _codes(books.language_names, filters.languages)),
        "genres": _with_genres(books, rows, filters.genres),
    }
    counts: dict[str, Callable[[Rows], list[Facet]]] = {
        "age_bands": lambda left: _age_bands(books, left, filters.age_bands),
        "reading_levels": lambda left: _levels(books, left, filters.reading_levels),
        "languages": lambda left: _by_count(
            languages, np.bincount(books.languages[left], minlength=len(languages)), filters.languages
        ),
        "genres": lambda left: _by_count(
            genres, books.columns.genres.counts(left, size=len(genres)), filters.genres, most=MOST_GENRES
        ),
    }
    found = {name: count(rows[_all_but(masks, name, len(rows))]) for name, count in counts.items()}
    return rows[_all_but(masks, "", len(rows))], found


def _all_but(masks: dict[str, Mask | None], left_out: str, length: int) -> Mask:
    kept = np.ones(length, dtype=np.bool_)
    for name, mask in masks.items():
        if name != left_out and mask is not None:
            kept &= mask
    return kept


def _among(values: NDArray[Any], chosen: Sequence[int]) -> Mask | None:
    return np.isin(values, chosen) if chosen else None


def _codes(names: Names, chosen: Sequence[str]) -> list[int]:
    # A name that no book has must leave none, not all: no book has the code of what is absent.
    return [names.code(name) for name in chosen]


def _with_genres(books: Shelf, rows: Rows, chosen: Sequence[str]) -> Mask | None:
    if not chosen:
        return None
    columns = books.columns
    codes = [code for code in _codes(columns.genre_names, chosen) if code != ABSENT]
    return columns.genres.having(codes)[rows]


def _age_bands(books: Shelf, rows: Rows, chosen: Sequence[AgeBand]) -> list[Facet]:
    counts = np.bincount(books.age_bands[rows], minlength=len(AgeBand))
    return [
        Facet(band.code, band.label, int(counts[band]), band in chosen)
        for band in AgeBand
        if counts[band] or band in chosen
    ]


def _levels(books: Shelf, rows: Rows, chosen: Sequence[int]) -> list[Facet]:
    counts = np.bincount(books.reading_levels[rows], minlength=max(chosen, default=0) + 1)
    return [
        Facet(str(level), f"Level {level}", int(counts[level]), level in chosen)
        for level in range(1, len(counts))
        if counts[level] or level in chosen
    ]


def _by_count(names: Names, counts: Int64s, chosen: Sequence[str], *, most: int | None = None) -> list[Facet]:
    codes = np.flatnonzero(counts)
    if most is not None and len(codes) > most:
        bar = np.partition(counts[codes], len(codes) - most)[len(codes) - most]
        codes = codes[counts[codes] >= bar]
    found = {names[code]: int(counts[code]) for code in codes.tolist()}
    listed = sorted(found, key=lambda name: (-found[name], name))[:most]
    others = {name: 0 if (code := names.code(name)) == ABSENT else int(counts[code]) for name in chosen}
    counted = {name: found[name] for name in listed} | others
    facets = [Facet(name, name, count, name in chosen) for name, count in counted.items()]
    return sorted(facets, key=lambda facet: (-facet.count, facet.value))
