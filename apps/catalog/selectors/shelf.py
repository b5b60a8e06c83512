"""Every live book in memory, for paths that answer in a millisecond and for the gate at every exit.

One cheap query per call finds out whether anything changed; then only the changed books are read again. A shelf never
changes once it is handed out: who holds one sees one state of the catalogue.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from apps.catalog.selectors.books import BookCard, BookNotFoundError, all_live_cards, live_cards
from apps.catalog.selectors.changes import changed_book_ids, last_change_number
from epicml.audience.bands import AgeBand

UNKNOWN_LANGUAGE = "und"
REMEMBERED_FILTERS = 256  # a mask of 10,000 books is 10 kB; combinations beyond these are worked out again

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """All live books at one change number. Row i of every array is the book `cards[i]`; rows are in order of id."""

    version: int
    cards: list[BookCard]
    ids: npt.NDArray[np.int64]
    age_bands: npt.NDArray[np.int8]
    reading_levels: npt.NDArray[np.int8]  # 0 where not known
    popularity: npt.NDArray[np.float64]
    languages: npt.NDArray[np.int16]  # places in language_codes
    language_codes: list[str]
    _rows: dict[str, int]
    _rows_of_ids: dict[int, int]
    _masks: dict[tuple[AgeBand, tuple[str, ...], tuple[int, int] | None], Mask] = field(default_factory=dict)

    def row_of_key(self, key: str) -> int | None:
        """The row of the book with this key."""
        return self._rows.get(key)

    def row_of_id(self, book_id: int) -> int | None:
        """The row of the book with this id."""
        return self._rows_of_ids.get(book_id)

    def cards_of_ids(self, ids: Iterable[int]) -> list[BookCard]:
        """The books with these ids, in their order; those that are unknown or withdrawn are left out."""
        rows = (self._rows_of_ids.get(book_id) for book_id in ids)
        return [self.cards[row] for row in rows if row is not None]

    def rows_of_ids(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """The row of each id, -1 where the book is unknown or withdrawn."""
        if not len(self.ids):
            return np.full(len(ids), -1, dtype=np.int32)
        rows = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[rows] == ids, rows, -1).astype(np.int32)

    def card(self, key: str) -> BookCard:
        """The book with this key."""
        row = self._rows.get(key)
        if row is None:
            raise BookNotFoundError(key)
        return self.cards[row]

    def allowed(
        self, age_band: AgeBand, *, languages: Sequence[str] = (), levels: tuple[int, int] | None = None
    ) -> Mask:
        """Which rows may be shown to a reader of this band, in these languages, within these reading levels.

        The band is strict. A language or level that is not known excludes no book: it is a wish, not a safeguard.
        """
        question = (age_band, tuple(sorted(set(languages))), levels)
        mask = self._masks.get(question)
        if mask is None:
            mask = self._mask(*question)
            mask.setflags(write=False)
            if len(self._masks) < REMEMBERED_FILTERS:
                self._masks[question] = mask
        return mask

    def _mask(self, age_band: AgeBand, languages: tuple[str, ...], levels: tuple[int, int] | None) -> Mask:
        mask: Mask = self.age_bands <= age_band
        if languages:
            wanted = {*languages, UNKNOWN_LANGUAGE}
            mask &= np.array([code in wanted for code in self.language_codes], dtype=np.bool_)[self.languages]
        if levels is not None:
            known = self.reading_levels > 0
            mask &= ~known | ((self.reading_levels >= levels[0]) & (self.reading_levels <= levels[1]))
        return mask


_lock = threading.Lock()
_current: Shelf | None = None


def shelf() -> Shelf:
    """The live books as they are now."""
    global _current  # one shelf per process, replaced whole
    known = _current
    if known is not None and known.version == last_change_number():
        return known
    with _lock:
        number = last_change_number()  # again: another thread may have gone further while this one waited
        if _current is None or _current.version != number:
            _current = _refreshed(_current, number)
        return _current


def books_page(age_band: AgeBand, *, start: int, stop: int) -> tuple[list[BookCard], int]:
    """Some of the books that this band may see, in order of id, and how many there are in all."""
    live = shelf()
    rows = np.flatnonzero(live.allowed(age_band))
    return [live.cards[row] for row in rows[start:stop]], len(rows)


def reset_shelf() -> None:
    """Nothing is remembered: the next call reads every book. For tests and after a database is replaced."""
    global _current
    with _lock:
        _current = None


def _refreshed(known: Shelf | None, number: int) -> Shelf:
    if known is None or number < known.version:
        return _arranged([card for chunk in all_live_cards() for card in chunk], number)
    changed = changed_book_ids(known.version, up_to=number)
    gone = set(changed)
    cards = [card for card in known.cards if card.id not in gone] + live_cards(changed)
    return _arranged(cards, number)


def _arranged(cards: list[BookCard], number: int) -> Shelf:
    cards.sort(key=lambda card: card.id)
    codes = sorted({card.language for card in cards})
    place = {code: index for index, code in enumerate(codes)}
    return Shelf(
        version=number,
        cards=cards,
        ids=np.array([card.id for card in cards], dtype=np.int64),
        age_bands=np.array([card.age_band for card in cards], dtype=np.int8),
        reading_levels=np.array([card.reading_level or 0 for card in cards], dtype=np.int8),
        popularity=np.array([card.popularity for card in cards], dtype=np.float64),
        languages=np.array([place[card.language] for card in cards], dtype=np.int16),
        language_codes=codes,
        _rows={card.key: row for row, card in enumerate(cards)},
        _rows_of_ids={card.id: row for row, card in enumerate(cards)},
    )
