"""What asks before many rows are changed, on the page where it would hurt most: all books."""

import re
from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.catalog.models import Book
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.platform.pages.bulk import Bulk
from epicml.audience.bands import AgeBand
from tests import bulk

LIST = "/admin/catalog/book/"
ALL = 61


@pytest.fixture
def books(db: None, now: datetime) -> list[int]:
    kept = [BookInput(key=str(n), title=f"Book {n}", age_band=AgeBand.ADULT, language="de") for n in range(ALL)]
    save_books([*kept, BookInput(key="en", title="English", age_band=AgeBand.ADULT, language="en")], now=now)
    return list(Book.objects.values_list("pk", flat=True))


def withdrawn() -> int:
    return Book.objects.exclude(withdrawn_at=None).count()


class TestBulk:
    @pytest.mark.parametrize(
        ("count", "word", "typed"),
        [(1, "", ""), (20, "", ""), (21, "", "21"), (1852, "", "1,852"), (1, "erase", "erase 1")],
    )
    def test_says_what_is_typed(self, count: int, word: str, typed: str) -> None:
        assert Bulk("a", "Withdraw", "book", "books", "t", "u", word).to_type(count) == typed

    def test_counts_in_words(self) -> None:
        deed = Bulk("a", "Withdraw", "book", "books", "t", "u")
        assert (deed.counted(1), deed.counted(1852)) == ("1 book", "1,852 books")


class TestConfirmationPage:
    def test_one_post_changes_nothing_whatever_it_says(self, admin_client: Client, books: list[int]) -> None:
        for made_up in ({}, {"confirmed_set": "yes", "typed": "62"}, {"confirmed_set": "", "typed": ""}):
            form = {"action": "withdraw", "_selected_action": books[:1], "select_across": "1", **made_up}
            asked = admin_client.post(LIST, form)
            assert bulk.question(asked) == "Withdraw 62 books?"
        assert withdrawn() == 0

    def test_has_the_number_typed_where_there_are_many(self, admin_client: Client, books: list[int]) -> None:
        asked = bulk.ask(admin_client, LIST, "withdraw", books[:1], across=True)
        for typed in ("", "61", "all", "620"):
            assert "Type 62 as it stands there." in bulk.confirm(admin_client, asked, typed).text
        assert withdrawn() == 0
        assert "Withdrawn: 62 books." in bulk.confirm(admin_client, asked, " 62 ").text
        assert withdrawn() == 62

    def test_takes_few_with_one_click(self, admin_client: Client, books: list[int]) -> None:
        asked = bulk.ask(admin_client, LIST, "withdraw", books[:20])
        assert bulk.question(asked) == "Withdraw 20 books?"
        assert "Withdrawn: 20 books." in bulk.confirm(admin_client, asked).text

    def test_takes_what_the_filter_of_the_list_shows(self, admin_client: Client, books: list[int]) -> None:
        asked = bulk.ask(admin_client, f"{LIST}?language=de", "withdraw", books[:1], across=True)
        assert bulk.question(asked) == "Withdraw 61 books?"
        bulk.confirm(admin_client, asked, "61")
        assert [book.key for book in Book.objects.filter(withdrawn_at=None)] == ["en"]

    def test_asks_again_where_the_set_has_changed(self, admin_client: Client, books: list[int], now: datetime) -> None:
        asked = bulk.ask(admin_client, LIST, "withdraw", books[:1], across=True)
        save_books([BookInput(key="new", title="New", age_band=AgeBand.ADULT)], now=now)
        again = bulk.confirm(admin_client, asked, "62")
        assert "What was chosen has changed" in again.text
        assert bulk.question(again) == "Withdraw 63 books?"
        assert withdrawn() == 0
        bulk.confirm(admin_client, again, "63")
        assert withdrawn() == 63

    def test_the_answer_to_one_question_is_none_to_another(self, admin_client: Client, books: list[int]) -> None:
        asked = bulk.ask(admin_client, LIST, "confirm_age_bands", books[:3])
        digest = re.search(r'name="confirmed_set" value="(\w+)"', asked.text)
        assert digest
        form = {"action": "withdraw", "_selected_action": books[:3], "confirmed_set": digest[1]}
        assert "What was chosen has changed" in admin_client.post(LIST, form).text
        other = Client()
        other.force_login(User.objects.create_superuser("eve"))
        assert "What was chosen has changed" in bulk.confirm(other, asked).text
        assert withdrawn() == 0
