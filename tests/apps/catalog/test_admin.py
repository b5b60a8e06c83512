import dataclasses
import html
import re
from datetime import datetime

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.catalog.models import AgeBandSource, Book
from apps.catalog.selectors.changes import changes_after
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, save_books
from apps.platform.models import AuditEntry
from epicml.audience.bands import AgeBand
from tests import bulk
from tests.apps.catalog.samples import HOLES, a_book

pytestmark = pytest.mark.django_db

LIST = "admin:catalog_book_changelist"
ADD = "admin:catalog_book_add"
CHANGE = "admin:catalog_book_change"
FORM = {
    "key": "holes",
    "title": "Holes",
    "author_names": "Louis Sachar\nA Second One\n",
    "series_name": "Holes",
    "series_number": "1",
    "age_band": "2",
    "reading_level": "5",
    "language": "eng",
    "published_year": "1998",
    "genre_names": "childrens\nmiddle-grade",
    "isbn_numbers": "0-440-41480-6",
    "ratings_count": "719000",
    "average_rating": "3.93",
}


class TestBookAdmin:
    def test_adds_a_book_through_the_change_log(self, admin_client: Client) -> None:
        answer = admin_client.post(reverse(ADD), FORM)

        assert answer.status_code == 302
        card = shelf().card("holes")
        assert (card.authors, card.series, card.age_band, card.language) == (
            ("Louis Sachar", "A Second One"),
            "Holes",
            AgeBand.AGES_9_TO_11,
            "en",
        )
        assert [row.kind for row in changes_after(0)] == ["upsert"]

    def test_shows_a_book_as_it_is_and_changes_it(self, admin_client: Client, now: datetime) -> None:
        save_books([HOLES], now=now)
        url = reverse(CHANGE, args=[Book.objects.get().pk])

        page = admin_client.get(url).text
        answer = admin_client.post(url, {**FORM, "key": "other", "title": "Löcher", "author_names": "Louis Sachar"})

        assert "Louis Sachar" in page
        assert "childrens\nmiddle-grade" in page
        assert "9780440414803" in page
        assert answer.status_code == 302
        assert [(card.key, card.title) for card in shelf().cards] == [("holes", "Löcher")]
        assert len(changes_after(0)) == 2

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("key", "a b", "Enter a valid value"),
            ("title", "", "required"),
            ("reading_level", "13", "from 1 to 12"),
            ("published_year", "9999", "from -4000 to 2100"),
            ("average_rating", "6", "from 0 to 5"),
            ("language", "English", "is no language code"),
            ("author_names", "\n".join(str(number) for number in range(61)), "At most 60"),
            ("age_band", "9", "not one of the available choices"),
            ("isbn_numbers", "0-440-41480-7", "its check digit or prefix is wrong"),
        ],
    )
    def test_says_what_is_wrong(self, admin_client: Client, field: str, value: str, sentence: str) -> None:
        answer = admin_client.post(reverse(ADD), {**FORM, field: value})

        assert answer.status_code == 200
        assert sentence in answer.text
        assert not Book.objects.exists()

    def test_withdraws_by_an_action(self, admin_client: Client, now: datetime) -> None:
        save_books([a_book("1"), a_book("2")], now=now)
        chosen = [Book.objects.get(key="1").pk]

        page = bulk.do(admin_client, reverse(LIST), "withdraw", chosen)

        assert "Withdrawn: 1 book." in page.text
        assert [card.key for card in shelf().cards] == ["2"]

    def test_undoes_a_withdrawal_by_the_link_in_its_message(self, admin_client: Client, now: datetime) -> None:
        save_books([a_book(str(number)) for number in range(4)], now=now)
        delete_books(["3"], now=now)  # before, and not undone with it
        chosen = list(Book.objects.exclude(key="0").values_list("pk", flat=True))
        page = bulk.do(admin_client, reverse(LIST), "withdraw", chosen)
        undo = re.search(r'href="([^"]*/withdrawn/[^"]*)"', page.text)
        assert undo

        asked = admin_client.get(html.unescape(undo[1]))
        assert bulk.question(asked) == "Restore 2 books?"
        assert "Restored: 2 books." in bulk.confirm(admin_client, asked).text
        assert sorted(card.key for card in shelf().cards) == ["0", "1", "2"]
        assert set(AuditEntry.objects.filter(action="changed_many").values_list("about", flat=True)) == {
            "Withdrew 2 books",
            "Restored 2 books",
        }

    @pytest.mark.parametrize("at", ["yesterday", "9999999999", "2026-13-45T00:00:00", "%01"])
    def test_finds_no_withdrawal_at_a_time_that_is_none(self, at: str, admin_client: Client) -> None:
        assert admin_client.get(f"/admin/catalog/book/withdrawn/{at}/").status_code == 400

    def test_finds_by_author_and_state(self, admin_client: Client, now: datetime) -> None:
        save_books([a_book("1", title="Alpha", authors=("Zoe",)), a_book("2", title="Beta")], now=now)
        delete_books(["2"], now=now)

        found = admin_client.get(reverse(LIST), {"q": "zoe", "state": "live"}).text
        withdrawn = admin_client.get(reverse(LIST), {"state": "withdrawn"}).text

        assert "Alpha" in found
        assert "Beta" not in found
        assert "Beta" in withdrawn
        assert "Alpha" not in withdrawn

    def test_lets_who_may_only_look_change_nothing(self, client: Client, now: datetime) -> None:
        save_books([a_book("1")], now=now)
        viewer = User.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_book"))
        client.force_login(viewer)
        pk = Book.objects.get().pk

        assert client.get(reverse(LIST)).status_code == 200
        assert client.get(reverse(ADD)).status_code == 403
        assert client.post(reverse(CHANGE, args=[pk]), FORM).status_code == 403
        client.post(reverse(LIST), {"action": "withdraw", "_selected_action": [pk]})
        assert len(shelf().cards) == 1


