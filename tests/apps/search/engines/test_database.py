from dataclasses import replace

import pytest

from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import save_books
from apps.search.engines.database import DatabaseEngine, book_text
from epicml.search.fields import BookText
from tests.apps.search.library import NOON, books
from tests.apps.search.searching import found, named, suggested


@pytest.fixture
def engine(full_library: None) -> DatabaseEngine:
    return DatabaseEngine(shelf())


class TestBookText:
    def test_is_what_can_be_searched_of_a_card(self, full_library: None) -> None:
        assert book_text(shelf().card("potter2")) == BookText(
            title="Harry Potter and the Chamber of Secrets (Harry Potter, #2)",
            authors=("J.K. Rowling",),
            series="Harry Potter",
            series_number=2,
            language="en",
        )
        save_books([replace(books()[-1], isbns=("9780439023481",))], now=NOON)
        assert book_text(shelf().card("quiet")).isbns == ("9780439023481",)


class TestDatabaseEngine:
    def test_follows_titles_that_start_so_by_books_with_the_words(self, engine: DatabaseEngine) -> None:
        assert suggested(engine, "the g") == ["tattoo", "gruffalo", "games", "fault", "fire"]

    def test_takes_the_last_word_for_open_until_a_blank(self, engine: DatabaseEngine) -> None:
        assert suggested(engine, "it") == ["it", "italy"]
        assert suggested(engine, "it ") == ["it"]

    def test_needs_every_word_for_a_suggestion(self, engine: DatabaseEngine) -> None:
        assert suggested(engine, "dragon zzz") == []

    def test_fills_a_search_with_books_that_have_any_word(self, engine: DatabaseEngine) -> None:
        assert found(engine, "dragon zzz") == ["tattoo", "train", "dragons1", "dragons2"]

    def test_names_a_book_without_a_series(self, engine: DatabaseEngine) -> None:
        assert named(engine, "wright") == []
        assert named(engine, "white") == ["web"]
