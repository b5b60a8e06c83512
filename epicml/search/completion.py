"""Finding books for what is typed: as it is typed first, then, only where that finds too little, as it may be meant."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from epicml.search.clauses import Best
from epicml.search.corrections import Find, corrections, respelt
from epicml.search.lexicon import Lexicon
from epicml.search.plan import (
    Typed,
    begun_words,
    completion,
    every_stem,
    may_be_begun,
    of_isbn,
    some_words,
    title_start,
    whole_title,
    whole_titles,
    whole_words,
)
from epicml.text.speller import FORGIVEN_LETTERS

SHOWN_FIRST = 10
# What is found as it is typed is hardly ever followed by what was meant: more corrections would only fill the list.
# Three keep the misspellings that begin another word (.912 of .916 within the bound on Birkbeck).
CORRECTIONS_AFTER_FOUND = 3


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of books, best first, and which of them rest on a correction of what was typed."""

    books: list[int]
    corrected: frozenset[int] = frozenset()


def complete(typed: Typed, *, lexicon: Lexicon, find: Find, limit: int) -> Found:
    """The books to suggest. Corrections are appended; they never reorder what was found.

    Args:
        typed: what was typed.
        lexicon: the words of the catalogue.
        find: the engine.
        limit: books at most, >= 1.
    """
    if not typed.words:
        return Found([])
    if typed.isbn.is_certain:
        return Found(find(_isbn_or_title(typed), limit))
    found = find(completion(typed), limit)
    if len(found) < limit and may_be_begun(typed, found=bool(found)):
        found = _first(limit, found, find(begun_words(typed), limit))
    if not found and typed.isbn.digits:
        found = find(of_isbn(typed), limit)
    if len(found) == limit or _needs_no_correction(typed, lexicon, found=bool(found)):
        return Found(found)
    meant = corrections(typed, lexicon=lexicon, find=find, limit=limit, found=bool(found))
    return _with(found, islice(meant, CORRECTIONS_AFTER_FOUND if found else limit), limit)


def search(typed: Typed, *, lexicon: Lexicon, find: Find, limit: int) -> Found:
    """The books of a full search: whole words first, then words that may go on, then some of the words.

    What it may have meant comes in only where no book has every word. The most popular titles that begin like it are
    among the first SHOWN_FIRST, as they are among the suggestions, whatever else has it as a whole word.

    Args:
        typed: what was typed.
        lexicon: the words of the catalogue.
        find: the engine.
        limit: books at most, >= 1.
    """
    if not typed.words:
        return Found([])
    if typed.isbn.is_certain:
        return Found(find(_isbn_or_title(typed), limit))
    clauses = (every_stem(typed), completion(typed))
    found = _first(limit, _titles_and_whole_words(typed, find, limit), *(find(clause, limit) for clause in clauses))
    if may_be_begun(typed, found=bool(found)):
        found = _first(limit, found, find(begun_words(typed), limit))
    if not found and typed.isbn.digits:
        found = find(of_isbn(typed), limit)
    some = some_words(typed.words)
    partly = find(some, limit) if some else []
    if found:
        return Found(_first(limit, found, partly))
    meant = _first(limit, corrections(typed, lexicon=lexicon, find=find, limit=limit, found=False))
    # Where no word is known as it is typed, a correction of one would stand for all: "Homer Price" for "pride and joy".
    others = some_words(respelt(typed.words, lexicon=lexicon) or ()) if partly else None
    partly_meant = find(others, limit) if others else []
    corrected = frozenset(meant).union(frozenset(partly_meant).difference(partly))
    return Found(_first(limit, meant, partly, partly_meant), corrected)


def _titles_and_whole_words(typed: Typed, find: Find, limit: int) -> list[int]:
    exact = find(whole_titles(typed), limit)
    begun = find(title_start(typed), SHOWN_FIRST)
    whole = find(whole_words(typed), limit)
    room = max(SHOWN_FIRST - len({*exact, *begun}), 0)
    others = [book for book in whole if book not in begun]
    return _first(limit, exact, [book for book in whole if book in begun], others[:room], begun, others)


def _isbn_or_title(typed: Typed) -> Best:
    return Best([whole_title(typed.readings[0]), of_isbn(typed)])


def _with(found: list[int], corrected: Iterable[int], limit: int) -> Found:
    books = _first(limit, found, corrected)
    return Found(books, frozenset(books).difference(found))


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
