"""Which known words a mistyped one may mean, by the letters and by the sound."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from epicml.text.phonetics import phonetic_key

# Set by hand and never fitted on the misspelling corpora, which are for evaluation only.
CANDIDATES = 25  # words compared in full, chosen by shared letter pairs
LONGER_CANDIDATES = 15  # words that the typed one may be the beginning of
FIRST_LETTER_COST = 1.0
LONGER_COST = 1.0
LONGER_EDIT_COST = 1.6
# A word that is further away is another word: of correctly spelt words that a catalogue lacks, four of ten still have
# one as near, and without a bound all of them.
FORGIVEN_LETTERS = 4
TWO_EDITS_LETTERS = 8
ALIKE_SOUNDS = 2  # of so many sounds that are the same, letters may differ more: "fisiks" is "physics"
ALIKE_LETTERS = 0.6
FAR = float("inf")


def most_edits(typed: str) -> int:
    """Say how many letters of a typed word may be wrong: none below four, one below eight, then two; none of a number.

    >>> most_edits("cat"), most_edits("momo"), most_edits("elephant"), most_edits("1984")
    (0, 1, 2, 0)
    """
    if len(typed) < FORGIVEN_LETTERS or not typed.isalpha():
        return 0
    return 1 if len(typed) < TWO_EDITS_LETTERS else 2


class Spelling(NamedTuple):
    """A known word, and how far it is from what was typed: 0 is equal in letters and sound."""

    word: str
    cost: float


class Speller:
    """Known words, held so that those near to a mistyped one are found in a fraction of a millisecond.

    >>> speller = Speller(["dragon", "dragons", "wagon", "physics"])
    >>> [found.word for found in speller.nearest("dragin", limit=2)]
    ['dragon']
    >>> speller.nearest("fisiks", limit=1)[0].word
    'physics'
    """

    def __init__(self, known: Sequence[str]) -> None:
        """Know these words (normal form, each once); takes about a second for 10,000."""
        phonetic_keys = [phonetic_key(word) for word in known]
        self._hold(known, phonetic_keys, _postings([_grams(*pair) for pair in zip(known, phonetic_keys, strict=True)]))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Speller":
        """Restore the speller whose arrays these are; takes milliseconds."""
        rows = np.split(arrays["rows"], arrays["ends"][:-1])
        speller = cls([])
        postings = dict(zip(arrays["grams"].tolist(), rows, strict=False))
        cls._hold(speller, arrays["known"].tolist(), arrays["skeletons"].tolist(), postings)
        return speller

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything it knows, by name; equal words give equal arrays.

        >>> Speller.from_arrays(Speller(["owl", "owls"]).arrays()).nearest("owwl", limit=1)[0].word
        'owl'
        """
        grams = sorted(self._postings)
        rows = [self._postings[gram] for gram in grams]
        return {
            "known": np.array(self.known, dtype=np.str_),
            "skeletons": np.array(self._phonetic_keys, dtype=np.str_),
            "grams": np.array(grams, dtype=np.str_),
            "rows": np.concatenate(rows) if rows else np.zeros(0, dtype=np.int32),
            "ends": np.cumsum([len(found) for found in rows], dtype=np.int64),
        }

    def _hold(self, known: Sequence[str], phonetic_keys: list[str], postings: dict[str, NDArray[np.int32]]) -> None:
        self.known = list(known)
        self._phonetic_keys = phonetic_keys
        self._postings = postings
        self._lengths = np.array([len(word) for word in self.known], dtype=np.int16)
        self._sizes = np.zeros(len(self.known), dtype=np.float32)
        for rows in postings.values():
            self._sizes[rows] += 1

    def nearest(self, typed: str, *, limit: int, is_open: bool = False) -> list[Spelling]:
        """Find the known words that a typed one may mean, nearest first; none where all are too far to be meant.

        Args:
            typed: one word in normal form.
            limit: words at most, >= 1.
            is_open: the word is still being typed, so longer words count that begin like it.
        """
        if not self.known:
            return []
        sound = phonetic_key(typed)
        grams = _grams(typed, sound)
        alike = _best(self._hits(grams) / (self._sizes + len(grams)), CANDIDATES)  # Dice's coefficient
        costs = {row: self._cost(row, typed, sound) for row in alike}
        if is_open:
            for row in self._longer(typed):
                cost = self._cost_as_beginning(row, typed)
                costs[row] = min(cost, costs.get(row, cost))
        ordered = sorted((cost, row) for row, cost in costs.items() if cost < FAR)[:limit]
        return [Spelling(self.known[row], cost) for cost, row in ordered]

    def _longer(self, typed: str) -> list[int]:
        length = len(typed)
        hits = self._hits({f"^{typed}"[place : place + 2] for place in range(length)})
        share = hits / (np.minimum(self._sizes, length) + length)
        return _best(np.where(self._lengths > length, share, 0.0), LONGER_CANDIDATES)

    def _hits(self, grams: set[str]) -> NDArray[np.float64]:
        found = [self._postings[gram] for gram in grams if gram in self._postings]
        if not found:
            return np.zeros(len(self.known))
        return np.bincount(np.concatenate(found), minlength=len(self.known)).astype(np.float64)

    def _cost(self, row: int, typed: str, sound: str) -> float:
        return _cost(typed, self.known[row], sound, self._phonetic_keys[row])

    def _cost_as_beginning(self, row: int, typed: str) -> float:
        return _cost_as_beginning(typed, self.known[row])


