"""The words a catalogue uses: what is known needs no correction, and what is not is taken for one that is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epicml.search.fields import TOKENS_VERSION, BookText, BookVariants
from epicml.text.normalise import is_unspaced, main_title, words
from epicml.text.speller import Speller, Spelling

FIRST_VERSION = 1  # which said nothing of itself
REMEMBERED_WORDS = 4_096  # about 1 kB each
LONGEST_SPLIT = 40  # letters; two words of a catalogue are hardly ever longer


class OtherTokensError(ValueError):
    """The words lie beside an index of other tokens than this version makes."""

    def __init__(self, form: int) -> None:
        super().__init__(f"These words belong to an index of form {form}, not {TOKENS_VERSION}; build the index anew.")


class Lexicon:
    """Words of titles, which misspelt words are corrected to, and words of names, which are left alone.

    Names in the speller would cost .02 of the misspellings that are set right now: they are near to everything.

    >>> lexicon = Lexicon.of([(BookText(title="The Hobbit", authors=["J.R.R. Tolkien"]), 9)])
    >>> lexicon.knows("tolkien"), lexicon.knows("hobit"), lexicon.nearest("hobit", limit=1)[0].word
    (True, False, 'hobbit')
    """

    def __init__(self, *, speller: Speller, name_words: Iterable[str]) -> None:
        """Correct to the words of this speller, and leave the words of names alone."""
        self._speller = speller
        self._name_words = frozenset(name_words)
        self._known = self._name_words.union(speller.known)
        # The words before the last one are the same at every key that follows; a nearest one costs .1 ms and more.
        self._nearest = lru_cache(maxsize=REMEMBERED_WORDS)(speller.nearest)

    @classmethod
    def of(cls, books: Iterable[tuple[BookText, float]]) -> "Lexicon":
        """Take the words of these books: of two words as near, that of the more popular books wins."""
        held = list(books)
        names = {word for book, _ in held for word in BookVariants.of(book).words}
        return cls.of_titles(((book.title, popularity) for book, popularity in held), name_words=names)

    @classmethod
    def of_titles(cls, titles: Iterable[tuple[str, float]], *, name_words: Iterable[str]) -> "Lexicon":
        """Take the words to correct to from these titles with the popularity of their books."""
        popularity: defaultdict[str, float] = defaultdict(float)
        for title, value in titles:
            for word in set(words(main_title(title))):
                if word.isalpha() and not is_unspaced(word):
                    popularity[word] += value
        ordered = sorted(popularity, key=lambda word: (-popularity[word], word))
        return cls(speller=Speller(ordered), name_words=name_words)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Lexicon":
        """Restore the lexicon whose arrays these are.

        Raises:
            OtherTokensError: they were kept by a version whose index has other tokens.
        """
        check_tokens_version(arrays)
        return cls(speller=Speller.from_arrays(arrays), name_words=arrays["name_words"].tolist())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything it knows, by name; equal words give equal arrays."""
        names = {"name_words": np.array(sorted(self._name_words), dtype=np.str_)}
        return self._speller.arrays() | names | {"form": np.array([TOKENS_VERSION], dtype=np.int64)}

    def knows(self, word: str) -> bool:
        """Tell whether a title or a name has this word."""
        return word in self._known

    def nearest(self, word: str, *, limit: int, is_open: bool = False) -> list[Spelling]:
        """Find the title words that a misspelt one may mean, nearest first."""
        return list(self._nearest(word, limit=limit, is_open=is_open))

    def splits(self, word: str) -> list[tuple[str, str]]:
        """Part a word in the ways of which one part at least is known, the longest first part first.

        The last one is the first of which both are: what comes after it need not be looked at.

        >>> Lexicon(speller=Speller(["light", "moon"]), name_words=[]).splits("moonlight")
        [('moon', 'light')]
        """
        found = []
        for place in range(min(len(word), LONGEST_SPLIT) - 2, 1, -1):
            known = self.knows(word[:place]), self.knows(word[place:])
            if any(known):
                found.append((word[:place], word[place:]))
            if all(known):
                break
        return found


def check_tokens_version(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Refuse words that lie beside an index of other tokens than this version makes.

    Raises:
        OtherTokensError: they do not.

    >>> check_tokens_version({"form": np.array([TOKENS_VERSION])})
    """
    form = int(arrays["form"][0]) if "form" in arrays else FIRST_VERSION
    if form != TOKENS_VERSION:
        raise OtherTokensError(form)
