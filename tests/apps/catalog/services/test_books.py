from datetime import datetime, timedelta

import pytest

from apps.catalog.models import Author, Book, BookAuthor, Change
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, save_books
from tests.apps.catalog.samples import HOLES, a_book

pytestmark = pytest.mark.django_db


def changes() -> list[tuple[str, str]]:
    return list(Change.objects.order_by("number").values_list("book__key", "kind"))


class TestSaveBooks:
    def test_stores_every_part_of_a_book(self, now: datetime) -> None:
        report = save_books([HOLES], now=now)

        card = shelf().card("holes")
        assert report.outcomes == {"holes": "created"}
        assert card.as_json() == {
            "key": "holes",
            "title": "Holes",
            "authors": ("Louis Sachar",),
            "series": "Holes",
            "series_number": 1.0,
            "age_band": "9-11",
            "reading_level": 5,
            "language": "en",
            "year": 1998,
            "genres": ("childrens", "middle-grade"),
            "popularity": 719_000,
            "average_rating": 3.93,
            "isbns": ("9780440414803",),
        }

    def test_writes_nothing_for_a_book_that_did_not_change(self, now: datetime) -> None:
        save_books([HOLES], now=now)

        report = save_books([HOLES], now=now + timedelta(days=1))

        assert (report.created, report.updated, report.unchanged) == (0, 0, 1)
        assert len(changes()) == 1
        assert Book.objects.get().updated_at == now

    @pytest.mark.parametrize(
        "change",
        [
            {"title": "Löcher"},
            {"authors": ()},
            {"authors": ("A", "B")},
            {"series": None},
            {"genres": ("x",)},
            {"reading_level": None},
        ],
    )
    def test_updates_a_book_that_differs_in_one_part(self, change: dict[str, object], now: datetime) -> None:
        save_books([a_book("1", title="Holes")], now=now)

        report = save_books([a_book("1", **{"title": "Holes", **change})], now=now)

        assert report.outcomes == {"1": "updated"}
        name, value = next(iter(change.items()))
        assert getattr(shelf().card("1"), name) == value

    def test_keeps_the_order_of_authors(self, now: datetime) -> None:
        save_books([a_book("1", authors=("Zoe", "Adam"))], now=now)
        save_books([a_book("1", authors=("Adam", "Zoe"))], now=now)

        assert shelf().card("1").authors == ("Adam", "Zoe")
        assert BookAuthor.objects.count() == 2

    def test_shares_one_row_of_an_author_among_books(self, now: datetime) -> None:
        save_books([a_book("1", authors=("Roald Dahl",)), a_book("2", authors=("Roald Dahl",))], now=now)

        assert Author.objects.filter(name="Roald Dahl").count() == 1

    def test_saves_a_key_given_twice_as_it_comes_last(self, now: datetime) -> None:
        report = save_books([a_book("1", title="first"), a_book("1", title="last")], now=now)

        assert report.created == 1
        assert shelf().card("1").title == "last"

    def test_brings_a_withdrawn_book_back(self, now: datetime) -> None:
        save_books([HOLES], now=now)
        delete_books(["holes"], now=now)

        report = save_books([HOLES], now=now)

        assert report.updated == 1
        assert shelf().row_of_key("holes") is not None
        assert changes() == [("holes", "upsert"), ("holes", "delete"), ("holes", "upsert")]

    def test_takes_more_books_than_one_query_may_name(self, now: datetime) -> None:
        books = [a_book(str(number), authors=(f"Author {number}",)) for number in range(2500)]

        assert save_books(books, now=now).created == 2500
        assert save_books(books, now=now).unchanged == 2500


FIRST, SECOND, THIRD = "9780306406157", "9780439023481", "9780061120084"


class TestIsbns:
    def test_stays_with_the_book_that_has_it(self, now: datetime) -> None:
        save_books([a_book("1", isbns=(FIRST,))], now=now)

        report = save_books([a_book("2", isbns=(FIRST, SECOND))], now=now)

        assert shelf().card("2").isbns == (SECOND,)
        assert shelf().card("1").isbns == (FIRST,)
        assert [remark.reason for remark in report.remarks["2"]] == [
            f"ISBN {FIRST} is that of book '1' already; it stays there."
        ]

    def test_goes_to_the_first_of_two_new_books(self, now: datetime) -> None:
        save_books([a_book("1", isbns=(FIRST,)), a_book("2", isbns=(FIRST,))], now=now)

        assert (shelf().card("1").isbns, shelf().card("2").isbns) == ((FIRST,), ())

    def test_moves_when_both_books_say_so(self, now: datetime) -> None:
        save_books([a_book("1", isbns=(FIRST,)), a_book("2", isbns=(SECOND,))], now=now)

        report = save_books([a_book("1", isbns=(SECOND,)), a_book("2", isbns=(FIRST,))], now=now)

        assert (shelf().card("1").isbns, shelf().card("2").isbns) == ((SECOND,), (FIRST,))
        assert report.updated == 2
        assert report.remarks == {"1": (), "2": ()}

    def test_is_free_again_after_its_book_was_withdrawn(self, now: datetime) -> None:
        save_books([a_book("1", isbns=(FIRST,))], now=now)
        delete_books(["1"], now=now)

        save_books([a_book("2", isbns=(FIRST,))], now=now)
        report = save_books([a_book("1", isbns=(FIRST, THIRD))], now=now)

        assert (shelf().card("2").isbns, shelf().card("1").isbns) == ((FIRST,), (THIRD,))
        assert len(report.remarks["1"]) == 1

    def test_given_again_writes_nothing(self, now: datetime) -> None:
        save_books([a_book("1", isbns=(SECOND, FIRST))], now=now)

        assert save_books([a_book("1", isbns=(FIRST, SECOND, FIRST))], now=now).unchanged == 1


class TestRefusedBooks:
    def test_are_named_and_stop_no_other(self, now: datetime) -> None:
        report = save_books([BookInput(key="new", ratings_count=5), a_book("2")], now=now)

        assert report.outcomes == {"new": "refused", "2": "created"}
        assert "needs a title" in report.reasons["new"]


class TestDeleteBooks:
    def test_withdraws_live_books_only_and_keeps_their_rows(self, now: datetime) -> None:
        save_books([a_book("1"), a_book("2")], now=now)

        assert delete_books(["1", "unknown"], now=now) == 1
        assert delete_books(["1"], now=now) == 0
        assert [card.key for card in shelf().cards] == ["2"]
        assert Book.objects.count() == 2
