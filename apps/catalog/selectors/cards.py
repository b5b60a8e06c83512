"""The books of the columns as cards and as JSON, each made when somebody asks for it."""

from collections.abc import Callable, Iterator, Sequence
from operator import index
from typing import Generic, SupportsIndex, TypeVar, overload

import orjson

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.columns import Columns

# What is shown is mostly what is popular. A list needs the JSON of each of its books, but few cards: for its reasons.
CARD_BYTES_KEPT = 300_000
# All of it for 10,000 books: a list of similar books that has to write its JSON takes 7 % longer. The more the columns
# take, the less is left for it, so that all of it stays below 15 MB for 100,000 books.
MOST_JSON_BYTES_KEPT, LEAST_JSON_BYTES_KEPT, LESS_FOR_EACH_BOOK = 7_500_000, 750_000, 70
BYTES_OF_CARD = 700
BYTES_BESIDE_JSON = 250  # the objects around it, and its place in a table

Kept = TypeVar("Kept")


class RecentlyUsed(Generic[Kept]):
    """What was asked for last, each under the place of its record, and so one for each state of a book."""

    def __init__(self, *, most_bytes: int, size_of: Callable[[Kept], int]) -> None:
        self._most_bytes, self._size_of = most_bytes, size_of
        self._recent: dict[int, Kept] = {}
        self._former: dict[int, Kept] = {}
        self._recent_bytes = 0

    def get(self, place: int) -> Kept | None:
        """Return what was made of this record, if it is still kept."""
        found = self._recent.get(place)
        if found is None and place in self._former:
            found = self.keep(place, self._former[place])
        return found

    def keep(self, place: int, value: Kept) -> Kept:
        """Keep this value; return the one kept first where two threads made one at the same time."""
        size = self._size_of(value)
        if self._recent_bytes + size > self._most_bytes // 2:  # in halves, so that no order is kept for each look
            self._former, self._recent, self._recent_bytes = self._recent, {}, 0
        self._recent_bytes += size
        return self._recent.setdefault(place, value)


class RememberedBooks:
    """The cards and the JSON that were asked for last, of a catalogue of so many books."""

    def __init__(self, *, books: int) -> None:
        most_bytes = max(MOST_JSON_BYTES_KEPT - LESS_FOR_EACH_BOOK * books, LEAST_JSON_BYTES_KEPT)
        self.cards = RecentlyUsed[BookCard](most_bytes=CARD_BYTES_KEPT, size_of=lambda card: BYTES_OF_CARD)
        self.json = RecentlyUsed[bytes](most_bytes=most_bytes, size_of=lambda written: len(written) + BYTES_BESIDE_JSON)


class Cards(Sequence[BookCard]):
    """The books of a shelf by row. A book that did not change keeps its card as long as that is remembered."""

    def __init__(self, columns: Columns, remembered: RememberedBooks) -> None:
        self._columns = columns
        self._remembered = remembered.cards
        self._remembered_json = remembered.json
        self._places = columns.records.places.data  # gives numbers of Python, three times as fast

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, row: SupportsIndex) -> BookCard: ...
    @overload
    def __getitem__(self, row: slice) -> list[BookCard]: ...
    def __getitem__(self, row: SupportsIndex | slice) -> BookCard | list[BookCard]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        place = self._places[row]
        return self._remembered.get(place) or self._remembered.keep(place, self._columns.card(index(row) % len(self)))

    def __iter__(self) -> Iterator[BookCard]:
        """Yield every book, and remember none of them, so that what is popular stays."""
        for row, place in enumerate(self._places):
            yield self._remembered.get(place) or self._columns.card(row)

    def json(self, row: int) -> orjson.Fragment:
        """Write the book in this row as the API does."""
        place = self._places[row]
        written = self._remembered_json.get(place)
        if written is None:
            card = self._remembered.get(place) or self._columns.card(row)
            as_json = orjson.dumps(card.as_json())
            # Copied, because orjson hands out its buffer: 4 kB for .4 kB of text.
            written = self._remembered_json.keep(place, bytes(memoryview(as_json)))
        return orjson.Fragment(written)
