"""What may have been meant where what was typed finds too little: other spellings, bounded, the likeliest first.

Every clause is asked at once, for an engine far away answers a batch as fast as a single clause; which of the hits
count is decided when they are read.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

from epicml.audience.bands import AgeBand
from epicml.search.clauses import Best, Clause, Every, Field, Fuzzy, Term
from epicml.search.engine import Batch, PendingHits
from epicml.search.fields import PHRASE_LENGTH, word_token
from epicml.search.lexicon import Lexicon
from epicml.search.plan import WORDS_WEIGHT, Typed, whole_word, word_tokens
from epicml.text.speller import FORGIVEN_LETTERS, TWO_EDITS_LETTERS, Spelling
from epicml.text.stems import stem
from epicml.text.variants import Variant, is_number

BEGINNING_LETTERS = 5  # four letters of which one is wrong begin too many words: "lego" is no "Lemony"
FUZZY_LENGTH = 24  # letters of a title that are compared with an edit
FUZZY_BOOKS_OF_ONE_WORD = 4
SPLIT_BOOKS = 3
SPELLINGS = 10
SPELLINGS_IN_PHRASE = 5
RESPACED_WORDS = 12  # of a longer text only so many words are parted and joined, so that a batch stays bounded
# A misspelt word may mean several: each book shown makes the next of the same word this much less likely, which is
# worth .096 of the children's misspellings against all books of the nearest word first.
NEXT_BOOK_FACTOR = 0.35
SPELLING_WEIGHT = 0.8
SPELLING_DECAY = 0.7
KNOWN_WORD_WEIGHT = 0.3

Knows = Callable[[str], bool]


def ask_corrections(
    typed: Typed, *, knows: Knows, lexicon: Lexicon, batch: Batch, limit: int, found: bool
) -> Iterator[int]:
    """Ask for books that may have been meant.

    Args:
        typed: of at least one word.
        knows: whether a typed word is one that some book has.
        lexicon: the words of the catalogue.
        batch: takes the clauses.
        limit: books of each kind at most, >= 1.
        found: whether books were found as it was typed.

    Returns:
        The books, the likeliest kind of error first, each kind looked at only if it is reached; to be read after the
        batch was executed. A book may come twice.
    """
    if len(typed.words) == 1 and len(typed.words[0]) < BEGINNING_LETTERS:
        typed = typed.closed
    may_be_edited = not found and _may_be_edited(typed, knows)
    edited = _ask_one_edit(typed, batch, limit=limit) if may_be_edited else []
    respaced = [*_ask_joined(typed, batch, limit=limit)]
    respaced += [] if found else _ask_parted(typed, knows, lexicon, batch, limit=limit)
    if len(typed.words) == 1:
        spelt = _ask_spellings(typed, lexicon, batch, limit=limit, is_open=typed.is_open and not found)
    else:
        spelt = _first_with_books(_ask_word_by_word(typed, knows, lexicon, batch, limit=limit))
    # One word was compared with every word before.
    is_phrase = len(typed.words) > 1 and len(typed.form) >= TWO_EDITS_LETTERS
    far = [batch.ask(_edited_start(typed, edits=2), limit)] if is_phrase and may_be_edited else []
    return _in_order([_first_with_books(edited), *respaced, spelt], far)


def _in_order(kinds: Sequence[Iterator[int]], last: Sequence[PendingHits]) -> Iterator[int]:
    """Read every kind of correction, and the last one only where there was none."""
    any_book = False
    for books in kinds:
        for book in books:
            any_book = True
            yield book
    if not any_book:
        yield from _first_with_books(last)


def _first_with_books(pending: Sequence[PendingHits]) -> Iterator[int]:
    for hits in pending:
        if books := hits.books:
            yield from books
            return


def _edited_start(typed: Typed, *, edits: int) -> Fuzzy:
    return Fuzzy(Field.START, typed.form[:FUZZY_LENGTH], edits=edits)


def _ask_one_edit(typed: Typed, batch: Batch, *, limit: int) -> list[PendingHits]:
    """Ask for titles that begin as typed but for one edit, a blank too many or too few included; else for names."""
    if typed.is_open and len(typed.words) == 1:
        limit = min(limit, FUZZY_BOOKS_OF_ONE_WORD)
    edited = [batch.ask(_edited_start(typed, edits=1), limit)]
    if len(typed.form) <= PHRASE_LENGTH:
        inside = Best([Fuzzy(field, typed.form, edits=1) for field in (Field.INNER, Field.AUTHOR)])
        edited.append(batch.ask(inside, limit))
    return edited


def _may_be_edited(typed: Typed, knows: Knows) -> bool:
    """Tell whether an edit may fall anywhere: not into a number, nor, in a short text, into a short or known word."""
    if any(is_number(word) for word in typed.words):
        return False
    if len(typed.words) > 1 and sum(map(len, typed.words)) >= TWO_EDITS_LETTERS:
        return True
    return any(len(word) >= FORGIVEN_LETTERS and not knows(word) for word in typed.words)


def _ask_joined(typed: Typed, batch: Batch, *, limit: int) -> list[Iterator[int]]:
    """Ask for each word that was written as two: "grand father". What is no word finds nothing."""
    words = typed.words[:RESPACED_WORDS]
    return [
        iter(batch.ask(_all_words((*words[:place], "".join(pair), *typed.words[place + 2 :])), limit))
        for place, pair in enumerate(pairwise(words))
        if not any(map(is_number, pair))
    ]


def _ask_parted(typed: Typed, knows: Knows, lexicon: Lexicon, batch: Batch, *, limit: int) -> list[Iterator[int]]:
    """Ask for the parts of each word that may be two: "harrypotter"."""
    found = []
    for place, word in enumerate(typed.words[:RESPACED_WORDS]):
        if knows(word):
            continue
        ways = []
        for parts in lexicon.splits(word):
            # A part that the lexicon lacks is a word where any book has it.
            unknown = [part for part in parts if not lexicon.knows(part)]
            later = [batch.ask(whole_word(part), 1, audience=AgeBand.ADULT) for part in unknown]
            whole = _all_words((*typed.words[:place], *parts, *typed.words[place + 1 :]))
            ways.append((later, batch.ask(whole, min(limit, SPLIT_BOOKS))))
        found.append(_parted(ways))
    return found


def _parted(ways: Sequence[tuple[Sequence[PendingHits], PendingHits]]) -> Iterator[int]:
    """Read the books of the first way of which both parts are words."""
    for later, books in ways:
        if all(hits.books for hits in later):
            yield from books
            return


def _all_words(words: Variant) -> Every:
    return Every([whole_word(word) for word in words], WORDS_WEIGHT)


def _ask_spellings(typed: Typed, lexicon: Lexicon, batch: Batch, *, limit: int, is_open: bool) -> Iterator[int]:
    """Ask for the books of each spelling of the only word."""
    spellings = lexicon.nearest(typed.words[0], limit=SPELLINGS, is_open=is_open)
    return _in_turn(
        spellings,
        {spelling.word: batch.ask(whole_word(spelling.word), limit) for spelling in spellings},
    )


def _in_turn(spellings: Sequence[Spelling], hits: dict[str, PendingHits]) -> Iterator[int]:
    """Read books of the spellings by how likely each next one is the book that was meant."""
    chances = {spelling.word: math.exp(spellings[0].cost - spelling.cost) for spelling in spellings}
    books: dict[str, Iterator[int]] = {}
    while chances:
        word = max(chances, key=chances.__getitem__)
        book = next(books.setdefault(word, iter(hits[word])), None)
        if book is None:
            del chances[word]
            continue
        chances[word] *= NEXT_BOOK_FACTOR
        yield book


def _ask_word_by_word(typed: Typed, knows: Knows, lexicon: Lexicon, batch: Batch, *, limit: int) -> list[PendingHits]:
    """Ask for every word or one that it may mean; known words are doubted only where nothing is found otherwise."""
    weights = (0.0, KNOWN_WORD_WEIGHT) if any(map(knows, typed.words)) else (0.0,)
    return [
        batch.ask(partial(_spelt_otherwise, typed, knows, lexicon, known_weight=weight), limit) for weight in weights
    ]


def _spelt_otherwise(typed: Typed, knows: Knows, lexicon: Lexicon, *, known_weight: float) -> Clause:
    places = []
    for place, (word, token) in enumerate(zip(typed.words, word_tokens(typed), strict=True)):
        weight = known_weight if knows(word) else SPELLING_WEIGHT
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


def corrected_words(words: Sequence[str], *, lexicon: Lexicon, knows: Knows) -> Variant | None:
    """Correct the words of which no book has any: each becomes the nearest known one.

    Returns:
        None where nothing would change.

    >>> from epicml.search.fields import BookText
    >>> lexicon = Lexicon.of([(BookText(title="Harry Potter", authors=[]), 1)])
    >>> corrected_words(("hary", "potter"), lexicon=lexicon, knows=lexicon.knows)
    ('harry', 'potter')
    """
    meant = list(words)
    for place, word in enumerate(words):
        nearest = None if knows(word) else next(iter(lexicon.nearest(word, limit=1)), None)
        if nearest is not None and stem(nearest.word) != stem(word):
            meant[place] = nearest.word
    return None if meant == list(words) else tuple(meant)
