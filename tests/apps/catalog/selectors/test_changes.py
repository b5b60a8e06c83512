from datetime import datetime

import pytest

from apps.catalog.selectors.changes import catalogue_snapshot, changes_after, last_change_number
from apps.catalog.services.books import delete_books, save_books
from tests.apps.catalog.samples import a_book

pytestmark = pytest.mark.django_db


class TestChangesAfter:
    def test_gives_the_changes_past_a_number_oldest_first(self, now: datetime) -> None:
        save_books([a_book("1"), a_book("2")], now=now)
        seen = last_change_number()
        delete_books(["1"], now=now)
        save_books([a_book("3")], now=now)

        assert [(row.key, row.kind) for row in changes_after(seen)] == [("1", "delete"), ("3", "upsert")]
        assert [row.key for row in changes_after(0, limit=2)] == ["1", "2"]

    def test_begins_at_nought(self) -> None:
        assert last_change_number() == 0
        assert changes_after(0) == []


class TestCatalogueSnapshot:
    def test_holds_every_live_book_once_in_chunks(self, now: datetime) -> None:
        save_books([a_book(str(number)) for number in range(7)], now=now)
        delete_books(["3"], now=now)

        snapshot = catalogue_snapshot(chunk=4)

        chunks = [[card.key for card in chunk] for chunk in snapshot.books]
        assert chunks == [["0", "1", "2", "4"], ["5", "6"]]
        assert snapshot.last_number == last_change_number()

    def test_includes_or_is_followed_by_what_changes_while_it_is_read(self, now: datetime) -> None:
        save_books([a_book(str(number)) for number in range(4)], now=now)
        snapshot = catalogue_snapshot(chunk=2)
        first = next(snapshot.books)
        save_books([a_book("0", title="changed"), a_book("9")], now=now)

        keys = [card.key for card in first] + [card.key for chunk in snapshot.books for card in chunk]
        later = [row.key for row in changes_after(snapshot.last_number)]

        assert keys == ["0", "1", "2", "3", "9"]
        assert sorted(later) == ["0", "9"]
