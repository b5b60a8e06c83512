from dataclasses import replace

import pytest

from apps.catalog.selectors.changes import changed_book_ids
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import delete_books, save_books
from apps.search.engines.database import DatabaseEngine, book_text
from epicml.search.clauses import Field, Term
from epicml.search.engine import ClauseQuery
from epicml.search.fields import BookText
from tests.apps.search.library import NOON, books, keys_of

BOOKS = {book.key: book for book in books()}


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


def hits(engine: DatabaseEngine, token: str) -> list[str]:
    return keys_of(engine.execute([ClauseQuery(Term(Field.WORD, token), 50)])[0].ids)


@pytest.mark.usefixtures("full_library")
class TestDatabaseEngine:
    def test_follows_a_shelf_by_reading_what_changed_only(self) -> None:
        before = DatabaseEngine.of(shelf())
        version = shelf().version
        save_books([replace(BOOKS["holes"], title="Zebra Crossing"), replace(BOOKS["holes"], key="new")], now=NOON)
        delete_books(["momo"], now=NOON)
        after = before.following(shelf(), changed_book_ids(version, up_to=shelf().version))
        assert (hits(after, "zebra_"), hits(after, "holes_"), hits(after, "momo_")) == (["holes"], ["new"], [])
        assert after._index._segments[0] is before._index._segments[0]
        assert after._index.sizes[1:] == [2]
        assert (hits(before, "zebra_"), hits(before, "holes_"), hits(before, "momo_")) == ([], ["holes"], ["momo"])

    def test_keeps_few_parts_however_many_changes_come_one_by_one(self) -> None:
        engine = DatabaseEngine.of(shelf())
        for number in range(40):
            version = shelf().version
            save_books([replace(BOOKS["holes"], key=f"new-{number}", title=f"Zebra {number}")], now=NOON)
            engine = engine.following(shelf(), changed_book_ids(version, up_to=shelf().version))
        assert len(engine._index.sizes) <= 7  # all books of before, and at most the powers of two in 40
        assert engine._index.sizes[0] == len(BOOKS)
        assert len(hits(engine, "zebra_")) == 40

    def test_answers_as_one_that_was_made_anew(self) -> None:
        engine = DatabaseEngine.of(shelf())
        for key in ("holes", "momo", "fox", "holes"):
            version = shelf().version
            save_books([replace(BOOKS[key], title=f"{BOOKS[key].title} and the Dragon", ratings_count=7)], now=NOON)
            engine = engine.following(shelf(), changed_book_ids(version, up_to=shelf().version))
        for token in ("dragon_", "holes_", "the_", "h"):
            assert hits(engine, token) == hits(DatabaseEngine.of(shelf()), token)
