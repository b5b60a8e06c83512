"""The books for a typed text, for every engine: in one batch as it is typed, in a second one as it may be meant."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from epicml.audience.bands import AgeBand
from epicml.search.clauses import Best
from epicml.search.corrections import ask_corrections, corrected_words
from epicml.search.engine import Batch, Engine, PendingHits
from epicml.search.lexicon import Lexicon
from epicml.search.plan import (
    Typed,
    begun_words,
    by_name,
    completion,
    every_stem,
    may_be_begun,
    of_isbn,
    some_words,
    title_start,
    whole_title,
    whole_titles,
    whole_word,
    whole_words,
)
from epicml.text.speller import FORGIVEN_LETTERS

SHOWN_FIRST = 10
# What is found as it is typed is hardly ever followed by what was meant: more corrections would only fill the list.
# Three keep the misspellings that begin another word (.912 of .916 within the bound on Birkbeck).
CORRECTIONS_AFTER_FOUND = 3
NAMED_BOOKS = 10  # books whose authors and series are looked at


@dataclass(frozen=True, slots=True)
class RankedBooks:
    """The books that answer a typed text.

    Attributes:
        books: ids, best first.
        corrected: those that rest on a correction of what was typed.
        named: ids of books whose author or series has a name that goes on like it, best first; of suggestions only.
    """

    books: Sequence[int]
    corrected: frozenset[int] = frozenset()
    named: Sequence[int] = ()


NOTHING = RankedBooks([])


def rank_suggestions(
    typed: Typed, *, engine: Engine, lexicon: Lexicon, audience: AgeBand, limit: int, with_names: bool = True
) -> RankedBooks:
    """Rank the books to suggest, in at most two batches. Corrections are appended; they never reorder what was found.

    Args:
        typed: what was typed.
        engine: answers the batches.
        lexicon: the words of the catalogue.
        audience: no book above this band is ranked.
        limit: books at most, >= 1.
        with_names: whether to find books by the names of their authors and series too.
    """
    if not typed.words:
        return NOTHING
    batch = Batch(audience)
    named = batch.ask(partial(by_name, typed), NAMED_BOOKS) if with_names else ()
    if typed.isbn.is_certain:
        by_isbn = batch.ask(_isbn_or_title(typed), limit)
        batch.execute(engine)
        return RankedBooks(by_isbn.books, named=tuple(named))
    whole = batch.ask(completion(typed), limit)
    begun = batch.ask(partial(begun_words, typed), limit) if len(typed.words) > 1 else None
    isbn = batch.ask(of_isbn(typed), limit) if typed.isbn.digits else None
    is_forgiven = len(typed.form.replace("_", "")) >= FORGIVEN_LETTERS
    knows = _ask_known_words(typed, lexicon, batch) if is_forgiven else lexicon.knows
    batch.execute(engine)

    found = _with_begun_words(whole.books, begun, typed, limit)
    if not found and isbn:
        found = isbn.books
    if len(found) == limit or not is_forgiven:
        return RankedBooks(found, named=tuple(named))
    is_phrase = len(typed.words) > 1
    if (found or not is_phrase) and ((is_phrase and typed.is_open) or all(map(knows, typed.words))):
        return RankedBooks(found, named=tuple(named))
    batch = Batch(audience)
    meant = ask_corrections(typed, knows=knows, lexicon=lexicon, batch=batch, limit=limit, found=bool(found))
    batch.execute(engine)
    books = _first(limit, found, islice(meant, CORRECTIONS_AFTER_FOUND if found else limit))
    return RankedBooks(books, frozenset(books).difference(found), named=tuple(named))


def rank_search(typed: Typed, *, engine: Engine, lexicon: Lexicon, audience: AgeBand, limit: int) -> RankedBooks:
    """Rank the books of a full search, in at most two batches: whole words first, then begun words, then some words.

    What it may have meant comes in only where no book has every word. The most popular titles that begin like it are
    among the first SHOWN_FIRST, as they are among the suggestions, whatever else has it as a whole word.

    Args:
        typed: what was typed.
        engine: answers the batches.
        lexicon: the words of the catalogue.
        audience: no book above this band is ranked.
        limit: books at most, >= 1.
    """
    if not typed.words:
        return NOTHING
    batch = Batch(audience)
    if typed.isbn.is_certain:
        by_isbn = batch.ask(_isbn_or_title(typed), limit)
        batch.execute(engine)
        return RankedBooks(by_isbn.books)
    titles, starts = batch.ask(whole_titles(typed), limit), batch.ask(title_start(typed), SHOWN_FIRST)
    words, stems = batch.ask(whole_words(typed), limit), batch.ask(every_stem(typed), limit)
    completed = batch.ask(completion(typed), limit)
    begun = batch.ask(partial(begun_words, typed), limit) if len(typed.words) > 1 else None
    isbn = batch.ask(of_isbn(typed), limit) if typed.isbn.digits else None
    some = some_words(typed.words)
    partly = batch.ask(some, limit) if some else None
    knows = _ask_known_words(typed, lexicon, batch)
    batch.execute(engine)

    first = _titles_and_whole_words(titles.books, starts.books, words.books, limit)
    found: Sequence[int] = _first(limit, first, stems, completed)
    found = _with_begun_words(found, begun, typed, limit)
    if not found and isbn:
        found = isbn.books
    if found:
        return RankedBooks(_first(limit, found, partly or ()))
    return _rank_what_is_meant(
        typed,
        partly.books if partly else [],
        engine=engine,
        lexicon=lexicon,
        knows=knows,
        batch=Batch(audience),
        limit=limit,
    )


def _rank_what_is_meant(
    typed: Typed,
    partly: Sequence[int],
    *,
    engine: Engine,
    lexicon: Lexicon,
    knows: Callable[[str], bool],
    batch: Batch,
    limit: int,
) -> RankedBooks:
    """Rank what may have been meant where no book has every word; `partly` are those that have some."""
    meant = ask_corrections(typed, knows=knows, lexicon=lexicon, batch=batch, limit=limit, found=False)
    # Where no word is known as it is typed, a correction of one would stand for all: "Homer Price" for "pride and joy".
    some = some_words(corrected_words(typed.words, lexicon=lexicon, knows=knows) or ()) if partly else None
    partly_meant = batch.ask(some, limit) if some else ()
    batch.execute(engine)
    books = _first(limit, meant)
    others = list(partly_meant)
    corrected = frozenset(books).union(frozenset(others).difference(partly))
    return RankedBooks(_first(limit, books, partly, others), corrected)


def _ask_known_words(typed: Typed, lexicon: Lexicon, batch: Batch) -> Callable[[str], bool]:
    """Ask for the words that the lexicon lacks: a book that came later brings words that need no correction."""
    later = {
        word: batch.ask(partial(whole_word, word), 1, audience=AgeBand.ADULT)
        for word in typed.words
        if not lexicon.knows(word)
    }
    return lambda word: word not in later or bool(later[word].books)


def _titles_and_whole_words(
    titles: Sequence[int], starts: Sequence[int], words: Sequence[int], limit: int
) -> list[int]:
    room = max(SHOWN_FIRST - len({*titles, *starts}), 0)
    begins_so = frozenset(starts)
    others = [book for book in words if book not in begins_so]
    return _first(limit, titles, [book for book in words if book in begins_so], others[:room], starts, others)


def _with_begun_words(found: Sequence[int], begun: PendingHits | None, typed: Typed, limit: int) -> Sequence[int]:
    if begun is None or len(found) == limit or not may_be_begun(typed, found=bool(found)):
        return found
    return _first(limit, found, begun)


def _isbn_or_title(typed: Typed) -> Best:
    return Best([whole_title(typed.variants[0]), of_isbn(typed)])


def _first(limit: int, *lists: Iterable[int]) -> list[int]:
    chosen: dict[int, None] = {}
    for books in lists:
        for book in books:
            if len(chosen) >= limit:
                return list(chosen)
            chosen[book] = None
    return list(chosen)
