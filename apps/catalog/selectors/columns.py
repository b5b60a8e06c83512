"""The live books as columns: one array for each thing that is asked of all books at once.

Row i of every column is the same book; rows are in order of id. An update makes new columns out of the old ones and the
few books that changed; whoever holds the old ones still sees the old state.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.packed import Lists, Names, Numbers, Splice, widened
from apps.catalog.selectors.records import Records
from epicml.audience.bands import AgeBand
from epicml.datasets.arrays import Float64s, Int8s, Int32s, Int64s
from epicml.datasets.id_map import ABSENT, BookIds, CatalogueRows

ROW_BITS = 32
ROW_MASK = (1 << ROW_BITS) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """What is different in a later state.

    Attributes:
        moved: int32[rows before], where each row is now, -1 for a book that changed or went.
        changed: int32, rows of the later state whose books are new or changed, rising.
    """

    moved: CatalogueRows
    changed: CatalogueRows


@dataclass(frozen=True, eq=False)
class Columns:
    """All live books. What is spelt is a code of one of the tables of names; codes never change their meaning."""

    ids: BookIds
    age_bands: Int8s
    reading_levels: Int8s  # 0 where not known
    popularity: Int32s
    languages: Numbers
    series: Int32s  # -1 for none
    number_codes: Numbers  # number in the series, -1 for none; few different ones are in use
    authors: Lists
    genres: Lists  # a genre that a book names again is there as ~code, so that it is counted once
    records: Records
    by_key: npt.NDArray[np.uint64]  # hash of the key, then the row, rising
    language_names: Names
    series_names: Names
    number_names: Names  # as Python writes a float
    author_names: Names
    genre_names: Names

    @classmethod
    def none(cls) -> "Columns":
        """Return columns of no book."""
        return cls(
            ids=BookIds(np.zeros(0, np.int64)),
            age_bands=np.zeros(0, np.int8),
            reading_levels=np.zeros(0, np.int8),
            popularity=np.zeros(0, np.int32),
            languages=np.zeros(0, np.int8),
            series=np.zeros(0, np.int32),
            number_codes=np.zeros(0, np.int8),
            authors=Lists(),
            genres=Lists(),
            records=Records.none(),
            by_key=np.zeros(0, np.uint64),
            language_names=Names(),
            series_names=Names(),
            number_names=Names(),
            author_names=Names(),
            genre_names=Names(),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def updated(self, changed: Iterable[int], cards: Sequence[BookCard]) -> "Columns":
        """Return the columns after these books changed; those of them without a card are live no more.

        Args:
            changed: ids of the books, known here or not.
            cards: in order of id; what those are now that are live.
        """
        ids = np.array([card.id for card in cards], np.int64)
        given = np.unique(np.array([*changed, *ids], np.int64))
        splice = Splice.of(self.ids, removed=given[self.rows_of_ids(given) != ABSENT], added=ids)
        languages, language_codes = self.language_names.with_names(card.language for card in cards)
        series, series_codes = self.series_names.with_names(card.series for card in cards if card.series is not None)
        numbers, number_codes = self.number_names.with_names(
            repr(card.series_number) for card in cards if card.series_number is not None
        )
        authors, author_codes = self.author_names.with_names(name for card in cards for name in card.authors)
        genres, genre_codes = self.genre_names.with_names(genre for card in cards for genre in card.genres)
        return Columns(
            ids=self.ids if np.array_equal(self.ids[splice.removed], ids) else BookIds(splice.column(self.ids, ids)),
            age_bands=splice.column(self.age_bands, [card.age_band for card in cards]),
            reading_levels=splice.column(self.reading_levels, [card.reading_level or 0 for card in cards]),
            popularity=splice.column(self.popularity, [card.popularity for card in cards]),
            languages=_spliced(self.languages, splice, [language_codes[card.language] for card in cards]),
            series=splice.column(
                self.series, [ABSENT if card.series is None else series_codes[card.series] for card in cards]
            ),
            number_codes=_spliced(
                self.number_codes,
                splice,
                [ABSENT if card.series_number is None else number_codes[repr(card.series_number)] for card in cards],
            ),
            authors=self.authors.spliced(splice, [[author_codes[name] for name in card.authors] for card in cards]),
            genres=self.genres.spliced(splice, [_genre_codes(card.genres, genre_codes) for card in cards]),
            records=self.records.spliced(splice, cards),
            by_key=self._keys_after(splice, cards),
            language_names=languages,
            series_names=series,
            number_names=numbers,
            author_names=authors,
            genre_names=genres,
        )

    @property
    def series_numbers(self) -> Float64s:
        """float64[n], nan for none."""
        return np.array([*map(float, self.number_names.all()), np.nan])[self.number_codes]

    def rows_of_ids(self, ids: Int64s) -> CatalogueRows:
        """Return int32: the row of each id, -1 where no such book is live."""
        if not len(self):
            return CatalogueRows(np.full(len(ids), ABSENT, np.int32))
        rows = np.minimum(np.searchsorted(self.ids, ids), len(self) - 1)
        return CatalogueRows(np.where(self.ids[rows] == ids, rows, ABSENT).astype(np.int32))

    def row_of_id(self, book_id: int) -> int | None:
        """Find the row of this id, ten times as fast as by asking for an array of one."""
        row = bisect_left(self._ids, book_id)
        return row if row < len(self) and self._ids[row] == book_id else None

    def row_of_key(self, key: str) -> int | None:
        """Find the row of the book with this key."""
        place = bisect_left(self._by_key, _hash(key) << ROW_BITS)
        while place < len(self) and self._by_key[place] >> ROW_BITS == _hash(key):
            row = self._by_key[place] & ROW_MASK
            if self.records.key(row) == key:
                return row
            place += 1
        return None

    def card(self, row: int) -> BookCard:
        """Make the card of the book in this row."""
        record, series, number = self.records.read(row), int(self.series[row]), int(self.number_codes[row])
        genres = self.genres.row(row)
        return BookCard(
            id=int(self.ids[row]),
            key=record.key,
            title=record.title,
            authors=tuple(self.author_names[code] for code in self.authors.row(row)),
            series=None if series == ABSENT else self.series_names[series],
            series_number=None if number == ABSENT else float(self.number_names[number]),
            age_band=AgeBand(int(self.age_bands[row])),
            reading_level=int(self.reading_levels[row]) or None,
            language=self.language_names[int(self.languages[row])],
            year=record.year,
            genres=tuple(self.genre_names[code if code >= 0 else ~code] for code in genres),
            popularity=int(self.popularity[row]),
            average_rating=record.average_rating,
            isbns=record.isbns,
        )

    def since(self, former: "Columns") -> Delta | None:
        """Find what differs from a former state; None where nothing is shared with it, so that this cannot be found."""
        if former.records.lineage is not self.records.lineage:
            return None
        if former.ids is self.ids:  # as after most changes
            changed = np.flatnonzero(self.records.places != former.records.places).astype(np.int32)
            moved = np.arange(len(self), dtype=np.int32)
            moved[changed] = ABSENT
            return Delta(CatalogueRows(moved), CatalogueRows(changed))
        moved = self._rows_of_former(former.ids)
        stayed = np.flatnonzero(moved != ABSENT)
        other = stayed[self.records.places[moved[stayed]] != former.records.places[stayed]]
        is_new = np.ones(len(self), np.bool_)
        is_new[moved[stayed]] = False
        is_new[moved[other]] = True
        moved[other] = ABSENT
        return Delta(moved, CatalogueRows(np.flatnonzero(is_new).astype(np.int32)))

    def _rows_of_former(self, ids: BookIds) -> CatalogueRows:
        """Find where each of these ids is; most are as far from the first or from the last as they were."""
        shared = min(len(self), len(ids))
        unequal = np.flatnonzero(self.ids[:shared] != ids[:shared])
        head = int(unequal[0]) if len(unequal) else shared
        unequal = np.flatnonzero(self.ids[len(self) - shared + head :] != ids[len(ids) - shared + head :])
        tail = shared - head - (int(unequal[-1]) + 1 if len(unequal) else 0)
        between = self.rows_of_ids(ids[head : len(ids) - tail])
        ends = np.arange(head, dtype=np.int32), np.arange(len(self) - tail, len(self), dtype=np.int32)
        return CatalogueRows(np.concatenate((ends[0], between, ends[1])))

    def _keys_after(self, splice: Splice, cards: Sequence[BookCard]) -> npt.NDArray[np.uint64]:
        if splice.stays_in_place and all(
            self.records.key(row) == card.key for row, card in zip(splice.removed.tolist(), cards, strict=True)
        ):
            return self.by_key
        rows = splice.moved()[(self.by_key & np.uint64(ROW_MASK)).astype(np.int64)]
        stays = rows != ABSENT
        kept = (self.by_key[stays] & ~np.uint64(ROW_MASK)) | rows[stays].astype(np.uint64)
        added = [_hash(card.key) << ROW_BITS | row for card, row in zip(cards, splice.added.tolist(), strict=True)]
        new = np.sort(np.array(added, np.uint64))
        return np.insert(kept, np.searchsorted(kept, new), new)

    @cached_property
    def _ids(self) -> memoryview:
        return self.ids.data

    @cached_property
    def _by_key(self) -> memoryview:
        return self.by_key.data


def _spliced(column: Numbers, splice: Splice, added: Sequence[int]) -> Numbers:
    codes = np.array(added, np.int64)
    return splice.column(widened(column, codes), codes)


def _hash(key: str) -> int:
    return hash(key) & ROW_MASK


def _genre_codes(genres: Sequence[str], codes: Mapping[str, int]) -> list[int]:
    found: list[int] = []
    for genre in genres:
        code = codes[genre]
        found.append(~code if code in found else code)
    return found
