"""Genres as they are spelt on the books, found whatever case a filter writes them in."""

import threading
import unicodedata
from collections.abc import Iterable, Mapping

from apps.catalog.selectors.shelf import Shelf
from epicml.audience.bands import AgeBand

Spellings = Mapping[str, Mapping[str, AgeBand]]

_lock = threading.Lock()
_known: tuple[Shelf, Spellings] | None = None


def genre_spellings(books: Shelf, names: Iterable[str], *, audience: AgeBand) -> list[str]:
    """How books that may be shown spell these genres; a name that none of them has stays as it is written.

    A spelling that only books above the audience have is not said, for it would tell of them.
    """
    spellings = _spellings(books)
    found: dict[str, None] = {}
    for name in names:
        stored = spellings.get(genre_form(name), {})
        shown = sorted(spelling for spelling, youngest in stored.items() if youngest <= audience)
        found |= dict.fromkeys(shown or [name])
    return list(found)


def genre_form(name: str) -> str:
    """What two spellings of one genre share: they differ in case, or in how an accent is encoded."""
    return unicodedata.normalize("NFC", name).casefold()


def _spellings(books: Shelf) -> Spellings:
    """Of each form the spellings there are, each with the band of the youngest book that has it; once for a shelf."""
    global _known  # replaced whole
    known = _known
    if known is None or known[0] is not books:
        with _lock:
            known = _known  # another thread may have arranged it while this one waited
            if known is None or known[0] is not books:
                known = _known = (books, _arranged(books))
    return known[1]


def _arranged(books: Shelf) -> Spellings:
    found: dict[str, dict[str, AgeBand]] = {}
    for card in books.cards:
        for genre in card.genres:
            spelt = found.setdefault(genre_form(genre), {})
            spelt[genre] = min(card.age_band, spelt.get(genre, card.age_band))
    return found
