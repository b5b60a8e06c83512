"""Every live book in memory, for paths that answer in a millisecond and for the gate at every exit.

One cheap query per call finds out whether anything changed; then only the changed books are read again, and what is in
memory is made new in place of them. A shelf never changes once it is handed out: who holds one sees one state of the
catalogue. Two states may have one version while a large change is read, so what is worked out of a shelf is remembered
for that very shelf and not for its version.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from apps.catalog.selectors.books import BookCard, BookNotFoundError, all_live_cards, live_cards
from apps.catalog.selectors.cards import Cards, RememberedBooks
from apps.catalog.selectors.changes import changed_book_ids, last_change_number
from apps.catalog.selectors.columns import Columns
from apps.catalog.selectors.packed import Names, Numbers
from epicml.audience.bands import AgeBand
from epicml.datasets.arrays import Int8s, Int32s, Int64s
from epicml.datasets.id_map import ABSENT, BookIds, CatalogueRows

UNKNOWN_LANGUAGE = "und"
PACKED_MASK_BYTES_KEPT = 100_000  # of a shelf, a bit for each book; what does not fit is worked out again
# As many changed books are read, 60 ms, while requests wait. Of more, one request reads them, and what others are
# answered meanwhile leaves these books out.
MOST_WAITED_FOR = 1000

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """All live books at one change number. Row i of every array is the book `cards[i]`; rows are in order of id."""

    version: int
    columns: Columns
    cards: Cards
    remembered: RememberedBooks
    _packed_masks: dict[tuple[AgeBand, tuple[str, ...], tuple[int, int] | None], npt.NDArray[np.uint8]] = field(
        default_factory=dict
    )

    @classmethod
    def of(cls, columns: Columns, *, version: int, remembered: RememberedBooks) -> "Shelf":
        """Make the shelf of these columns."""
        return cls(version, columns, Cards(columns, remembered), remembered)

    def __len__(self) -> int:
        return len(self.columns.ids)

    @property
    def ids(self) -> BookIds:
        """int64[n]: the id of each book, rising."""
        return self.columns.ids

    @property
    def age_bands(self) -> Int8s:
        """int8[n]."""
        return self.columns.age_bands

    @property
    def reading_levels(self) -> Int8s:
        """int8[n], 0 where not known."""
        return self.columns.reading_levels

    @property
    def popularity(self) -> Int32s:
        """int32[n]: how many ratings a book has anywhere."""
        return self.columns.popularity

    @property
    def languages(self) -> Numbers:
        """int[n], codes of `language_names`."""
        return self.columns.languages

    @property
    def language_names(self) -> Names:
        """The languages by code."""
        return self.columns.language_names

    def row_of_key(self, key: str) -> int | None:
        """Find the row of the book with this key."""
        return self.columns.row_of_key(key)

    def row_of_id(self, book_id: int) -> int | None:
        """Find the row of the book with this id."""
        return self.columns.row_of_id(book_id)

    def cards_of_ids(self, ids: Iterable[int]) -> list[BookCard]:
        """Return the books with these ids, in their order; leave out those that are unknown or withdrawn."""
        rows = map(self.columns.row_of_id, ids)
        return [self.cards[row] for row in rows if row is not None]

    def rows_of_ids(self, ids: Int64s) -> CatalogueRows:
        """Find the row of each id, -1 where the book is unknown or withdrawn."""
        return self.columns.rows_of_ids(ids)

    def card(self, key: str) -> BookCard:
        """Return the book with this key."""
        row = self.row_of_key(key)
        if row is None:
            raise BookNotFoundError(key)
        return self.cards[row]

    def allowed(
        self, age_band: AgeBand, *, languages: Sequence[str] = (), levels: tuple[int, int] | None = None
    ) -> Mask:
        """Tell which rows may be shown to a reader of this band, in these languages, within these reading levels.

        Each call gives a mask of its own, which the caller may change.
        The band is strict. A language or level that is not known excludes no book: it is a wish, not a safeguard.
        """
        wanted = (age_band, tuple(sorted(set(languages))), levels)
        packed = self._packed_masks.get(wanted)
        if packed is not None:  # unpacking makes a copy as fast as copying
            return np.unpackbits(packed, count=len(self)).view(np.bool_)
        mask = self._mask(*wanted)
        packed = np.packbits(mask)
        if (len(self._packed_masks) + 1) * len(packed) <= PACKED_MASK_BYTES_KEPT:
            self._packed_masks[wanted] = packed
        return mask

    def _mask(self, age_band: AgeBand, languages: tuple[str, ...], levels: tuple[int, int] | None) -> Mask:
        mask: Mask = self.age_bands <= int(age_band)
        if languages:
            wanted = {*languages, UNKNOWN_LANGUAGE}
            codes = [code for code in map(self.language_names.code, wanted) if code != ABSENT]
            fits = np.zeros(len(self.language_names), np.bool_)
            fits[codes] = True
            mask &= fits[self.languages]
        if levels is not None:
            known = self.reading_levels > 0
            mask &= ~known | ((self.reading_levels >= levels[0]) & (self.reading_levels <= levels[1]))
        return mask


_lock = threading.Lock()
_current: Shelf | None = None
_read_meanwhile: Shelf | None = None  # what others are answered from while one request reads a large change


def shelf() -> Shelf:
    """Return the live books as they are now."""
    known = _current
    if known is not None and known.version == last_change_number():
        return known
    return _refreshed()


def books_page(age_band: AgeBand, *, start: int, stop: int) -> tuple[list[BookCard], int]:
    """Return some of the books that this band may see, in order of id, and how many there are in all."""
    live = shelf()
    rows = np.flatnonzero(live.allowed(age_band))
    return [live.cards[row] for row in rows[start:stop]], len(rows)


def reset_shelf() -> None:
    """Forget everything, so that the next call reads every book. For tests and after a database is replaced."""
    global _current, _read_meanwhile
    with _lock:
        _current = _read_meanwhile = None


def _refreshed() -> Shelf:
    """Make the shelf after everything in the log. One thread makes it; others wait, or go on without a large change."""
    global _current, _read_meanwhile  # each replaced whole
    with _lock:
        known, number = _current, last_change_number()  # again: another thread may have gone further meanwhile
        if known is not None and known.version == number:
            return known
        if known is None or number < known.version:
            _current, _read_meanwhile = _read_whole(number), None
            return _current
        changed = changed_book_ids(known.version, up_to=number)
        if len(changed) <= MOST_WAITED_FOR or _read_meanwhile is not None:
            _current = _updated(known, changed, live_cards(changed), number)
            return _current
        without = _current = _read_meanwhile = _updated(known, changed, [], number)
    return _read_aside(known, without, changed)


def _read_aside(known: Shelf, without: Shelf, changed: list[int]) -> Shelf:
    """Read all these changed books, and put the shelf with them in the place of the one without."""
    try:
        whole = _updated(known, changed, live_cards(changed), without.version)
    except BaseException:
        _replace(without, lambda version: known)  # the next request begins where this one did
        raise
    _replace(without, lambda version: _caught_up(whole, version))
    return whole


def _replace(without: Shelf, make: Callable[[int], Shelf]) -> None:
    """Put another shelf in place of the one without a large change or its successor; not if all was read anew."""
    global _current, _read_meanwhile
    with _lock:
        if _read_meanwhile is without and _current is not None:
            _current, _read_meanwhile = make(_current.version), None


def _caught_up(known: Shelf, number: int) -> Shelf:
    if known.version == number:
        return known
    changed = changed_book_ids(known.version, up_to=number)
    return _updated(known, changed, live_cards(changed), number)


def _read_whole(number: int) -> Shelf:
    columns = Columns.none()
    for chunk in all_live_cards():
        columns = columns.updated((), chunk)
    return Shelf.of(columns, version=number, remembered=RememberedBooks(books=len(columns)))


def _updated(known: Shelf, changed: Sequence[int], cards: Sequence[BookCard], number: int) -> Shelf:
    columns = known.columns.updated(changed, cards)
    keeps_places = columns.records.lineage is known.columns.records.lineage
    return Shelf.of(
        columns, version=number, remembered=known.remembered if keeps_places else RememberedBooks(books=len(columns))
    )
