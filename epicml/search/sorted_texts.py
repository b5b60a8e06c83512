"""Texts of rows in order, so that the rows of all that begin alike lie side by side and need no list of their own."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
NO_ROWS: Rows = np.zeros(0, dtype=np.int32)
MOST_EDITS = 2
ENCODING, ERRORS = "utf-8", "surrogatepass"  # whose order is that of the characters
ABOVE = b"\xff"  # above every byte of it
ROW_BYTES = 4
TWO_BYTES, THREE_BYTES, FOUR_BYTES = 0xC0, 0xE0, 0xF0  # a first byte from there on says so


def entry(text: str, row: int) -> bytes:
    """Write a text and its row as one object, in order as it is: 100,000 books have two million of them.

    Args:
        text: without a character 0, as every token is.
        row: 0 and above.

    >>> entry("owl_", 1)
    b'owl_\\x00\\x00\\x00\\x00\\x01'
    """
    return text.encode(ENCODING, ERRORS) + b"\0" + row.to_bytes(ROW_BYTES)


class SortedTexts:
    """The rows of texts. One text costs its bytes and about 10 more; the beginnings of texts cost nothing.

    >>> texts = SortedTexts([entry("owl_", 0), entry("owls_", 1), entry("fox_", 2)])
    >>> texts.equal("owl_").tolist(), texts.starting("ow").tolist(), texts.near("fix", edits=1).tolist()
    ([0], [0, 1], [2])
    """

    def __init__(self, entries: Iterable[bytes]) -> None:
        """Hold these entries, each once."""
        ordered = sorted(set(entries))
        self._ends, self._firsts = array("I", [0]), array("I")
        text, last = bytearray(), None
        for place, each in enumerate(ordered):
            if (new := each[: -ROW_BYTES - 1]) != last:
                last = new
                text += new
                self._ends.append(len(text))
                self._firsts.append(place)
        self._firsts.append(len(ordered))
        self._text = bytes(text)
        self._places = range(len(self._ends) - 1)
        rows = b"".join(each[-ROW_BYTES:] for each in ordered)
        self._rows: Rows = np.frombuffer(rows, dtype=">i4").astype(np.int32)

    def equal(self, text: str) -> Rows:
        """Find the rows of just this text."""
        wanted = text.encode(ENCODING, ERRORS)
        place = self._first(wanted)
        return self._of(place, place + 1) if wanted and self._at(place) == wanted else NO_ROWS

    def starting(self, text: str) -> Rows:
        """Find the rows of the texts that begin with this one, none of nothing; a row may come twice."""
        wanted = text.encode(ENCODING, ERRORS)
        return self._of(self._first(wanted), self._first(wanted + ABOVE)) if wanted else NO_ROWS

    def near(self, text: str, *, edits: int, whole: bool = False) -> Rows:
        """Find the rows of the texts of which a beginning is so near, or the whole.

        Args:
            text: what is compared.
            edits: letters put in, left out, changed or swapped with the next (optimal string alignment), 0 to 2.
            whole: whether the whole of a text is compared and not its beginnings.

        Returns:
            Rows; one may come more than once.

        Raises:
            ValueError: more edits than can be looked for in time.
        """
        if not 0 <= edits <= MOST_EDITS:
            raise ValueError(f"edits must be from 0 to {MOST_EDITS}, not {edits}")
        find = self.equal if whole else self.starting
        return concatenated(find(other) for other in dict.fromkeys(self._spellings("", text, edits)))

    def _spellings(self, begun: str, rest: str, edits: int) -> Iterator[str]:
        """Spell out what may stand for the rest, only as far as a text begins so."""
        if not edits:
            yield begun + rest
            return
        for place in range(len(rest) + 1):
            now, left = begun + rest[:place], rest[place:]
            letters = self._next_letters(now)
            if not letters and not len(self.starting(now)):
                return
            yield from self._spellings(now, left[1:], edits - 1)  # a letter too many
            if len(left) > 1:
                yield from self._spellings(now + left[1] + left[0], left[2:], edits - 1)
            for letter in letters:
                yield from self._spellings(now + letter, left, edits - 1)
                if left and letter != left[0]:
                    yield from self._spellings(now + letter, left[1:], edits - 1)
        yield begun + rest

    def _next_letters(self, begun: str) -> list[str]:
        """List the letters that follow this beginning in any text."""
        wanted = begun.encode(ENCODING, ERRORS)
        found = []
        place, last = self._first(wanted), self._first(wanted + ABOVE)
        while place < last:
            text = self._at(place)
            if len(text) == len(wanted):
                place += 1
                continue
            lead = text[len(wanted)]
            width = 1 + (lead >= TWO_BYTES) + (lead >= THREE_BYTES) + (lead >= FOUR_BYTES)
            letter = text[len(wanted) : len(wanted) + width].decode(ENCODING, ERRORS)
            found.append(letter)
            place = self._first(wanted + letter.encode(ENCODING, ERRORS) + ABOVE)
        return found

    def _first(self, wanted: bytes) -> int:
        """Return the place of the first text that is not below this one."""
        return bisect_left(self._places, wanted, key=self._at)

    def texts(self) -> Iterator[str]:
        """Give every text once, in order."""
        return (self._at(place).decode(ENCODING, ERRORS) for place in self._places)

    def _at(self, place: int) -> bytes:
        return self._text[self._ends[place] : self._ends[place + 1]] if place < len(self._places) else b""

    def _of(self, first: int, last: int) -> Rows:
        return self._rows[self._firsts[first] : self._firsts[last]]


def concatenated(lists: Iterable[Rows]) -> Rows:
    """Join lists of rows.

    >>> concatenated([np.array([2], np.int32), NO_ROWS, np.array([1], np.int32)]).tolist()
    [2, 1]
    """
    found = [rows for rows in lists if len(rows)]
    return np.concatenate(found) if found else NO_ROWS
