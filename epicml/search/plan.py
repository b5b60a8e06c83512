"""Text becomes a plan of weighted clauses: the one ranking contract, which every engine compiles and none adds to."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from epicml.search.clauses import Best, Clause, Every, Field, Relevance, Term
from epicml.search.fields import (
    PHRASE_LENGTH,
    START_LENGTH,
    VARIANT_LENGTH,
    WHOLE_LENGTH,
    WORD_LENGTH,
    form_of,
    stems_of,
    word_token,
)
from epicml.text.normalise import has_words, is_unspaced, typed_form
from epicml.text.stems import STOP_WORDS
from epicml.text.typed_isbn import NO_ISBN, TypedIsbn, typed_isbn
from epicml.text.variants import Variant, by_initials, is_number, variants

# Every score is multiplied by log2(2 + popularity), 1 to about 22, so that a weight 22 times another one lies above it
# whatever the books are. A title typed whole does; starts of titles lie so far above the rest that popularity orders
# books inside a tier and hardly ever across: worth .024 to .029 keystrokes on goodbooks.
EXACT_WEIGHT = 12_000.0
WHOLE_VARIANT_WEIGHT = 500.0
START_WEIGHT = 20.0
VARIANT_WEIGHT = 2.0
INNER_WEIGHT = 2.0
NAME_WEIGHT = 1.5
WORDS_WEIGHT = 0.6
REMEMBERED_NAMES = 20_000  # about 300 bytes each


@dataclass(frozen=True, slots=True)
class TypedVariant:
    """One way to read what is typed.

    Attributes:
        form: the words joined; an underscore at the end says that the last one is complete.
        words: never empty.
        is_open: the last word may still grow.
    """

    form: str
    words: Variant
    is_open: bool

    @classmethod
    def of(cls, words: Variant, *, is_open: bool) -> "TypedVariant":
        """Join these words."""
        return cls("_".join(words) + ("" if is_open else "_"), words, is_open)

    @property
    def closed(self) -> "TypedVariant":
        """The same words, the last one complete."""
        return TypedVariant(self.form + "_", self.words, is_open=False) if self.is_open else self


@dataclass(frozen=True, slots=True)
class Typed:
    """What a reader has typed so far.

    Attributes:
        form: in typed form; "" when nothing can be searched for.
        words: its words.
        is_open: the last word may still grow.
        others: the other ways to read it; the plain one is `form`.
        isbn: the digits of an ISBN, where it may be one.
    """

    form: str
    words: tuple[str, ...]
    is_open: bool
    others: tuple[TypedVariant, ...] = ()
    isbn: TypedIsbn = NO_ISBN
    variants: tuple[TypedVariant, ...] = field(init=False, repr=False, compare=False)
    """Every way to read it, the plain one first."""

    def __post_init__(self) -> None:
        plain = TypedVariant(self.form, self.words, self.is_open)
        object.__setattr__(self, "variants", (plain, *self.others) if self.words else ())

    @classmethod
    def read(cls, text: str) -> "Typed":
        """Read the text of a search box.

        >>> Typed.read("The Hob")
        Typed(form='the_hob', words=('the', 'hob'), is_open=True, others=(), \
isbn=TypedIsbn(digits='', is_certain=False))
        >>> [variant.form for variant in Typed.read("dr. seu").others]
        ['doctor_seu']
        """
        plain, *others = variants(text)
        if not plain or (plain[0] == "and" and not has_words(text)):  # an ampersand alone reads so
            return cls(form="", words=(), is_open=True)
        is_open = text[-1].isalnum() or not typed_form(text).endswith("_")  # the first is true at nine of ten keys
        return cls(
            form="_".join(plain) + ("" if is_open else "_"),
            words=plain,
            is_open=is_open,
            others=tuple(
                # "one" may become "ones", but 1 does not become 10 by it.
                TypedVariant.of(words, is_open=is_open and (not is_number(words[-1]) or words[-1] == plain[-1]))
                for words in others
            ),
            isbn=typed_isbn(text),
        )

    @property
    def closed(self) -> "Typed":
        """The same words, the last one complete."""
        plain, *others = (variant.closed for variant in self.variants)
        return replace(self, form=plain.form, is_open=False, others=tuple(others))


def completion(typed: Typed) -> Clause:
    """Complete what was typed: title starts first, then inner words and names, then any words.

    Args:
        typed: of at least one word.

    >>> completion(Typed.read("owl")).clauses[:2]
    [Term(field=<Field.EXACT: 'exact'>, token='owl_', weight=12000.0), \
    Term(field=<Field.START: 'start'>, token='owl', weight=20.0)]
    """
    plain, *others = typed.variants
    clauses: list[Clause] = [whole_title(plain), Term(Field.START, plain.form[:START_LENGTH], START_WEIGHT)]
    for variant in (plain, *others):
        clauses += _beginnings(variant)
        clauses.append(all_words(variant))
    clauses += [Term(Field.START, variant.form[:START_LENGTH], VARIANT_WEIGHT) for variant in others]
    return Best(clauses)


def whole_title(plain: TypedVariant) -> Clause:
    """Ask for books whose title is just this.

    >>> whole_title(TypedVariant.of(("it",), is_open=True)).token
    'it_'
    """
    # A title is whole also before the next key is pressed: "it" shows "It", whatever begins so and is more popular.
    return Term(Field.EXACT, plain.closed.form[:WHOLE_LENGTH], EXACT_WEIGHT)


def _beginnings(variant: TypedVariant) -> Iterator[Clause]:
    """Ask for books of which a title's variant, or what follows one of its words, or a name begins like this."""
    key = variant.form
    yield Term(Field.VARIANT, key[:VARIANT_LENGTH], VARIANT_WEIGHT)
    if len(key) <= PHRASE_LENGTH:  # a cut key would match books that go on differently
        yield Term(Field.INNER, key, INNER_WEIGHT)
        yield Term(Field.AUTHOR, key, NAME_WEIGHT)


