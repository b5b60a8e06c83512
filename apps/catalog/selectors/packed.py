"""Texts and lists of numbers in few arrays: a Python object for each would take ten times the memory.

Nothing here changes once it is made; what comes later is a new value that shares what it can.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from epicml.datasets.arrays import Bools, Float64s, Int32s, Int64s
from epicml.datasets.id_map import ABSENT, CatalogueRows

SEPARATOR = b"\xff"  # no text has this byte in UTF-8
REMEMBERED_NAMES = 4096  # about .1 kB each; a book may have twenty genres, and every list shows the same ones
SEARCHED_ONE_BY_ONE = 20  # finding one of 40,000 names takes .25 ms; to number all of them takes 10

Numbers = npt.NDArray[np.integer[Any]]


def encoded(text: str) -> bytes:
    """Encode the text as UTF-8; keep half a surrogate pair, which JSON lets through, as it is."""
    return text.encode("utf-8", "surrogatepass")


def decoded(packed: bytes) -> str:
    """Decode a text that was encoded."""
    return packed.decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Distinct texts, each under a code that it keeps in every later value.

    Attributes:
        packed: each text after a separator, and one more separator at the end.
        starts: int32[n], where each begins.
    """

    packed: bytes = SEPARATOR
    starts: Int32s = field(default_factory=lambda: np.zeros(0, np.int32))
    _read: dict[int, str] = field(default_factory=dict, repr=False)  # names that were asked for

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, code: int) -> str:
        name = self._read.get(code)
        if name is None:
            start = int(self.starts[code])
            name = decoded(self.packed[start : self.packed.index(SEPARATOR, start)])
            if len(self._read) >= REMEMBERED_NAMES:
                self._read.clear()
            self._read[code] = name
        return name

    def all(self) -> list[str]:
        """Return every name, in the order of the codes."""
        return [decoded(name) for name in self.packed[1:-1].split(SEPARATOR)] if len(self) else []

    def code(self, name: str) -> int:
        """Return the code of this name, -1 for one that is not among them."""
        place = self.packed.find(SEPARATOR + encoded(name) + SEPARATOR)
        return ABSENT if place == ABSENT else int(np.searchsorted(self.starts, place + 1))

    def with_names(self, names: Iterable[str]) -> tuple["Names", dict[str, int]]:
        """Return codes for all of these names; those that are new follow the others."""
        wanted = dict.fromkeys(names)
        if len(wanted) > SEARCHED_ONE_BY_ONE:
            known = {name: code for code, name in enumerate(self.all())}
            codes = {name: known.get(name, ABSENT) for name in wanted}
        else:
            codes = {name: self.code(name) for name in wanted}
        new = [name for name, code in codes.items() if code == ABSENT]
        if not new:
            return self, codes
        packed = [encoded(name) + SEPARATOR for name in new]
        lengths = np.array([0, *map(len, packed[:-1])], np.int64)
        starts = (len(self.packed) + np.cumsum(lengths)).astype(np.int32)
        codes |= {name: len(self) + place for place, name in enumerate(new)}
        return Names(self.packed + b"".join(packed), np.concatenate((self.starts, starts)), self._read.copy()), codes


