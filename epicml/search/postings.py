"""Which rows have a word, one that begins so, or one of the same stem: an index small enough to be made while asked."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from epicml.search.fields import stems_of
from epicml.text.normalise import is_unspaced
from epicml.text.readings import is_number

LAST_CHARACTER = chr(0x10FFFF)

Rows = NDArray[np.int64]
NO_ROWS: Rows = np.zeros(0, dtype=np.int64)


class Postings:
    """The words of rows, and the rows of words.

    >>> postings = Postings([{"the", "owl"}, {"owls"}, {"源氏物語"}])
    >>> postings.having("owl").tolist(), postings.beginning("ow").tolist(), postings.stemming("owl").tolist()
    ([0], [0, 1], [0, 1])
    >>> postings.having("物語").tolist()
    [2]
    """

    def __init__(self, words: Sequence[Collection[str]]) -> None:
        """Hold the words (normal form) of each row."""
        found: dict[str, list[int]] = {}
        for row, own in enumerate(words):
            for word in own:
                found.setdefault(word, []).append(row)
        self._rows = {word: np.array(rows, dtype=np.int64) for word, rows in found.items()}
        self._known = sorted(self._rows)
        self._unspaced = [word for word in self._known if is_unspaced(word)]
        self._by_stem: dict[str, list[str]] = {}
        for word in self._known:
            for stem in stems_of(word):
                self._by_stem.setdefault(stem, []).append(word)

    def having(self, word: str) -> Rows:
        """Rows with this word; in a script without gaps it may be a part of another one."""
        return self.beginning(word) if is_unspaced(word) else self._rows.get(word, NO_ROWS)

    def beginning(self, begun: str) -> Rows:
        """Rows with a word that begins so; a number begins no other one where it is complete."""
        if is_unspaced(begun):
            return self._of(word for word in self._unspaced if begun in word)
        first, last = bisect_left(self._known, begun), bisect_left(self._known, begun + LAST_CHARACTER)
        return self._of(self._known[first:last])

    def begun(self, word: str) -> Rows:
        """Rows with a word that begins so, or, of a number, with just this one."""
        return self.having(word) if is_number(word) else self.beginning(word)

    def stemming(self, word: str) -> Rows:
        """Rows with a word of the same stem."""
        return every(self._of(self._by_stem.get(stem, ())) for stem in stems_of(word))

    def _of(self, words: Iterable[str]) -> Rows:
        return any_of(self._rows[word] for word in words)


def every(lists: Iterable[Rows]) -> Rows:
    """The rows that are in each of these lists, in order; none where there is no list."""
    found: Rows | None = None
    for rows in lists:
        found = rows if found is None else np.intersect1d(found, rows)
    return NO_ROWS if found is None else found


def any_of(lists: Iterable[Rows]) -> Rows:
    """The rows that are in any of these lists, each once and in order."""
    found = list(lists)
    return np.unique(np.concatenate(found)) if found else NO_ROWS
