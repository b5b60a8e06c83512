"""How a text was understood, in words that a reader may be shown: each is written so on a book of the answer."""

from collections.abc import Collection, Iterator, Sequence

from epicml.search.fields import BookText
from epicml.search.plan import Typed
from epicml.text.normalise import is_unspaced, words
from epicml.text.speller import FAR, spelling_cost
from epicml.text.stems import stem


def written_words(book: BookText) -> set[str]:
    """List the words of title, authors, series and place in the series as they are written: no other variant or form.

    >>> sorted(written_words(BookText(title="Dr. Dog", authors=["A. Bo"], series="Dogs", series_number=2)))
    ['2', 'a', 'bo', 'dog', 'dogs', 'dr']
    """
    texts = (book.title, *book.authors, book.series or "")
    place = () if book.series_number is None else (f"{book.series_number:g}",)
    return {word for text in texts for word in words(text)}.union(place)


def meant_by(typed: Typed, book_words: Collection[str], *, other_words: Collection[str] = ()) -> tuple[str, ...] | None:
    """Write what was typed as a book has it, so that a reader can be told how it was understood.

    A word of which no form is written on any of the books is left out: it may be on books that the reader must not see.

    Args:
        typed: of at least one word.
        book_words: the words that are written on a book which was found by a correction.
        other_words: those on the other books of the answer.

    Returns:
        Words of these books only; None where that says nothing else than what was typed, or less.

    >>> meant_by(Typed.read("hary poter"), {"harry", "potter", "stone"})
    ('harry', 'potter')
    >>> meant_by(Typed.read("harrypotter "), {"harry", "potter"}), meant_by(Typed.read("potter"), {"potter"})
    (('harry', 'potter'), None)
    >>> meant_by(Typed.read("murdering mistery"), {"murder", "mystery"})
    ('murder', 'mystery')
    """
    meant: list[str] = []
    rest = list(typed.words)
    while rest:
        word = rest.pop(0)
        is_open = typed.is_open and not rest
        if rest and word + rest[0] in book_words:
            meant.append(word + rest.pop(0))
        else:
            elsewhere = (word,) if _is_written(word, other_words) else _of_its_stem(word, other_words)
            meant += _as_in_book(word, book_words, is_open=is_open) or elsewhere
    return None if _says_no_more(meant, typed) else tuple(meant)


def _as_in_book(word: str, book_words: Collection[str], *, is_open: bool) -> Sequence[str]:
    if _is_written(word, book_words):
        return (word,)
    begun = [other for other in book_words if is_open and other.startswith(word)]
    if begun:
        return (min(begun, key=lambda other: (len(other), other)),)
    for place in range(len(word) - 2, 1, -1):
        if word[:place] in book_words and word[place:] in book_words:
            return word[:place], word[place:]
    costs = {other: spelling_cost(word, other, is_open=is_open) for other in book_words if other.isalpha()}
    nearest = min(costs, key=lambda other: (costs[other], other), default=word)
    return (nearest,) if costs.get(nearest, FAR) < FAR else _of_its_stem(word, book_words)


def _is_written(word: str, written: Collection[str]) -> bool:
    return word in written or (is_unspaced(word) and any(word in other for other in written))


def _of_its_stem(word: str, written: Collection[str]) -> Sequence[str]:
    same = [other for other in written if stem(other) == stem(word)]
    return (min(same, key=lambda other: (len(other), other)),) if same else ()


def _says_no_more(meant: Sequence[str], typed: Typed) -> bool:
    """Tell whether each of its words was typed, in that order, the open one perhaps only begun."""
    said = list(typed.words)
    if typed.is_open and meant and meant[-1].startswith(said[-1]):
        said[-1] = meant[-1]
    left: Iterator[str] = iter(said)
    return all(word in left for word in meant)
