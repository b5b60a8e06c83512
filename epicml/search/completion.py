"""Completing what a reader types: the plan first, then, only where it finds too little, what may have been meant."""

import math
from collections.abc import Callable, Iterable, Iterator

from epicml.search.clauses import Best, Clause, Every, Field, Fuzzy, Term
from epicml.search.fields import PHRASE_LENGTH, START_LENGTH
from epicml.search.lexicon import Lexicon
from epicml.search.plan import WORDS_WEIGHT, Typed, completion, word_token, word_tokens
from epicml.text.speller import Spelling
from epicml.text.stems import stem

# An engine's answer to one clause: ids of books, best first, at most so many.
Find = Callable[[Clause, int], list[int]]

# Typing errors are forgiven from four letters: below, what was typed begins too many words to mean another one.
FORGIVEN_LETTERS = 4
TWO_EDITS_LETTERS = 8
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
# In a small catalogue even the nearest word may be far: "fisiks" is "physics" at .83 of a letter, "flying" no "saving"
# at 1.
MOST_COST_OF_A_LETTER = 0.9


def complete(typed: Typed, *, lexicon: Lexicon, find: Find, limit: int) -> list[int]:
    """Ids of the books to suggest, best first. Corrections are appended; they never reorder what was found.

    Args:
        typed: what was typed.
        lexicon: the words of the catalogue.
        find: the engine.
        limit: books at most, >= 1.
    """
    if not typed.words:
        return []
    found = find(completion(typed), limit)
    if len(found) == limit or _needs_no_correction(typed, lexicon, found=bool(found)):
        return found
    return _first(limit, found, _corrections(typed, lexicon=lexicon, find=find, limit=limit, found=bool(found)))


def _first(limit: int, *lists: Iterable[int]) -> list[int]:
    chosen: dict[int, None] = {}
    for books in lists:
        for book in books:
            if len(chosen) >= limit:
                return list(chosen)
            chosen[book] = None
    return list(chosen)


def _needs_no_correction(typed: Typed, lexicon: Lexicon, *, found: bool) -> bool:
    if len(typed.form.replace("_", "")) < FORGIVEN_LETTERS:
        return True
    if len(typed.words) == 1:
        return lexicon.knows(typed.words[0])
    return found and (typed.is_open or all(lexicon.knows(word) for word in typed.words))


def _corrections(typed: Typed, *, lexicon: Lexicon, find: Find, limit: int, found: bool) -> Iterator[int]:
    """Books that may have been meant, the likeliest kind of error first; worked out only as far as they are taken."""
    any_book = found
    steps = (
        lambda: () if found else _as_typed_with_one_edit(typed, find, limit),
        lambda: _as_one_word(typed, lexicon=lexicon, find=find, limit=limit, found=found),
        lambda: _word_by_word(typed, lexicon=lexicon, find=find, limit=limit),
    )
    for step in steps:
        for book in step():
            any_book = True
            yield book
    if not any_book and len(typed.form) >= TWO_EDITS_LETTERS:
        yield from find(Fuzzy(Field.START, typed.form[:START_LENGTH], edits=2), limit)


def _as_typed_with_one_edit(typed: Typed, find: Find, limit: int) -> list[int]:
    if typed.is_open and len(typed.words) == 1:
        limit = min(limit, FUZZY_BOOKS_OF_ONE_WORD)
    books = find(Fuzzy(Field.START, typed.form[:START_LENGTH], edits=1), limit)
    if books or len(typed.form) > PHRASE_LENGTH:
        return books
    return find(Best([Fuzzy(field, typed.form, edits=1) for field in (Field.INNER, Field.AUTHOR)]), limit)


def _as_one_word(typed: Typed, *, lexicon: Lexicon, find: Find, limit: int, found: bool) -> Iterator[int]:
    """A misspelt word, a word written as two ("grand father"), or two written as one ("harrypotter")."""
    joined = "".join(typed.words)
    if len(typed.words) == 2 and lexicon.knows(joined):
        yield from find(Term(Field.WORD, word_token(joined)), limit)
    if len(typed.words) != 1:
        return
    if not found and (parts := lexicon.split(joined)):
        yield from find(Every([Term(Field.WORD, word_token(part)) for part in parts]), SPLIT_BOOKS)
    spellings = lexicon.nearest(joined, limit=SPELLINGS, is_open=typed.is_open and not found)
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


def _word_by_word(typed: Typed, *, lexicon: Lexicon, find: Find, limit: int) -> list[int]:
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


def respelt(asked: tuple[str, ...], *, lexicon: Lexicon) -> tuple[str, ...] | None:
    """The words as they may have been meant: unknown ones of four letters or more become the nearest known ones.

    Returns:
        None where nothing would change.

    >>> from epicml.search.fields import BookText
    >>> lexicon = Lexicon.of([(BookText(title="Harry Potter", authors=[]), 1)])
    >>> respelt(("hary", "potter"), lexicon=lexicon)
    ('harry', 'potter')
    """
    meant = tuple(_nearest_known(word, lexicon) for word in asked)
    return None if meant == asked else meant


def _nearest_known(word: str, lexicon: Lexicon) -> str:
    if len(word) < FORGIVEN_LETTERS or lexicon.knows(word):
        return word
    nearest = lexicon.nearest(word, limit=1)
    if not nearest or nearest[0].cost > MOST_COST_OF_A_LETTER * len(word) or stem(nearest[0].word) == stem(word):
        return word
    return nearest[0].word
