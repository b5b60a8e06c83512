from datetime import datetime

import pytest

from apps.catalog.selectors.books import all_book_ids, book_ids, live_cards
from apps.catalog.services.books import delete_books, save_books
from tests.apps.catalog.samples import a_book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_books(now: datetime) -> None:
    save_books([a_book("1", authors=("B", "A")), a_book("2", authors=())], now=now)
    delete_books(["2"], now=now)


class TestLiveCards:
    def test_leaves_out_what_is_unknown_or_withdrawn(self) -> None:
        ids = all_book_ids()

        assert [card.key for card in live_cards([ids["2"], ids["1"], 10**9])] == ["1"]
        assert live_cards([ids["1"]])[0].authors == ("B", "A")


class TestBookIds:
    def test_knows_withdrawn_books_too(self) -> None:
        assert book_ids(["2", "3"]) == {"2": all_book_ids()["2"]}
