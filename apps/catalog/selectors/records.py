"""What only a card shows of a book, as one run of bytes for each state of a book.

A book that changes gets a new record behind the others, and its old one is waste. So the place of a record tells one
state of one book from every other, and a former state of the catalogue can still be read.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.packed import Splice, decoded, encoded
from epicml.datasets.arrays import Int64s

Places = npt.NDArray[np.uint32]

# Average rating in hundredths, year, bytes of the title, of the key, and how many ISBNs; title, key and ISBNs follow,
# and the rating itself where it is not a whole number of hundredths.
_HEAD = struct.Struct("<HhHBH")
_RATING = struct.Struct("<d")
_RATING_BEHIND, _NO_RATING = 0xFFFE, 0xFFFF
_NO_YEAR = -(2**15)  # older than any writing
_ISBN_BYTES = 6
LONGEST_TAIL = 1 << 16  # copied at every change; what is longer is joined to the body, 6 MB for 100,000 books
MOST_WASTE = 0.25  # of the body; then the records in use are copied, 20 ms for 100,000 books, and cards are made anew


@dataclass(frozen=True, slots=True)
class Record:
    """What a record holds."""

    title: str
    key: str
    isbns: tuple[str, ...]
    year: int | None
    average_rating: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """The records of all rows.

    Attributes:
        body: most records.
        tail: those that were added last.
        places: uint32[n], where the record of each row begins, counted through body and tail.
        lineage: the same object as long as a place means the same record.
    """

    body: bytes
    tail: bytes
    places: Places
    lineage: object

    @classmethod
    def none(cls) -> "Records":
        """Return the records of no row."""
        return cls(b"", b"", np.zeros(0, np.uint32), object())

    def read(self, row: int) -> Record:
        """Read the record of this row."""
        packed, at = self._found(row)
        rating, year, title_length, key_length, n_isbns = _HEAD.unpack_from(packed, at)
        key_at = at + _HEAD.size + title_length
        isbns_at = key_at + key_length
        end = isbns_at + n_isbns * _ISBN_BYTES
        return Record(
            title=decoded(packed[key_at - title_length : key_at]),
            key=decoded(packed[key_at:isbns_at]),
            isbns=tuple(
                f"{int.from_bytes(packed[start : start + _ISBN_BYTES], 'little'):013}"
                for start in range(isbns_at, end, _ISBN_BYTES)
            ),
            year=None if year == _NO_YEAR else year,
            average_rating=_rating(rating, packed, end),
        )

    def key(self, row: int) -> str:
        """Read the key of the book in this row."""
        packed, at = self._found(row)
        _, _, title_length, key_length, _ = _HEAD.unpack_from(packed, at)
        key_at = at + _HEAD.size + title_length
        return decoded(packed[key_at : key_at + key_length])

    def spliced(self, splice: Splice, added: Sequence[BookCard]) -> "Records":
        """Return the records of the new state, with those of these books in the rows that were added."""
        packed = [_packed(card) for card in added]
        begin = len(self.body) + len(self.tail)
        places = splice.column(self.places, begin + np.cumsum([0, *map(len, packed)])[:-1])
        body, tail = self.body, self.tail + b"".join(packed)
        if len(tail) <= LONGEST_TAIL:
            return Records(body, tail, places, self.lineage)
        records = Records(body + tail, b"", places, self.lineage)
        lengths = records._lengths()
        return records if lengths.sum() >= (1 - MOST_WASTE) * len(records.body) else records._without_waste(lengths)

    def _found(self, row: int) -> tuple[bytes, int]:
        place = int(self.places[row])
        length = len(self.body)
        return (self.body, place) if place < length else (self.tail, place - length)

    def _lengths(self) -> Int64s:
        """Read from the heads in the body how many bytes the record of each row takes."""
        at, packed = self.places.astype(np.int64), np.frombuffer(self.body, np.uint8)
        ratings, titles, isbns = (packed[at + low] + packed[at + low + 1].astype(np.int64) * 256 for low in (0, 4, 7))
        more = _ISBN_BYTES * isbns + _RATING.size * (ratings == _RATING_BEHIND)
        return np.asarray(_HEAD.size + titles + packed[at + 6] + more)

    def _without_waste(self, lengths: Int64s) -> "Records":
        ends = np.cumsum(lengths)
        used = zip(self.places.tolist(), (self.places + lengths).tolist(), strict=True)
        body = b"".join([self.body[start:end] for start, end in used])
        return Records(body, b"", (ends - lengths).astype(np.uint32), object())


def _packed(card: BookCard) -> bytes:
    title, key = encoded(card.title), encoded(card.key)
    rating, behind = _NO_RATING, b""
    if card.average_rating is not None:
        rating = round(card.average_rating * 100)
        if not 0 <= rating < _RATING_BEHIND or rating / 100 != card.average_rating:
            rating, behind = _RATING_BEHIND, _RATING.pack(card.average_rating)
    head = _HEAD.pack(rating, _NO_YEAR if card.year is None else card.year, len(title), len(key), len(card.isbns))
    return b"".join((head, title, key, *(int(isbn).to_bytes(_ISBN_BYTES, "little") for isbn in card.isbns), behind))


def _rating(hundredths: int, packed: bytes, behind: int) -> float | None:
    if hundredths == _RATING_BEHIND:
        exact: float = _RATING.unpack_from(packed, behind)[0]
        return exact
    return None if hundredths == _NO_RATING else hundredths / 100
