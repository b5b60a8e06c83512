import threading
import time
from datetime import datetime

import pytest
from django.db import connection, transaction

from apps.catalog.selectors.changes import changes_after
from apps.catalog.services import changes
from apps.catalog.services.books import delete_books, save_books
from tests.apps.catalog.samples import a_book

WRITERS = 4
BOOKS_PER_WRITER = 15


@pytest.fixture
def no_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No app hears of changes; hooks that a test registers are gone after it."""
    monkeypatch.setattr(changes, "_hooks", [])


@pytest.mark.django_db
@pytest.mark.usefixtures("no_hooks")
class TestOnChange:
    def test_tells_the_last_number_of_each_call_once(self, now: datetime) -> None:
        heard: list[tuple[int, datetime]] = []
        changes.on_change(lambda number, at: heard.append((number, at)))

        save_books([a_book("1"), a_book("2")], now=now)
        save_books([a_book("1"), a_book("2")], now=now)
        delete_books(["1"], now=now)

        numbers = [row.number for row in changes_after(0)]
        assert heard == [(numbers[1], now), (numbers[2], now)]

    def test_undoes_the_books_when_a_hook_fails(self, now: datetime) -> None:
        def fail(number: int, at: datetime) -> None:
            raise RuntimeError("no work can be queued")

        changes.on_change(fail)

        with pytest.raises(RuntimeError):
            save_books([a_book("1")], now=now)
        assert changes_after(0) == []

    def test_registers_a_hook_once(self, now: datetime) -> None:
        heard: list[int] = []

        def hook(number: int, at: datetime) -> None:
            heard.append(number)

        changes.on_change(hook)
        changes.on_change(hook)
        save_books([a_book("1")], now=now)

        assert len(heard) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_hooks")
class TestChangeNumbers:
    def test_become_visible_in_their_order_while_four_write(self, now: datetime) -> None:
        """A follower that reads past the last number it saw gets every change exactly once."""
        writers = [threading.Thread(target=_write, args=(writer, now)) for writer in range(WRITERS)]
        for writer in writers:
            writer.start()
        seen: list[str] = []
        number = 0
        while any(writer.is_alive() for writer in writers) or changes_after(number):
            for row in changes_after(number):
                seen.append(row.key)
                number = row.number
            time.sleep(0.001)  # a follower that never rests holds Python's lock, and writers wait for one another
        for writer in writers:
            writer.join()

        assert len(seen) == WRITERS * BOOKS_PER_WRITER
        assert set(seen) == {f"{writer}-{book}" for writer in range(WRITERS) for book in range(BOOKS_PER_WRITER)}


def _write(writer: int, now: datetime) -> None:
    try:
        for book in range(BOOKS_PER_WRITER):
            with transaction.atomic():
                save_books([a_book(f"{writer}-{book}", authors=("One", "Two"))], now=now)
    finally:
        connection.close()
