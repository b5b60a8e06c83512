"""The words a catalogue uses: what is known needs no correction, and what is not is taken for one that is."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epicml.search.fields import FORM, BookReadings, BookText
from epicml.text.normalise import is_unspaced, main_title, words
from epicml.text.speller import Speller, Spelling

FIRST_FORM = 1  # which said nothing of itself


class OtherFormError(ValueError):
    """The words lie beside an index of other tokens than this version makes."""

    def __init__(self, form: int) -> None:
        super().__init__(f"These words belong to an index of form {form}, not {FORM}; build the index anew.")


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
        self._also_known: Callable[[str], bool] = _nothing

    @classmethod
    def of(cls, books: Iterable[tuple[BookText, float]]) -> "Lexicon":
        """The words of these books with their popularity: of two words as near, that of the more popular books wins."""
        titles: defaultdict[str, float] = defaultdict(float)
        others: set[str] = set()
        for book, popularity in books:
            for word in set(words(main_title(book.title))):
                if word.isalpha() and not is_unspaced(word):
                    titles[word] += popularity
            others |= BookReadings.of(book).words
        return cls(speller=Speller(sorted(titles, key=lambda word: (-titles[word], word))), name_words=others)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Lexicon":
        """The lexicon whose arrays these are.

        Raises:
            OtherFormError: they were kept by a version whose index has other tokens.
        """
        check_form(arrays)
        return cls(speller=Speller.from_arrays(arrays), name_words=arrays["name_words"].tolist())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything it knows, by name; equal words give equal arrays."""
        names = {"name_words": np.array(sorted(self._name_words), dtype=np.str_)}
        return self._speller.arrays() | names | {"form": np.array([FORM], dtype=np.int64)}

    def also_knowing(self, has: Callable[[str], bool]) -> "Lexicon":
        """The same words and those that `has` finds: a book that came later brings words that need no correction."""
        wider = Lexicon(speller=self._speller, name_words=self._name_words)
        wider._also_known = has
        return wider

    def knows(self, word: str) -> bool:
        """Whether a title or a name has this word."""
        return word in self._known or self._also_known(word)

    def nearest(self, word: str, *, limit: int, is_open: bool = False) -> list[Spelling]:
        """The title words that a misspelt one may mean, nearest first."""
        return self._speller.nearest(word, limit=limit, is_open=is_open)

    def split(self, word: str) -> tuple[str, str] | None:
        """Two known words that were written as one, the longest first part; None where there are none.

        >>> Lexicon(speller=Speller(["light", "moon"]), name_words=[]).split("moonlight")
        ('moon', 'light')
        """
        for place in range(len(word) - 2, 1, -1):
            if self.knows(word[:place]) and self.knows(word[place:]):
                return word[:place], word[place:]
        return None


def check_form(arrays: Mapping[str, NDArray[Any]]) -> None:
    """The words lie beside an index of the tokens that this version makes.

    Raises:
        OtherFormError: they do not.
    """
    form = int(arrays["form"][0]) if "form" in arrays else FIRST_FORM
    if form != FORM:
        raise OtherFormError(form)


def _nothing(_word: str) -> bool:
    return False