class TestChangeAdmin:
    def test_shows_the_log_and_no_button(self, admin_client: Client, now: datetime) -> None:
        save_books([a_book("1", title="Alpha")], now=now)

        assert "Alpha" in admin_client.get(reverse("admin:catalog_change_changelist")).text
        assert admin_client.get(reverse("admin:catalog_change_add")).status_code == 403


class TestAgeBands:
    def test_says_what_was_guessed_and_from_what(self, admin_client: Client, now: datetime) -> None:
        save_books([BookInput(key="1", title="Bears", genres=("Picture books", "Bears"))], now=now)
        save_books([BookInput(key="2", title="Law", genres=("Law",))], now=now)

        guessed, unknown = (admin_client.get(reverse(CHANGE, args=[pk])).text for pk in book_ids_of("1", "2"))

        assert "0 to 5: guessed from “Picture books”" in guessed
        assert "guessed for adults, because no genre says for whom the book is" in unknown

    def test_are_filtered_by_who_said_them(self, admin_client: Client, now: datetime) -> None:
        save_books([HOLES, BookInput(key="1", title="Bears", genres=("Picture books",))], now=now)

        page = admin_client.get(reverse(LIST), {"age_band_source__exact": "guessed"}).text

        assert "Bears" in page
        assert "Louis Sachar" not in page

    def test_that_one_edit_corrects_stay_after_the_next_import(self, admin_client: Client, now: datetime) -> None:
        book = BookInput(key="holes", title="Holes", genres=("Picture books",))
        save_books([book], now=now)

        admin_client.post(reverse(CHANGE, args=book_ids_of("holes")), FORM)
        save_books([book, dataclasses.replace(book, age_band=AgeBand.AGES_0_TO_5)], now=now)

        assert shelf().card("holes").age_band is AgeBand.AGES_9_TO_11
        assert Book.objects.get().age_band_source == AgeBandSource.STAFF

    def test_nobody_touched_stay_as_they_were_said(self, admin_client: Client, now: datetime) -> None:
        save_books([HOLES], now=now)

        admin_client.post(reverse(CHANGE, args=book_ids_of("holes")), {**FORM, "title": "Löcher"})

        assert Book.objects.values_list("title", "age_band_source").get() == ("Löcher", AgeBandSource.GIVEN)

    def test_are_left_to_the_genres_again(self, admin_client: Client, now: datetime) -> None:
        save_books([dataclasses.replace(HOLES, by_staff=True)], now=now)

        admin_client.post(
            reverse(CHANGE, args=book_ids_of("holes")), {**FORM, "age_band": "", "genre_names": "Picture books"}
        )

        card = shelf().card("holes")
        assert (card.age_band, card.reading_level) == (AgeBand.AGES_0_TO_5, 1)
        assert Book.objects.get().age_band_source == AgeBandSource.GUESSED

    def test_are_confirmed_for_many_books_at_once(self, admin_client: Client, now: datetime) -> None:
        save_books([BookInput(key=key, title=key, genres=("Picture books",)) for key in "ab"], now=now)

        bulk.do(admin_client, reverse(LIST), "confirm_age_bands", book_ids_of("a", "b"))

        assert set(Book.objects.values_list("age_band", "age_band_source")) == {(0, AgeBandSource.STAFF)}

    def test_confirmed_of_a_withdrawn_book_do_not_bring_it_back(self, admin_client: Client, now: datetime) -> None:
        save_books([BookInput(key="a", title="a")], now=now)
        delete_books(["a"], now=now)

        admin_client.post(reverse(LIST), {"action": "confirm_age_bands", "_selected_action": book_ids_of("a")})

        assert Book.objects.get().withdrawn_at == now

    def test_warns_where_an_isbn_is_that_of_another_book(self, admin_client: Client, now: datetime) -> None:
        save_books([a_book("other", isbns=("9780440414803",))], now=now)

        page = admin_client.post(reverse(ADD), FORM, follow=True).text

        assert "ISBN 9780440414803 is that of book" in page


def book_ids_of(*keys: str) -> list[int]:
    ids = dict(Book.objects.values_list("key", "pk"))
    return [ids[key] for key in keys]