def title_start(typed: Typed) -> Clause:
    """Ask for titles that begin like what was typed.

    >>> title_start(Typed.read("The Hob")).token
    'the_hob'
    """
    return Term(Field.START, typed.form[:START_LENGTH])


def whole_titles(typed: Typed) -> Clause:
    """Ask for titles that are just what was typed, then those of which a variant is.

    Args:
        typed: of at least one word.

    >>> [term.token for term in whole_titles(Typed.read("dr. seuss")).clauses]
    ['dr_seuss_', 'dr_seuss__', 'doctor_seuss__']
    """
    plain, *others = (variant.closed for variant in typed.variants)
    tokens = [(variant.form + "_")[: WHOLE_LENGTH + 2] for variant in (plain, *others)]
    return Best([whole_title(plain), *(Term(Field.VARIANT, token, WHOLE_VARIANT_WEIGHT) for token in tokens)])


def whole_words(typed: Typed) -> Clause:
    """Take what was typed for whole words: titles that begin so, then inner words and names.

    Args:
        typed: of at least one word.

    >>> [term.token for term in whole_words(Typed.read("owl")).clauses]
    ['owl_', 'owl_', 'owl_', 'owl_', 'owl_']
    """
    plain, *others = (variant.closed for variant in typed.variants)
    clauses: list[Clause] = [Term(Field.START, plain.form[:START_LENGTH], START_WEIGHT)]
    for variant in (plain, *others):
        clauses += _beginnings(variant)
        if len(variant.form) <= PHRASE_LENGTH:
            clauses.append(Term(Field.SERIES, variant.form, NAME_WEIGHT))
    clauses += [Term(Field.START, variant.form[:START_LENGTH], VARIANT_WEIGHT) for variant in others]
    return Best(clauses)


def all_words(variant: TypedVariant) -> Clause:
    """Ask for books with every typed word anywhere, the open one as a beginning.

    >>> [term.token for term in all_words(TypedVariant.of(("the", "ow"), is_open=True)).clauses]
    ['the_', 'ow']
    """
    return Every([Term(Field.WORD, token) for token in word_tokens(variant)], WORDS_WEIGHT)


def begun_words(typed: Typed) -> Clause:
    """Ask for books with a word for every typed one that begins so: "light thi" is "The Lightning Thief".

    >>> [term.token for term in begun_words(Typed.read("light thi")).clauses[0].clauses]
    ['light', 'thi']
    """
    begun = (
        # A number does not begin another one.
        [Term(Field.WORD, word_token(word) if is_number(word) else word[:WORD_LENGTH]) for word in variant.words]
        for variant in typed.variants
    )
    return Best([Every(terms, WORDS_WEIGHT) for terms in begun])


