"""Why a list was shown, on the page of the reader: from the lists that were noted."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from apps.catalog.services.books import delete_books
from apps.events.models import Event, ServedList
from apps.events.services.ingest import ingest
from apps.events.services.lists import NewList, flush_lists, serve_list
from apps.platform.models import AuditEntry
from apps.readers.selectors import reader_profile
from apps.recommendations.pages.shown_lists import surface_name
from apps.recommendations.services import answers
from apps.releases.selectors.listing import ReleaseRow
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON, reader_key

CHILD, OTHER = reader_key("dragon", 1), reader_key("robot", 1)


def page_of(client: Client, reader: str = CHILD, **query: str) -> str:
    """The text of the page of this reader, without its tags."""
    answer = client.get(reverse("reader-sees", args=[reader]), query)
    assert answer.status_code == 200
    body = re.sub(r"<(style|script).*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def shown_part(page: str) -> str:
    return page[page.index("Shown before lists as") :]


def chosen_part(page: str) -> str:
    return page[page.index("Why was this shown?") :]


def act(kind: str, book: str, list_id: str | UUID, *, minutes: int, reader: str = CHILD, **more: Any) -> None:
    """The reader does this with a book of the list, so many minutes after noon."""
    event = {"event_id": f"{kind}-{book}-{minutes}-{reader}", "reader": reader, "book": book, "kind": kind, **more}
    moment = (NOON + timedelta(minutes=minutes)).isoformat()
    (outcome,) = ingest(
        [{**event, "list_id": str(list_id), "occurred_at": moment}], now=NOON + timedelta(minutes=minutes)
    )
    assert outcome.status == "stored", outcome


class TestShownBefore:
    def test_says_what_is_missing_while_nothing_was_shown(self, admin_client: Client, full_library: None) -> None:
        page = page_of(admin_client)
        assert "No list of this reader is kept." in shown_part(page)
        assert "Why was this shown?" not in page
        assert "Recommended now what would be shown at this moment" in page

    def test_lists_the_newest_with_where_when_and_what_made_them(
        self, live_model: ReleaseRow, admin_client: Client
    ) -> None:
        answers.recommend(CHILD, limit=4, is_shown=True, now=NOON)
        answers.popular(
            reader_key=CHILD, age_band=None, genre=None, limit=7, is_shown=True, now=NOON + timedelta(minutes=3)
        )
        answers.recommend(OTHER, limit=5, is_shown=True, now=NOON + timedelta(minutes=4))
        flush_lists()
        part = shown_part(page_of(admin_client))
        assert (
            "The newest was shown on 24 Nov 2026, 12:03 UTC: Popular books. 0 lists of 2 led to an act."
            in part.split("List Shown Release")[0]
        )
        rows = part.split("Acted on", 1)[1].split("Kept for")[0]
        assert re.search(
            "Popular books for age 9 to 11; its books are below 24 Nov 2026, 12:03 UTC "
            rf"{live_model.key} none none 7 0 "
            rf"Recommendations for age 9 to 11 24 Nov 2026, 12:00 UTC {live_model.key} none none 4 0",
            rows,
        ), rows

    def test_shows_the_rows_of_a_home_page_in_their_order(self, live_model: ReleaseRow, admin_client: Client) -> None:
        rows = [row.kind for row in answers.home_page(CHILD, size=4, is_shown=True, now=NOON).rows]
        flush_lists()
        part = shown_part(page_of(admin_client)).split("Kept for")[0]
        shown = re.findall(r"Home page, row “([^”]+)” for age", part)
        assert shown == [kind.replace("_", " ") for kind in rows]
        assert len(shown) >= 2

    def test_says_arms_fallback_and_who_reported_it(self, admin_client: Client, full_library: None) -> None:
        ids = [item.card.id for item in answers.recommend(CHILD, limit=2, now=NOON).items]
        new = NewList(
            surface="page/shelf_3",
            age_band=AgeBand.AGES_9_TO_11,
            items=ids,
            reader_id=reader_profile(CHILD).id,
            fallback="model_unavailable",
            arms={"ranking": "b", "covers": "large"},
        )
        list_id = serve_list(new, now=NOON)
        flush_lists()
        ServedList.objects.filter(pk=list_id).update(sender="7", sent_id="shelf-3-of-today")
        book = answers.recommend(CHILD, limit=1, now=NOON).items[0].card.key
        act("opened", book, "shelf-3-of-today", minutes=1)
        page = page_of(admin_client)
        assert "The reader acted on 1 of them." in chosen_part(page)
        newer = serve_list(new, now=NOON + timedelta(minutes=2))
        flush_lists()
        ServedList.objects.filter(pk=newer).update(sender="8", sent_id="shelf-3-of-today")
        Event.objects.update(sender="7")  # so that the act names the list of its own sender, not the other's
        assert "1 list of 2 led to an act." in shown_part(page_of(admin_client))
        assert "The reader acted on 0 of them." in chosen_part(page_of(admin_client, list=str(newer)))
        assert "covers: large, ranking: b" in shown_part(page)
        assert "reported by a client" in shown_part(page)
        assert "A fallback answered: model unavailable." in chosen_part(page)

    @pytest.mark.parametrize(
        ("surface", "name"),
        [
            ("home/for_you", "Home page, row “for you”"),
            ("home", "Home page"),
            ("search", "Search"),
            ("page/shelf_3", "page, row “shelf 3”"),
            ("", "a page without a name"),
        ],
    )
    def test_names_where_a_list_was_shown(self, surface: str, name: str) -> None:
        assert surface_name(surface) == name


class TestWhyWasThisShown:
    def test_has_the_books_in_order_and_what_was_done_with_each(
        self, live_model: ReleaseRow, admin_client: Client
    ) -> None:
        shown = answers.recommend(CHILD, limit=4, is_shown=True, now=NOON)
        flush_lists()
        assert shown.list_id is not None
        keys = [item.card.key for item in shown.items]
        act("opened", keys[1], shown.list_id, minutes=1)
        act("finished", keys[1], shown.list_id, minutes=50)
        act("hidden", keys[3], shown.list_id, minutes=2)
        act("opened", keys[0], "another-list", minutes=2)
        page = page_of(admin_client)
        part = chosen_part(page)
        assert (
            f"Recommendations showed 4 books on 24 Nov 2026, 12:00 UTC, made by {live_model.key}. "
            "The reader acted on 2 of them." in part
        )
        table = part.split("did with it after", 1)[1].split("Kept of a list")[0]
        expected = [
            r"1 \S+ {0} .* nothing",
            r"2 \S+ {1} .* opened 24 Nov 2026, 12:01 UTC finished 24 Nov 2026, 12:50 UTC",
            r"3 \S+ {2} .* nothing",
            r"4 \S+ {3} .* hidden 24 Nov 2026, 12:02 UTC",
        ]
        titles = [re.escape(item.card.title) for item in shown.items]
        assert re.search(".*".join(line.format(*titles) for line in expected), table), table
        assert "1 list of 1 led to an act." in shown_part(page)

    def test_shows_the_list_of_the_address_also_where_it_is_old(self, full_library: None, admin_client: Client) -> None:
        first = answers.recommend(CHILD, limit=3, is_shown=True, now=NOON)
        for minute in range(1, 15):
            answers.recommend(CHILD, limit=2, is_shown=True, now=NOON + timedelta(minutes=minute))
        flush_lists()
        page = page_of(admin_client, list=str(first.list_id))
        assert "showed 3 books on 24 Nov 2026, 12:00 UTC" in chosen_part(page)
        assert "its books are below" not in shown_part(page)
        assert "0 lists of 12 led to an act." in shown_part(page)

    def test_counts_places_on_over_the_pages_of_a_search(self, admin_client: Client, full_library: None) -> None:
        ids = [item.card.id for item in answers.recommend(CHILD, limit=2, now=NOON).items]
        reader_id = reader_profile(CHILD).id
        serve_list(NewList("search", AgeBand.AGES_9_TO_11, ids, reader_id=reader_id, first_position=21), now=NOON)
        flush_lists()
        table = chosen_part(page_of(admin_client)).split("did with it after", 1)[1]
        assert re.match(r" 21 \S+ The .* nothing 22 \S+ The ", table), table

    def test_says_that_a_search_found_nothing(self, admin_client: Client, full_library: None) -> None:
        serve_list(NewList("search", AgeBand.AGES_9_TO_11, [], reader_id=reader_profile(CHILD).id), now=NOON)
        flush_lists()
        assert "Search showed 0 books on 24 Nov 2026, 12:00 UTC: nothing was found." in page_of(admin_client)

    def test_says_that_a_book_left_the_catalogue(self, full_library: None, admin_client: Client) -> None:
        shown = answers.recommend(CHILD, limit=3, is_shown=True, now=NOON)
        flush_lists()
        delete_books([shown.items[1].card.key], now=NOON)
        table = chosen_part(page_of(admin_client)).split("did with it after", 1)[1]
        assert "2 a book no longer in the catalogue nothing" in table

    def test_says_that_there_is_no_such_list(self, admin_client: Client, full_library: None) -> None:
        for asked in ("x", "0193a3c0-0000-7000-8000-000000000000", "'--", "a" * 5000):
            assert "This list is not kept for this reader." in page_of(admin_client, list=asked)

    def test_shows_no_list_of_another_reader_or_of_nobody(self, full_library: None, admin_client: Client) -> None:
        other = answers.recommend(OTHER, limit=3, is_shown=True, now=NOON)
        nobody = answers.popular(reader_key=None, age_band=AgeBand.ADULT, genre=None, limit=3, is_shown=True, now=NOON)
        flush_lists()
        for shown in (other, nobody):
            assert "This list is not kept for this reader." in page_of(admin_client, list=str(shown.list_id))

    def test_is_noted_in_the_audit_like_any_look_at_a_reader(self, admin_client: Client, full_library: None) -> None:
        before = AuditEntry.objects.filter(action="reader_seen").count()
        page_of(admin_client)
        assert AuditEntry.objects.filter(action="reader_seen").count() == before + 1