def spelling_cost(typed: str, word: str, *, is_open: bool = False) -> float:
    """Measure how far a known word is from a typed one: 0 is equal in letters and sound, infinity too far.

    Args:
        typed: one word in normal form.
        word: one word in normal form.
        is_open: the typed word may be the beginning of the other one.

    >>> spelling_cost("hary", "harry"), spelling_cost("zzzz", "zoo")
    (1.0, inf)
    """
    cost = _cost(typed, word, phonetic_key(typed), phonetic_key(word))
    return min(cost, _cost_as_beginning(typed, word)) if is_open and len(word) > len(typed) else cost


def _cost(typed: str, word: str, sound: str, word_sound: str) -> float:
    letters, sounds = OSA.distance(typed, word), OSA.distance(sound, word_sound)
    most = most_edits(typed)
    if letters > most and (
        not most or sounds or len(sound) < ALIKE_SOUNDS or letters > ALIKE_LETTERS * max(len(typed), len(word))
    ):
        return FAR
    return letters + sounds + FIRST_LETTER_COST * (typed[:1] != word[:1])


def _cost_as_beginning(typed: str, word: str) -> float:
    edits = min(OSA.distance(typed, word[: len(typed)]), OSA.distance(typed, word[: len(typed) + 1]))
    if edits > most_edits(typed):
        return FAR
    return LONGER_EDIT_COST * edits + FIRST_LETTER_COST * (typed[:1] != word[:1]) + LONGER_COST


def _grams(word: str, sound: str) -> set[str]:
    """List letter pairs of the word with its ends marked, those of its sound, and the sound as a whole."""
    letters, sounds = f"^{word}$", f"~{sound}~"
    pairs = {letters[place : place + 2] for place in range(len(letters) - 1)}
    pairs.update("~" + sounds[place : place + 2] for place in range(len(sounds) - 1))
    pairs.add(f"={sound}")
    return pairs


def _postings(grams: Sequence[set[str]]) -> dict[str, NDArray[np.int32]]:
    rows: dict[str, list[int]] = {}
    for row, found in enumerate(grams):
        for gram in found:
            rows.setdefault(gram, []).append(row)
    return {gram: np.array(found, dtype=np.int32) for gram, found in rows.items()}


def _best(shares: NDArray[np.float64], limit: int) -> list[int]:
    """Pick rows of the largest shares above 0, in no order."""
    limit = min(limit, len(shares))
    rows = np.argpartition(-shares, limit - 1)[:limit]
    return [int(row) for row in rows if shares[row] > 0]
