"""A rebuild while others write: every acknowledged write is in the index afterwards, on SQLite and on PostgreSQL."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest
from django.db import connection

from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import delete_books, save_books
from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.services.applying import apply_changes
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.library import NOON
from tests.apps.search.searching import EmbeddedSearch, Searched

FILLERS = 200
REBUILDS = 3
PAUSE_SECONDS = 0.01  # SQLite has one writer: without it the rebuild would wait for its turn most of the time


@dataclass
class Writer:
    """Saves, changes and withdraws books, and knows what was acknowledged last of each."""

    titles: dict[str, str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    errors: list[Exception] = field(default_factory=list)
    writes: int = 0

    def fill(self) -> None:
        books = [a_book(f"filler-{number}", title=f"Filler word{number}", series=None) for number in range(FILLERS)]
        save_books(books, now=NOON)
        self.titles = {book.key: str(book.title) for book in books}

    def save(self, key: str, title: str) -> None:
        save_books([a_book(key, title=title, series=None)], now=NOON)
        self.titles[key] = title
        self.writes += 1

    def withdraw(self, key: str) -> None:
        delete_books([key], now=NOON)
        del self.titles[key]
        self.withdrawn.add(key)
        self.writes += 1

    def write_until(self, stopped: threading.Event) -> None:
        try:
            for number in count():
                if stopped.is_set():
                    return
                self.save(f"new-{number}", f"Newcomer fresh{number}")
                self.save(f"filler-{number % 50}", f"Filler changed{number}")
                if number < FILLERS - 60:
                    self.withdraw(f"filler-{60 + number}")
                time.sleep(PAUSE_SECONDS)
        except Exception as error:  # noqa: BLE001  # a thread's error must reach the test
            self.errors.append(error)
        finally:
            connection.close()


@contextmanager
def writing(writer: Writer) -> Iterator[None]:
    stopped = threading.Event()
    thread = threading.Thread(target=writer.write_until, args=(stopped,))
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(30)
    assert writer.errors == []


@pytest.mark.django_db(transaction=True)
class TestRebuildUnderWrites:
    def test_loses_no_write_that_was_made_meanwhile(self, quick_gate: None) -> None:
        writer = Writer()
        writer.fill()
        with writing(writer):
            for _ in range(REBUILDS):
                before = writer.writes
                library.rebuild()
                assert writer.writes > before  # else this would test nothing
                apply_changes()  # as a runner does while books are saved
        engine = EmbeddedSearch().engine()
        assert isinstance(engine.engine, EmbeddedEngine)
        assert engine.engine.books == len(writer.titles)
        self.assert_holds_just(engine, writer)

    def assert_holds_just(self, engine: Searched, writer: Writer) -> None:
        """Each book is found by its last title, and no title before it finds anything."""
        keys = {card.id: card.key for card in shelf().cards}
        assert set(keys.values()) == writer.titles.keys()
        found = {
            keys.get(book, f"withdrawn {book}") for text in ("filler", "newcomer") for book in engine.search(text).books
        }
        assert found == writer.titles.keys()
        for key, title in writer.titles.items():
            own = list(engine.search(f"{title.split()[1]} ", limit=10).books)
            assert [keys.get(book) for book in own] == [key], title
        assert list(engine.search("word0 word1", limit=10).books) == []  # old titles
