"""Genres as they are spelt on the books, found whatever case a filter writes them in."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from apps.catalog.selectors.packed import Names
from apps.catalog.selectors.shelf import Shelf
from epicml.audience.bands import AgeBand

_codes: tuple[Names, Mapping[str, Sequence[int]]] | None = None


def genre_spellings(books: Shelf, names: Iterable[str], *, audience: AgeBand) -> list[str]:
    """Find how books that may be shown spell these genres; a name that none of them has stays as it is written.

    A spelling that only books above the audience have is not said, for it would tell of them.
    """
    found: dict[str, None] = {}
    for name in names:
        spelt = [
            books.columns.genre_names[code]
            for code in genre_codes(books, name)
            if (books.age_bands[books.columns.genres.rows_with(code)] <= audience).any()
        ]
        found |= dict.fromkeys(sorted(spelt) or [name])
    return list(found)


def genre_codes(books: Shelf, name: str) -> Sequence[int]:
    """Find every genre that differs from this name in nothing but case, or how an accent is encoded."""
    global _codes  # replaced whole; a table of names changes only when a genre comes that no book ever had
    names = books.columns.genre_names
    known = _codes
    if known is None or known[0] is not names:
        by_form = defaultdict(list)
        for code, spelling in enumerate(names.all()):
            by_form[genre_form(spelling)].append(code)
        known = _codes = (names, by_form)
    return known[1].get(genre_form(name), ())


def genre_form(name: str) -> str:
    """Reduce a genre to what all its spellings share: they differ in case, or in how an accent is encoded."""
    return unicodedata.normalize("NFC", name).casefold()
