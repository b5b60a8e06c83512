"""The tokens under which a book is found: grams are made here, so that every engine indexes the same ones."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from epicml.search.clauses import Field
from epicml.text.normalise import is_unspaced, main_title, words
from epicml.text.stems import STOP_WORDS, stem
from epicml.text.typed_isbn import isbn_forms
from epicml.text.variants import (
    NUMBER,
    Variant,
    by_initials,
    read_aloud,
    variants,
    without_article,
)

# Raised when the tokens below change. An index made of other ones is not read: it would find nothing, or other books.
TOKENS_VERSION = 2
# As long as what may be typed, so that no title is taken for another that begins like it.
WHOLE_LENGTH = 200
START_LENGTH = 100
# Measured on goodbooks: longer grams find nothing more, and a query is cut to the same length.
VARIANT_LENGTH = 40
PHRASE_LENGTH = 12
WORD_LENGTH = 15
INNER_WORDS = 7
# German, Dutch, the languages of the north: "Geburtstagskuchen" is a cake, which stands last.
COMPOUNDING = frozenset(("de", "nl", "sv", "da", "no", "nb", "nn", "is", "fi"))
LEAST_PART = 4  # letters; shorter ones end words by accident
LEAST_BEFORE_PART = 3


@dataclass(frozen=True, slots=True)
class BookText:
    """What a book says of itself that can be searched; its language as a code in ISO 639, "" where it is not known."""

    title: str
    authors: Sequence[str]
    series: str | None = None
    series_number: float | None = None
    isbns: Sequence[str] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class BookVariants:
    """Everything a book says of itself, in every way in which it can be read.

    Attributes:
        title: the title without the note of its series; the plain variant first.
        title_aloud: other variants of the title that are typed on the way to one of these, and the title with its note.
        authors: of each author.
        series: of the series.
        places: the place in the series, as a word.
        compounds: what the words of the title may end with as a word of its own, in a language that compounds words:
            "kuchen" in "geburtstagskuchen".
    """

    title: tuple[Variant, ...]
    title_aloud: tuple[Variant, ...]
    authors: tuple[Variant, ...]
    series: tuple[Variant, ...]
    places: frozenset[str]
    compounds: frozenset[str]

    @classmethod
    def of(cls, book: BookText) -> "BookVariants":
        """Find the variants of a book."""
        main = main_title(book.title)
        title = variants(main)
        aloud = [read_aloud(variant) for variant in title]
        aloud += [without_article(variant) for variant in (*title, *aloud)]
        aloud.append(tuple(words(book.title)))
        authors = [variant for name in book.authors for variant in variants(name)]
        series = variants(book.series) if book.series else ()
        number = None if book.series_number is None else f"{book.series_number:g}"
        return cls(
            title=title,
            title_aloud=tuple(variant for variant in dict.fromkeys(aloud) if variant and variant not in title),
            authors=tuple(dict.fromkeys((*authors, *map(by_initials, authors)))),
            series=tuple(dict.fromkeys((*series, *map(read_aloud, series)))),
            places=frozenset(() if number is None else (number,)),
            compounds=frozenset(
                word[place:]
                for variant in (title if book.language in COMPOUNDING else ())
                for word in variant
                for place in range(LEAST_BEFORE_PART, len(word) - LEAST_PART + 1)
            ),
        )

    @property
    def words(self) -> set[str]:
        """Every word of every variant; a number in a text also without its sign, as a place in a series is given."""
        return self.plain_words | {word for variant in self.title_aloud for word in variant}

    @property
    def plain_words(self) -> set[str]:
        """Those that are complete words of a query, without the numbers that are typed out on the way to one."""
        found = {word for variant in (*self.title, *self.authors, *self.series) for word in variant}
        return found | {word[1:] for word in found if word[:1] == NUMBER}


def form_of(variant: Variant) -> str:
    """Join the words of a variant.

    >>> form_of(("dr", "seuss"))
    'dr_seuss'
    """
    return "_".join(variant)


def whole_token(variant: Variant) -> str:
    """Return the token of a title that is just this.

    >>> whole_token(("it",))
    'it__'
    """
    return form_of(variant)[:WHOLE_LENGTH] + "__"


@dataclass(frozen=True, slots=True)
class FieldTexts:
    """Where a book stands in one field: under the tokens `whole`, and under every beginning of the texts `begun`."""

    whole: Set[str] = frozenset()
    begun: Set[str] = frozenset()

    @property
    def tokens(self) -> set[str]:
        """Every token that stands for one of them."""
        return {gram for text in self.begun for gram in prefixes(text, len(text))}.union(self.whole)


def tokens_of(book: BookText) -> dict[Field, set[str]]:
    """Make every token of a book by field.

    >>> tokens = tokens_of(BookText(title="My Cat", authors=["Roald Dahl"]))
    >>> sorted(tokens[Field.START]), sorted(tokens[Field.INNER])
    (['m', 'my', 'my_', 'my_c', 'my_ca', 'my_cat', 'my_cat_'], ['c', 'ca', 'cat', 'cat_'])
    >>> "dahl_" in tokens[Field.WORD], "roald_da" in tokens[Field.AUTHOR]
    (True, True)
    """
    return {field: texts.tokens for field, texts in texts_of(book).items()}


def texts_of(book: BookText) -> dict[Field, FieldTexts]:
    """Make the texts of a book by field, from which the tokens follow: an engine may hold either.

    >>> texts_of(BookText(title="My Cat", authors=["Roald Dahl"]))[Field.INNER]
    FieldTexts(whole=frozenset(), begun={'cat_'})
    """
    read = BookVariants.of(book)
    plain = form_of(read.title[0]) + "_"
    others = (*read.title[1:], *read.title_aloud)
    return {
        Field.EXACT: FieldTexts(whole={plain[:WHOLE_LENGTH]}),
        Field.START: FieldTexts(begun={plain[:START_LENGTH]}),
        Field.VARIANT: FieldTexts(
            whole={whole_token(variant) for variant in (read.title[0], *others)},
            begun={(form_of(variant) + "_")[:VARIANT_LENGTH] for variant in others},
        ),
        Field.INNER: FieldTexts(begun=_from_each_word(read.title, skip=1, most=INNER_WORDS)),
        Field.AUTHOR: FieldTexts(begun=_from_each_word(read.authors)),
        Field.SERIES: FieldTexts(begun=_from_each_word(read.series)),
        Field.WORD: _words_and_parts(read),
        Field.STEM: FieldTexts(
            whole={
                token
                for word in read.plain_words | read.places
                for token in (*stems_of(word), *(word if is_unspaced(word) else ""))  # and each letter alone
            }
        ),
        Field.ISBN: FieldTexts(begun={form for isbn in book.isbns for form in isbn_forms(isbn)}),
    }


def searchable_words(book: BookText) -> set[str]:
    """List the words of title, authors, series and place in the series, in every variant, and parts of words.

    >>> sorted(searchable_words(BookText(title="Owl 2", authors=["Ann Bo"])))
    ['2', '=2', 'ann', 'bo', 'owl', 'two']
    """
    read = BookVariants.of(book)
    return read.words | read.places | read.compounds


def prefixes(text: str, longest: int) -> Iterator[str]:
    """Return the beginnings of a text, from one letter to `longest` letters.

    >>> list(prefixes("owl_", 3))
    ['o', 'ow', 'owl']
    """
    return (text[:length] for length in range(1, min(len(text), longest) + 1))


def word_token(word: str) -> str:
    """Return the token of a complete word; in a script without gaps a word may go on.

    >>> word_token("owl"), word_token("物語")
    ('owl_', '物語')
    """
    return word[:WORD_LENGTH] if is_unspaced(word) else word + "_"


def stems_of(word: str) -> list[str]:
    """Return the tokens of a word in the stem field: its stem, or, in a script without gaps, its pairs of letters.

    >>> stems_of("dragons"), stems_of("源氏物語")
    (['dragon'], ['源氏', '氏物', '物語'])
    """
    if not is_unspaced(word):
        base = stem(word)
        return [word if base in STOP_WORDS else base]  # "fore" is no form of "for"
    return [word[place : place + 2] for place in range(max(len(word) - 1, 1))]


def _words_and_parts(read: BookVariants) -> FieldTexts:
    """List every word, which may be begun, and parts of words, which may not."""
    whole = {token for part in read.compounds for token in (part[:WORD_LENGTH], word_token(part))}
    begun: set[str] = set()
    for word in read.words | read.places:
        if is_unspaced(word):  # any letter may begin a word
            begun.update(word[place : place + WORD_LENGTH] for place in range(len(word)))
            continue
        begun.add((word + "_")[:WORD_LENGTH])
        whole.add(word + "_")
    return FieldTexts(whole=whole, begun=begun)


def _from_each_word(texts: Iterable[Variant], *, skip: int = 0, most: int | None = None) -> set[str]:
    """Cut each text at each of its words: what follows from there on, as far as it may be typed."""
    return {
        (form_of(text[place:]) + "_")[:PHRASE_LENGTH]
        for text in texts
        for place in range(skip, len(text) if most is None else min(len(text), most + 1))
    }
