"""Text becomes a plan of weighted clauses: the one ranking contract, which every engine compiles and none adds to."""

from collections.abc import Sequence
from dataclasses import dataclass

from epicml.search.clauses import Best, Clause, Every, Field, Relevance, Term
from epicml.search.fields import EXACT_LENGTH, PHRASE_LENGTH, START_LENGTH, WORD_LENGTH
from epicml.text.normalise import typed_form, words
from epicml.text.stems import stem

# Every score is multiplied by log2(2 + popularity), at most about 22. Start matches lie so far above the rest that
# popularity orders books inside a tier and hardly ever across: worth .024 to .029 keystrokes on goodbooks.
EXACT_WEIGHT = 26.0
START_WEIGHT = 20.0
INNER_WEIGHT = 2.0
NAME_WEIGHT = 1.5
WORDS_WEIGHT = 0.6


@dataclass(frozen=True, slots=True)
class Typed:
    """What a reader has typed so far.

    Attributes:
        form: in typed form; "" when nothing can be searched for.
        words: its words.
        is_open: the last word may still grow.
    """

    form: str
    words: tuple[str, ...]
    is_open: bool

    @classmethod
    def read(cls, text: str) -> "Typed":
        """Read the text of a search box.

        >>> Typed.read("The Hob")
        Typed(form='the_hob', words=('the', 'hob'), is_open=True)
        """
        form = typed_form(text)
        return cls(form=form, words=tuple(form.rstrip("_").split("_")) if form else (), is_open=not form.endswith("_"))


def completion(typed: Typed) -> Clause:
    """The clause that completes what was typed: title starts first, then inner words and names, then any words.

    Args:
        typed: of at least one word.
    """
    form = typed.form
    clauses: list[Clause] = [
        Term(Field.EXACT, _as_a_whole(form), EXACT_WEIGHT),
        Term(Field.START, form[:START_LENGTH], START_WEIGHT),
    ]
    if len(form) <= PHRASE_LENGTH:  # a cut key would match books that go on differently
        clauses += [Term(Field.INNER, form, INNER_WEIGHT), Term(Field.AUTHOR, form, NAME_WEIGHT)]
    clauses.append(all_words(typed))
    return Best(clauses)


def _as_a_whole(form: str) -> str:
    # A title is whole also before the next key is pressed: "it" shows "It", whatever begins so and is more popular.
    return (form.rstrip("_") + "_")[:EXACT_LENGTH]


def all_words(typed: Typed) -> Clause:
    """Books with every typed word anywhere, the open one as a beginning."""
    return Every([Term(Field.WORD, token) for token in word_tokens(typed)], WORDS_WEIGHT)


def word_tokens(typed: Typed) -> list[str]:
    """The tokens of the word field that stand for the typed words.

    >>> word_tokens(Typed.read("the hob"))
    ['the_', 'hob']
    """
    tokens = [word_token(word) for word in typed.words]
    if typed.is_open:
        tokens[-1] = typed.words[-1][:WORD_LENGTH]
    return tokens


def word_token(word: str) -> str:
    """The token of a complete word."""
    return word + "_"


def names(typed: Typed) -> Clause:
    """Books by authors, or of series, whose name has what was typed at the beginning of one of its words."""
    key = typed.form[:PHRASE_LENGTH]
    return Best([Term(Field.AUTHOR, key), Term(Field.SERIES, key)])


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """A full search: the first clause's books, then those of the next that are not there yet.

    Attributes:
        words: what was asked for and what may be meant, in normal form; empty asks for every book.
        clauses: in the order of their books.
    """

    words: tuple[str, ...]
    clauses: tuple[Clause, ...]


def full_search(text: str, *, meant: Sequence[str] = ()) -> SearchPlan:
    """Books with all words first, then those with any, by stems.

    Args:
        text: what is searched for.
        meant: the words as they may have been meant; books with all of these come before those with any word.

    >>> full_search("Flying dragons").clauses[0]
    Relevance(field=<Field.STEM: 'stem'>, tokens=('fly', 'dragon'), every=True)
    >>> len(full_search("hary poter", meant=["harry", "potter"]).clauses)
    3
    >>> full_search(" ").clauses
    ()
    """
    asked = tuple(dict.fromkeys(words(text)))
    stems = tuple(dict.fromkeys(stem(word) for word in asked))
    if not stems:
        return SearchPlan(words=(), clauses=())
    meant_stems = tuple(dict.fromkeys(stem(word) for word in meant))
    any_stem = tuple(dict.fromkeys(stems + meant_stems))
    clauses = [Relevance(Field.STEM, every, every=True) for every in (stems, meant_stems) if every]
    if len(any_stem) > 1:
        clauses.append(Relevance(Field.STEM, any_stem, every=False))
    return SearchPlan((*asked, *meant), tuple(clauses))
