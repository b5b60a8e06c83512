"""Suggestions while a reader types: books by any word, and authors and series by name."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import orjson

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf, shelf
from apps.readers.selectors import audience
from apps.releases.services.opening import AnswerVersion
from apps.search.services.choosing import ChosenEngine, choose_engine, ranked
from apps.search.services.searching import said_of
from apps.search.services.shown import ShownBook, shown_books
from epicml.audience.bands import AgeBand
from epicml.search.plan import Typed, goes_on_like
from epicml.search.ranking import rank_suggestions
from epicml.text.highlight import Range, ranges_among, typed_ranges
from epicml.text.normalise import main_title

AUTHORS = 2  # names that follow the books, at most
SERIES = 2
REMEMBERED_ANSWERS = 10_000  # about 3 kB each; of all releases together


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A book, an author or a series to choose, with the places to mark in its text.

    `corrected` is True for a book that has not what was typed, but what may have been meant by it.
    """

    kind: str
    key: str
    text: str
    highlight: Sequence[Range]
    detail: str
    corrected: bool = False
    book: orjson.Fragment | None = None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The answer to what was typed.

    `searchable` is False where there is no letter and no digit in it, so that nothing can be suggested. `did_you_mean`
    is what was typed in the words of the first book where no book was found as it was typed.
    """

    query: str
    searchable: bool
    suggestions: list[Suggestion]
    did_you_mean: str | None
    fallback: str | None
    release: str | None


def suggest(
    text: str,
    *,
    limit: int,
    reader_key: str | None = None,
    age_band: AgeBand | None = None,
    release: str | None = None,
    now: datetime,
) -> Suggestions:
    """Suggest up to `limit` books that complete the text, then up to four names; nothing above the audience's band.

    Where a release is named, as by an experiment's arm, that one answers if it can be opened, else the live one.
    """
    band = audience(reader_key, age_band).age_band
    books = shelf()
    chosen = choose_engine(books, release=release, now=now)
    remembered = _remembered.answers_from(books, chosen)
    answer = remembered.get((text, limit, band))
    if answer is None:
        answer = _answer(text, books, chosen, band=band, limit=limit, now=now)
        _remembered.keep(answer, remembered, (text, limit, band))
    return answer


def _answer(text: str, books: Shelf, chosen: ChosenEngine, *, band: AgeBand, limit: int, now: datetime) -> Suggestions:
    typed = Typed.read(text)
    found, chosen = ranked(partial(rank_suggestions, typed, audience=band, limit=limit), chosen, books, now=now)
    shown = shown_books(books, found.books, audience=band)
    cards = [line.card for line in shown]
    # Corrections that follow what was found as typed say nothing of what was meant.
    first = next((card for card in cards[:1] if card.id in found.corrected), None)
    meant = said_of(first, typed, shown=cards)
    named = [line.card for line in shown_books(books, found.named, audience=band)]
    return Suggestions(
        query=text,
        searchable=bool(typed.words),
        suggestions=[
            *(_book(line, typed, corrected=line.card.id in found.corrected) for line in shown),
            *_named("author", lambda card: card.authors, named, typed)[:AUTHORS],
            *_named("series", lambda card: (card.series,) if card.series else (), named, typed)[:SERIES],
        ],
        did_you_mean=None if meant is None else " ".join(meant),
        fallback=chosen.fallback,
        release=chosen.release,
    )


_Typed = tuple[str, int, AgeBand]  # a text, how many books at most, for whom


@dataclass(frozen=True, slots=True)
class _Answers:
    """Answers that were made from just this shelf and this state of an index."""

    books: Shelf | None
    index: object
    by_text: dict[_Typed, Suggestions]


class _Remembered:
    """Answers by what they were made from, as long as it stays as it was: first letters are typed by everyone.

    The version tells releases and arms apart, so that of two that are both asked neither drops the other's answers. It
    does not see a commit, which leaves the release and the catalogue what they are: the state of the index does.
    """

    def __init__(self) -> None:
        self._adding = threading.Lock()
        self._last = _Answers(None, None, {})
        self._by_version: dict[AnswerVersion, _Answers] = {}

    def answers_from(self, books: Shelf, chosen: ChosenEngine) -> dict[_Typed, Suggestions]:
        """Give the answers from just this; those from an earlier state of the same, or another shelf, are dropped."""
        state, known = chosen.engine.state, self._last
        if known.books is not books or known.index is not state:
            with self._adding:
                version = AnswerVersion.of(release=chosen.release, catalogue=books.version)
                found = self._by_version.get(version)
                if found is None or found.books is not books or found.index is not state:
                    found = _Answers(books, state, {})
                    kept = {key: one for key, one in self._by_version.items() if one.books is books}
                    self._by_version = {**kept, version: found}
                known = self._last = found
        return known.by_text

    def keep(self, answer: Suggestions, answers: dict[_Typed, Suggestions], typed: _Typed) -> None:
        """Keep one more; where they are too many, the oldest of the most goes: a dict keeps the order of its keys."""
        with self._adding:
            all_of_them = [one.by_text for one in self._by_version.values()]
            if sum(map(len, all_of_them)) >= REMEMBERED_ANSWERS:
                most = max(all_of_them, key=len)
                del most[next(iter(most))]
            answers[typed] = answer


_remembered = _Remembered()


def _book(shown: ShownBook, typed: Typed, *, corrected: bool) -> Suggestion:
    return Suggestion(
        kind="book",
        key=shown.card.key,
        text=shown.text,
        highlight=ranges_among(shown.words, shown.text, typed.words, is_open=typed.is_open),
        detail=shown.detail,
        corrected=corrected,
        book=shown.json,
    )


def _named(
    kind: str, names_of: Callable[[BookCard], Sequence[str]], cards: Sequence[BookCard], typed: Typed
) -> list[Suggestion]:
    """Suggest the names on these books that go on like what was typed, each once, with a book of each."""
    first_books: dict[str, BookCard] = {}
    for card in cards:
        for name in names_of(card):
            if goes_on_like(name, typed):
                first_books.setdefault(name, card)
    return [
        Suggestion(
            kind=kind,
            key=name,
            text=name,
            highlight=typed_ranges(name, typed.words, is_open=typed.is_open),
            detail=main_title(card.title),
        )
        for name, card in first_books.items()
    ]
