"""What may have been meant where what was typed finds too little: other spellings, bounded, the likeliest first."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from epicml.search.clauses import Best, Clause, Every, Field, Fuzzy, Term
from epicml.search.fields import PHRASE_LENGTH, word_token
from epicml.search.lexicon import Lexicon
from epicml.search.plan import WORDS_WEIGHT, Typed, word_tokens
from epicml.text.readings import is_number
from epicml.text.speller import FORGIVEN_LETTERS, TWO_EDITS_LETTERS, Spelling
from epicml.text.stems import stem

# An engine's answer to one clause: ids of books, best first, at most so many.
Find = Callable[[Clause, int], list[int]]

BEGINNING_LETTERS = 5  # four letters of which one is wrong begin too many words: "lego" is no "Lemony"
FUZZY_LENGTH = 24  # letters of a title that are compared with an edit
FUZZY_BOOKS_OF_ONE_WORD = 4
SPLIT_BOOKS = 3
SPELLINGS = 10
SPELLINGS_IN_PHRASE = 5
# A misspelt word may mean several: each book shown makes the next of the same word this much less likely, which is
# worth .096 of the children's misspellings against all books of the nearest word first.
NEXT_BOOK_FACTOR = 0.35
SPELLING_WEIGHT = 0.8
SPELLING_DECAY = 0.7
KNOWN_WORD_WEIGHT = 0.3


def corrections(typed: Typed, *, lexicon: Lexicon, find: Find, limit: int, found: bool) -> Iterator[int]:
    """Books that may have been meant, the likeliest kind of error first; worked out only as far as they are taken.

    Args:
        typed: of at least one word.
        lexicon: the words of the catalogue.
        find: the engine.
        limit: books of each kind at most, >= 1.
        found: whether books were found as it was typed.
    """
    if len(typed.words) == 1 and len(typed.words[0]) < BEGINNING_LETTERS:
        typed = typed.closed
    any_book = found
    steps = (
        lambda: () if found else _with_edits(typed, lexicon, find, limit=limit),
        lambda: _respaced(typed, lexicon, find, limit=limit, found=found),
        lambda: _one_word(typed, lexicon, find, limit=limit, found=found),
        lambda: _word_by_word(typed, lexicon, find, limit=limit),
    )
    for step in steps:
        for book in step():
            any_book = True
            yield book
    is_phrase = len(typed.words) > 1 and len(typed.form) >= TWO_EDITS_LETTERS
    if not any_book and is_phrase and _may_be_edited(typed, lexicon):  # one word was compared with every word before
        yield from find(Fuzzy(Field.START, typed.form[:FUZZY_LENGTH], edits=2), limit)


def _with_edits(typed: Typed, lexicon: Lexicon, find: Find, *, limit: int) -> list[int]:
    """Titles that begin as typed but for one edit, a blank too many or too few included."""
    if not _may_be_edited(typed, lexicon):
        return []
    if typed.is_open and len(typed.words) == 1:
        limit = min(limit, FUZZY_BOOKS_OF_ONE_WORD)
    books = find(Fuzzy(Field.START, typed.form[:FUZZY_LENGTH], edits=1), limit)
    if books or len(typed.form) > PHRASE_LENGTH:
        return books
    return find(Best([Fuzzy(field, typed.form, edits=1) for field in (Field.INNER, Field.AUTHOR)]), limit)


def _may_be_edited(typed: Typed, lexicon: Lexicon) -> bool:
    """Whether an edit may fall anywhere: not into a number, nor, in a short text, into a short or a known word."""
    if any(is_number(word) for word in typed.words):
        return False
    if len(typed.words) > 1 and sum(map(len, typed.words)) >= TWO_EDITS_LETTERS:
        return True
    return any(len(word) >= FORGIVEN_LETTERS and not lexicon.knows(word) for word in typed.words)


def _respaced(typed: Typed, lexicon: Lexicon, find: Find, *, limit: int, found: bool) -> Iterator[int]:
    """A word written as two ("grand father"), or two written as one ("harrypotter"), among other words or alone."""
    for words in _other_spacings(typed, lexicon, found=found):
        yield from find(
            Every([Term(Field.WORD, word_token(word)) for word in words], WORDS_WEIGHT),
            limit if len(words) < len(typed.words) else min(limit, SPLIT_BOOKS),
        )


def _other_spacings(typed: Typed, lexicon: Lexicon, *, found: bool) -> Iterator[tuple[str, ...]]:
    words = typed.words
    for place, pair in enumerate(pairwise(words)):
        if not any(map(is_number, pair)) and lexicon.knows(joined := "".join(pair)):
            yield (*words[:place], joined, *words[place + 2 :])
    if found:
        return
    for place, word in enumerate(words):
        if not lexicon.knows(word) and (parts := lexicon.split(word)):
            yield (*words[:place], *parts, *words[place + 1 :])


def _one_word(typed: Typed, lexicon: Lexicon, find: Find, *, limit: int, found: bool) -> Iterator[int]:
    if len(typed.words) != 1:
        return
    spellings = lexicon.nearest(typed.words[0], limit=SPELLINGS, is_open=typed.is_open and not found)
    yield from _in_turn(spellings, find, limit)


def _in_turn(spellings: list[Spelling], find: Find, limit: int) -> Iterator[int]:
    """Books of the spellings by how likely each next one is the book that was meant."""
    chances = {spelling.word: math.exp(spellings[0].cost - spelling.cost) for spelling in spellings}
    books: dict[str, Iterator[int]] = {}
    while chances:
        word = max(chances, key=chances.__getitem__)
        if word not in books:
            books[word] = iter(find(Term(Field.WORD, word_token(word)), limit))
        book = next(books[word], None)
        if book is None:
            del chances[word]
            continue
        chances[word] *= NEXT_BOOK_FACTOR
        yield book


def _word_by_word(typed: Typed, lexicon: Lexicon, find: Find, *, limit: int) -> list[int]:
    """Books with every word or one that it may mean; words that are known are doubted only where nothing is found."""
    if len(typed.words) < 2:
        return []
    books = find(_spelt_otherwise(typed, lexicon, known_weight=0.0), limit)
    return books or find(_spelt_otherwise(typed, lexicon, known_weight=KNOWN_WORD_WEIGHT), limit)


def _spelt_otherwise(typed: Typed, lexicon: Lexicon, *, known_weight: float) -> Clause:
    places = []
    for place, (word, token) in enumerate(zip(typed.words, word_tokens(typed), strict=True)):
        weight = known_weight if lexicon.knows(word) else SPELLING_WEIGHT
        is_open = typed.is_open and place == len(typed.words) - 1
        others = _other_spellings(word, lexicon, weight=weight, is_open=is_open) if weight else []
        places.append(Best([Term(Field.WORD, token), *others]))
    return Every(places, WORDS_WEIGHT)


def _other_spellings(word: str, lexicon: Lexicon, *, weight: float, is_open: bool) -> list[Term]:
    spellings = lexicon.nearest(word, limit=SPELLINGS_IN_PHRASE, is_open=is_open)
    return [
        Term(
            Field.WORD,
            word_token(spelling.word),
            weight * math.exp(SPELLING_DECAY * (spellings[0].cost - spelling.cost)),
        )
        for spelling in spellings
    ]


def respelt(asked: Sequence[str], *, lexicon: Lexicon) -> tuple[str, ...] | None:
    """The words as they may have been meant: unknown ones become the nearest known ones.

    Returns:
        None where nothing would change.

    >>> from epicml.search.fields import BookText
    >>> lexicon = Lexicon.of([(BookText(title="Harry Potter", authors=[]), 1)])
    >>> respelt(("hary", "potter"), lexicon=lexicon)
    ('harry', 'potter')
    """
    meant = tuple(_nearest_known(word, lexicon) for word in asked)
    return None if meant == tuple(asked) else meant


def _nearest_known(word: str, lexicon: Lexicon) -> str:
    nearest = [] if lexicon.knows(word) else lexicon.nearest(word, limit=1)
    return word if not nearest or stem(nearest[0].word) == stem(word) else nearest[0].word
