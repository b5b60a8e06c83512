"""The tokens under which a book is found: grams are made here, so that every engine indexes the same ones."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from epicml.search.clauses import Field
from epicml.text.normalise import main_title, normal_form, words
from epicml.text.stems import stem

# Measured on goodbooks: longer grams find nothing more, and a query is cut to the same length.
EXACT_LENGTH = 30
START_LENGTH = 24
PHRASE_LENGTH = 12
WORD_LENGTH = 15
INNER_WORDS = 7


@dataclass(frozen=True, slots=True)
class BookText:
    """What a book says of itself that can be searched."""

    title: str
    authors: Sequence[str]
    series: str | None = None
    series_number: float | None = None


def tokens_of(book: BookText) -> dict[Field, set[str]]:
    """Every token of a book by field.

    >>> tokens = tokens_of(BookText(title="My Cat", authors=["Roald Dahl"]))
    >>> sorted(tokens[Field.START]), sorted(tokens[Field.INNER])
    (['m', 'my', 'my_', 'my_c', 'my_ca', 'my_cat', 'my_cat_'], ['c', 'ca', 'cat', 'cat_'])
    >>> "dahl_" in tokens[Field.WORD], "roald_da" in tokens[Field.AUTHOR]
    (True, True)
    """
    main = normal_form(main_title(book.title)) + "_"
    everything = searchable_words(book)
    return {
        Field.EXACT: {main[:EXACT_LENGTH]},
        Field.START: set(prefixes(main, START_LENGTH)),
        Field.INNER: _from_each_word([main_title(book.title)], skip=1, most=INNER_WORDS),
        Field.AUTHOR: _from_each_word(book.authors),
        Field.SERIES: _from_each_word([book.series] if book.series else []),
        Field.WORD: {gram for word in everything for gram in (*prefixes(word, WORD_LENGTH), word + "_")},
        Field.STEM: {stem(word) for word in everything},
    }


def searchable_words(book: BookText) -> set[str]:
    """The words of title, series, place in the series and authors."""
    found = set(words(main_title(book.title)))
    for text in (*book.authors, book.series or ""):
        found.update(words(text))
    if book.series_number is not None:
        found.add(f"{book.series_number:g}")
    return found


def prefixes(text: str, longest: int) -> Iterator[str]:
    """The beginnings of a text, from one letter to `longest` letters.

    >>> list(prefixes("owl_", 3))
    ['o', 'ow', 'owl']
    """
    return (text[:length] for length in range(1, min(len(text), longest) + 1))


def _from_each_word(texts: Iterable[str], *, skip: int = 0, most: int | None = None) -> set[str]:
    """Beginnings of what is left of each text from each of its words on."""
    grams: set[str] = set()
    for text in texts:
        found = words(text)
        for place in range(skip, len(found) if most is None else min(len(found), most + 1)):
            grams.update(prefixes("_".join(found[place:]) + "_", PHRASE_LENGTH))
    return grams
