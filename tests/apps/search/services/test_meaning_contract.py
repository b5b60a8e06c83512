"""What a child is told of how a text was understood: words that stand so on books within the band, and no others."""

from dataclasses import replace
from typing import Any

import pytest

from apps.catalog.services.books import save_books
from apps.search.selectors.facets import Filters
from apps.search.services.suggesting import suggest
from epicml.audience.bands import AgeBand
from tests.apps.search.library import NOON, books, plain
from tests.apps.search.searching import Searching, searched

CHILD = AgeBand.AGES_9_TO_11
BOOKS = {book.key: book for book in books()}
MYSTERY = replace(
    BOOKS["holes"],
    key="mystery",
    title="A Murder Mystery",
    authors=("Ann Writer",),
    series="Baking Days",
    series_number=2,
    genres=("crime",),
)
ABOVE = [
    replace(
        BOOKS["shining"],
        key=f"above-{place}",
        title=title,
        authors=("Ann Writers",),
        series="The Baked Murders",
        genres=("crimes",),
    )
    for place, title in enumerate(("Murdering Mysteries", "The Murdered Writer", "Murderous Bakers"))
]
# Misspelt, inflected as only books for adults have it, or both.
TYPED = (
    "murdering mistery",
    "murdring mystery",
    "murdered mistery",
    "murderous mistery",
    "mistery murdering",
    "mysteris murder",
    "misteries",
    "murderin",
    "murdring",
    "writters murder",
    "ann writters",
    "bakked days",
    "baking dayz murders",
    "crimes mistery",
    "murdermistery",
    "mur der mysteries",
)


@pytest.fixture
def engine(searching: Searching) -> Searching:
    save_books([MYSTERY, *ABOVE], now=NOON)
    searching.engine()
    return searching


def allowed_words() -> set[str]:
    """Every word of a book that the child may see, read off the catalogue by the tests' own rule."""
    words: set[str] = set()
    for book in [*books(), MYSTERY]:
        if book.age_band <= CHILD:
            place = [] if book.series_number is None else [f"{book.series_number:g}"]
            words.update(*map(plain, (book.title, *book.authors, book.series or "", *place, *book.genres)))
    return words


def texts_of(answer: Any) -> list[str]:
    """Every text that the answer shows beside what was typed."""
    named = [suggestion.text for suggestion in answer.suggestions]
    return [answer.did_you_mean or "", *named, *(suggestion.detail for suggestion in answer.suggestions)]


@pytest.mark.parametrize("text", TYPED)
class TestAChild:
    def test_is_told_words_of_its_own_books_by_a_search(self, engine: Searching, text: str) -> None:
        answer = searched(text, band=CHILD)
        assert set(plain(answer.did_you_mean or "")) <= allowed_words()
        said = [facet.value for facets in answer.facets.values() for facet in facets]
        assert "crimes" not in said
        for item in answer.items:
            assert set(plain(item["title"])) <= allowed_words()

    def test_is_told_words_of_its_own_books_while_it_types(self, engine: Searching, text: str) -> None:
        for length in range(3, len(text) + 1):
            answer = suggest(text[:length], limit=10, age_band=CHILD, now=NOON)
            said = {word for shown in texts_of(answer) for word in plain(shown)}
            assert said <= allowed_words(), text[:length]


class TestAGrownUp:
    def test_is_told_of_the_inflection_that_it_may_see(self, engine: Searching) -> None:
        answer = searched("murdering mysteris")
        assert answer.did_you_mean == "murdering mysteries"

    def test_and_the_child_of_the_one_that_it_may(self, engine: Searching) -> None:
        answer = searched("mysteris murder", band=CHILD)  # as of "Dragon Masters" and "A Murder Mystery"
        # By relevance each engine has an order of its own.
        assert answer.did_you_mean == ("mystery murder" if engine.fallback else "masters murder")


def test_a_chosen_genre_is_said_back_as_it_was_written(engine: Searching) -> None:
    answer = searched("murder", band=CHILD, filters=Filters(genres=["crimes"]))
    assert [(facet.value, facet.count) for facet in answer.facets["genres"] if facet.selected] == [("crimes", 0)]