@dataclass(frozen=True, slots=True, eq=False)
class Splice:
    """How the rows of one state become those of the next: some are removed, and some are added between the others.

    Attributes:
        removed: the rows that are removed, rising.
        at: where each added row goes, among the rows that stay; rising.
        before: how many rows there were.
    """

    removed: Int64s
    at: Int64s
    before: int

    @classmethod
    def of(cls, ids: Int64s, *, removed: Int64s, added: Int64s) -> "Splice":
        """Remove some of these ids, and add others in their order among them.

        Args:
            ids: int64[n], rising.
            removed: some of the ids.
            added: rising; none of the ids that stay.
        """
        rows = np.searchsorted(ids, removed)
        at = np.searchsorted(ids, added) - np.searchsorted(removed, added)
        return cls(rows, at, len(ids))

    @property
    def after(self) -> int:
        """The number of rows that there are now."""
        return self.before - len(self.removed) + len(self.at)

    @property
    def added(self) -> Int64s:
        """The rows of the new state that were added."""
        return self.at + np.arange(len(self.at))

    @property
    def stays_in_place(self) -> bool:
        """Whether each added row takes the place of a removed one, so that no other row moves."""
        return len(self.removed) == len(self.at) and bool((self.removed == self.added).all())

    def column(self, column: npt.NDArray[Any], added: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return the column of the new state, with these values in the added rows; itself if that is the same."""
        if self.stays_in_place:
            if np.array_equal(column[self.removed], added):
                return column
            changed = column.copy()
            changed[self.removed] = added
            return changed
        return np.insert(np.delete(column, self.removed), self.at, added)

    def moved(self) -> CatalogueRows:
        """Return int32[before]: where each row is now, -1 for one that was removed."""
        stays = np.ones(self.before, np.bool_)
        stays[self.removed] = False
        places = np.arange(self.before - len(self.removed))
        places += np.cumsum(np.bincount(self.at, minlength=len(places) + 1))[: len(places)]
        moved = np.full(self.before, ABSENT, np.int32)
        moved[stays] = places
        return CatalogueRows(moved)


def widened(column: Numbers, new: Numbers) -> Numbers:
    """Return the column in as many bytes as these new numbers need too, itself where they fit."""
    needed = np.result_type(column.dtype, *map(_least_type, (new.min(initial=0), new.max(initial=0))))
    return column.astype(needed, copy=False)


def _least_type(number: int) -> type[np.signedinteger[Any]]:
    return next(kind for kind in (np.int8, np.int16, np.int32) if np.iinfo(kind).min <= number <= np.iinfo(kind).max)


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """A list of numbers for each row, one behind the other.

    Attributes:
        values: the numbers of all lists, in as few bytes as they need.
        starts: int32[n + 1], where the list of each row begins, and where the last one ends.
    """

    values: Numbers = field(default_factory=lambda: np.zeros(0, np.int8))
    starts: Int32s = field(default_factory=lambda: np.zeros(1, np.int32))

    def row(self, row: int) -> list[int]:
        """Return the list of this row."""
        found: list[int] = self.values[self.starts[row] : self.starts[row + 1]].tolist()
        return found

    def first(self) -> Int32s:
        """Return int32[n]: the first number of each list, -1 for an empty one."""
        found = np.full(len(self.starts) - 1, ABSENT, np.int32)
        has = self.starts[1:] > self.starts[:-1]
        found[has] = self.values[self.starts[:-1][has]]
        return found

    def counts(self, rows: Numbers, *, size: int) -> Int64s:
        """Return int64[size]: how often each number from 0 on is in the lists of these rows."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        if lengths.sum() > len(self.values) // 4:  # then it is cheaper to pass over all lists, in their order
            chosen = np.zeros(len(self.starts) - 1, np.bool_)
            chosen[rows] = True
            found = self.values[np.repeat(chosen, np.diff(self.starts))]
        else:
            found = self.values[_ranges(self.starts[rows], lengths)]
        return np.bincount(found[found >= 0], minlength=size)

    def sums(self, weights: Float64s, *, size: int) -> Float64s:
        """Return float64[size]: for each number from 0 on, the sum of the weights of the rows whose lists have it."""
        is_counted = self.values >= 0
        weight_of = np.repeat(weights, np.diff(self.starts))
        sums = np.bincount(self.values[is_counted], weights=weight_of[is_counted], minlength=size)
        return sums.astype(np.float64)

    def rows_with(self, value: int) -> CatalogueRows:
        """Return int32: the rows whose list has this number, rising."""
        rows = np.searchsorted(self.starts, np.flatnonzero(self.values == value), side="right") - 1
        return CatalogueRows(rows.astype(np.int32))

    def having(self, values: Sequence[int]) -> Bools:
        """Return bool[n]: whether the list of each row has any of these numbers."""
        found = np.zeros(len(self.starts) - 1, np.bool_)
        for value in values:
            found[self.rows_with(value)] = True
        return found

    def spliced(self, splice: Splice, added: Sequence[Sequence[int]]) -> "Lists":
        """Return the lists of the new state, with these in the rows that were added."""
        lengths = np.diff(self.starts)
        new_lengths = np.fromiter(map(len, added), np.int32, len(added))
        new = np.fromiter(chain.from_iterable(added), np.int64, int(new_lengths.sum()))
        if splice.stays_in_place and np.array_equal(lengths[splice.removed], new_lengths):
            places = _ranges(self.starts[splice.removed], new_lengths)
            if np.array_equal(self.values[places], new):
                return self
            values = widened(self.values, new).copy()
            values[places] = new
            return Lists(values, self.starts)
        kept = np.delete(lengths, splice.removed)
        ends = np.concatenate(([0], np.cumsum(kept)))
        values = np.delete(widened(self.values, new), _ranges(self.starts[splice.removed], lengths[splice.removed]))
        values = np.insert(values, np.repeat(ends[splice.at], new_lengths), new)
        starts = np.zeros(splice.after + 1, np.int32)
        np.cumsum(np.insert(kept, splice.at, new_lengths), out=starts[1:])
        return Lists(values, starts)


def _ranges(starts: Int32s, lengths: Int32s) -> Int64s:
    """Return the places start, start + 1, … of each of these lists, one list behind the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + lengths, lengths)
