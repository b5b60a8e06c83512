"""The books of the columns as cards, each made when somebody asks for it."""

from collections.abc import Iterator, Sequence
from operator import index
from typing import SupportsIndex, overload

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.columns import Columns

REMEMBERED = 5000  # about .7 kB each; what is shown is mostly what is popular


class RememberedCards:
    """The cards asked for last, each under the place of its record: one for each state of a book."""

    def __init__(self) -> None:
        self._recent: dict[int, BookCard] = {}
        self._former: dict[int, BookCard] = {}

    def get(self, place: int) -> BookCard | None:
        """The card that was made of this record, if it is still remembered."""
        return self._recent.get(place) or self._again(place)

    def keep(self, place: int, card: BookCard) -> BookCard:
        """Remember the card; the one that counts where two threads made one at a time."""
        if len(self._recent) >= REMEMBERED // 2:  # in halves, so that no order must be kept for each look
            self._former, self._recent = self._recent, {}
        return self._recent.setdefault(place, card)

    def _again(self, place: int) -> BookCard | None:
        card = self._former.get(place)
        return None if card is None else self.keep(place, card)


class Cards(Sequence[BookCard]):
    """The books of a shelf by row. A book that did not change keeps its card as long as that is remembered."""

    def __init__(self, columns: Columns, remembered: RememberedCards) -> None:
        self._columns = columns
        self._remembered = remembered
        self._places = columns.records.places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, row: SupportsIndex) -> BookCard: ...
    @overload
    def __getitem__(self, row: slice) -> list[BookCard]: ...
    def __getitem__(self, row: SupportsIndex | slice) -> BookCard | list[BookCard]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        row = index(row)
        place = int(self._places[row])
        return self._remembered.get(place) or self._remembered.keep(place, self._columns.card(row % len(self)))

    def __iter__(self) -> Iterator[BookCard]:
        """Every book; nothing is remembered of it, so that what is popular stays."""
        for row, place in enumerate(self._places.tolist()):
            yield self._remembered.get(place) or self._columns.card(row)