def may_be_begun(typed: Typed, *, found: bool) -> bool:
    """Tell whether its words are to be taken for beginnings; single letters alone only where nothing else is found.

    >>> [may_be_begun(Typed.read(text), found=True) for text in ("light thi", "r dahl", "b. f.", "light")]
    [True, True, False, False]
    """
    return len(typed.words) > 1 and (not found or any(len(word) > 1 for word in typed.words))


def whole_word(word: str) -> Term:
    """Ask for books with this word.

    >>> whole_word("owl").token
    'owl_'
    """
    return Term(Field.WORD, word_token(word))


def word_tokens(variant: TypedVariant | Typed) -> list[str]:
    """Return the tokens of the word field that stand for the typed words.

    >>> word_tokens(Typed.read("the hob"))
    ['the_', 'hob']
    """
    tokens = [word_token(word) for word in variant.words]
    if variant.is_open:
        tokens[-1] = variant.words[-1][:WORD_LENGTH]
    return tokens


def by_name(typed: Typed) -> Clause:
    """Ask for books by authors, or of series, whose name has what was typed at the beginning of one of its words.

    >>> [(term.field.value, term.token) for term in by_name(Typed.read("dahl")).clauses]
    [('author', 'dahl'), ('series', 'dahl')]
    """
    keys = dict.fromkeys(variant.form[:PHRASE_LENGTH] for variant in typed.variants)
    return Best([Term(field, key) for key in keys for field in (Field.AUTHOR, Field.SERIES)])


@lru_cache(maxsize=REMEMBERED_NAMES)
def _name_variants(name: str) -> tuple[str, ...]:
    """Write every variant of a name between underscores, given names also as initials: "_er_burroughs_"."""
    found = variants(name)
    return tuple(dict.fromkeys(f"_{form_of(variant)}_" for variant in (*found, *map(by_initials, found))))


def goes_on_like(name: str, typed: Typed) -> bool:
    """Tell whether what was typed begins one of the words of a name and goes on like it, in any variant of both.

    This is the rule by which authors and series are suggested.

    >>> goes_on_like("J.R.R. Tolkien", Typed.read("jrr")), goes_on_like("J.R.R. Tolkien", Typed.read("tolkiens"))
    (True, False)
    """
    return any("_" + variant.form in form for variant in typed.variants for form in _name_variants(name))


def of_isbn(typed: Typed) -> Clause:
    """Ask for books of the ISBN that is typed, or that it begins.

    >>> of_isbn(Typed.read("978-0-439")).token
    '9780439'
    """
    return Term(Field.ISBN, typed.isbn.digits)


def every_stem(typed: Typed) -> Clause:
    """Ask for books with every typed word in any of its forms, by relevance.

    >>> every_stem(Typed.read("flying dragons"))
    Relevance(field=<Field.STEM: 'stem'>, tokens=('fly', 'dragon'), every=True)
    """
    stems = [
        tuple(dict.fromkeys(token for word in variant.words for token in stems_of(word))) for variant in typed.variants
    ]
    clauses = [Relevance(Field.STEM, tokens, every=True) for tokens in dict.fromkeys(stems)]
    return clauses[0] if len(clauses) == 1 else Best(clauses)


def some_words(words: Variant) -> Clause | None:
    """Ask for books with any of these words in any form, by relevance; words that are in every title do not count.

    Returns:
        None where that asks for nothing: there is one word, or none that says something.

    >>> some_words(("the", "flying", "dragons")).tokens, some_words(("dragons",))
    (('fly', 'dragon'), None)
    """
    tokens = dict.fromkeys(token for word in telling_words(words) for token in stems_of(word))
    return Relevance(Field.STEM, tuple(tokens), every=False) if tokens else None


def telling_words(words: Variant) -> Variant:
    """Keep, of two words and more, those that say something of a book: no article, number or single letter.

    >>> telling_words(("the", "owl")), telling_words(("owl",)), telling_words(("to", "be", "2"))
    (('owl',), (), ())
    """
    if len(words) < 2:
        return ()
    return tuple(
        word
        for word in words
        if not is_number(word) and word not in STOP_WORDS and (len(word) > 1 or is_unspaced(word))
    )
