"""What a reader does on the storefront names the list in which the book stood, and its place there."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import DemoServer, OpenPage, Visit
from tests.browser.storefront import home_of_when_loaded, options, query_of, typed

pytestmark = pytest.mark.browser


@pytest.fixture
def reader(demo_server: DemoServer) -> str:
    """A reader of 12 to 14 whom no other test uses."""
    return demo_server.readers["12-14"][1]


def sent_events(visit: Visit) -> list[dict[str, Any]]:
    """Every event that the page sends from now on."""
    sent: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        body: Any = request.post_data_json if request.url.endswith("/api/v1/events") else {"events": []}
        sent.extend(body["events"])

    visit.page.on("request", note)
    return sent


def answer_of(page: Page, path: str, act: Callable[[], object]) -> Any:
    """What the API answers at this path while this is done."""
    with page.expect_response(re.compile(rf"/api/v1/{path}\?")) as answered:
        act()
    return answered.value.json()


def stored_sessions(server: DemoServer, reader: str, text: str) -> list[dict[str, Any]]:
    """Each session of this text that the API stored of the reader; waits until there is one.

    What a page sends while it is left is not always told to the one who drives the browser.
    """
    for _ in range(100):
        sessions = [event["details"] for event in server.api(f"readers/{reader}/export")["events"]]
        found = [session for session in sessions if session and session["typed"] == text]
        if found:
            return found
        time.sleep(0.1)
    return []


def place_of(event: dict[str, Any]) -> tuple[str | None, int | None]:
    return event.get("list_id"), event.get("position")


class TestHome:
    def test_names_list_and_place_of_a_book_that_is_hidden_and_of_one_that_is_opened(
        self, open_page: OpenPage, demo_server: DemoServer, reader: str
    ) -> None:
        visit = open_page()
        sent = sent_events(visit)
        home = answer_of(visit.page, f"readers/{reader}/home", lambda: visit.go(f"/?reader={reader}"))
        row = home["rows"][1]
        third = row["items"][2]["book"]["key"]
        cards = visit.page.locator(f"[data-row='{row['key']}'] [data-book]")

        again = answer_of(
            visit.page, f"readers/{reader}/home", lambda: cards.nth(2).locator("[data-act=hidden]").click()
        )
        expect(visit.page.locator("#toast")).to_contain_text("You hid")
        first = again["rows"][0]["items"][0]["book"]["key"]
        visit.page.locator(f"[data-book='{first}'] .card-link").first.click()
        expect(visit.page.locator(".detail")).to_be_visible()
        visit.page.wait_for_load_state("networkidle")

        assert [(event["kind"], event["book"], *place_of(event)) for event in sent] == [
            ("hidden", third, row["list_id"], 3),
            ("opened", first, again["rows"][0]["list_id"], 1),
        ]
        marks = {event["book"]: event["list_mark"] for event in demo_server.api(f"readers/{reader}/export")["events"]}
        assert (marks[third], marks[first]) == ("matched", "matched")
        assert len({each["list_id"] for each in (*home["rows"], *again["rows"])}) == len(home["rows"]) + len(
            again["rows"]
        )


class TestBook:
    def test_carries_the_place_on_to_what_is_done_there_and_to_the_books_beside_it(
        self, open_page: OpenPage, reader: str
    ) -> None:
        visit = open_page()
        home_of_when_loaded(visit.go(f"/?reader={reader}"))
        sent = sent_events(visit)
        similar = answer_of(visit.page, r"books/[^/]+/similar", lambda: visit.page.locator(".card-link").nth(1).click())
        opened_from = query_of(visit.page)
        visit.page.locator(".detail [data-act=finished]").click()
        expect(visit.page.locator("#toast")).to_contain_text("You finished")
        assert [(event["kind"], *place_of(event)) for event in sent] == [
            ("opened", opened_from["list"][0], 2),
            ("finished", opened_from["list"][0], 2),
        ]

        visit.page.locator(".card-link").nth(3).click()
        visit.page.wait_for_url(f"**list={similar['list_id']}&position=4*")

    @pytest.mark.parametrize("place", ["", "&list=x&position=1", "&list=0&position=0", "&position=3"])
    def test_names_no_list_where_the_address_names_none(
        self, open_page: OpenPage, demo_server: DemoServer, reader: str, place: str
    ) -> None:
        book = demo_server.api("search", age_band="0-5")["items"][0]["key"]
        visit = open_page()
        sent = sent_events(visit)
        visit.go(f"/?reader={reader}&book={book}{place}")
        expect(visit.page.locator("[data-row=similar]")).to_be_visible()
        visit.page.wait_for_load_state("networkidle")
        assert [(event["kind"], *place_of(event)) for event in sent] == [("opened", None, None)]


class TestResults:
    def test_count_places_on_over_the_pages(self, open_page: OpenPage, reader: str) -> None:
        visit = open_page()
        found = answer_of(visit.page, "search", lambda: visit.go(f"/?reader={reader}&q=the&page=2"))
        sent = sent_events(visit)
        visit.page.locator(".card-link").nth(4).click()
        expect(visit.page.locator(".detail")).to_be_visible()
        visit.page.wait_for_load_state("networkidle")
        assert [(event["kind"], *place_of(event)) for event in sent] == [("opened", found["list_id"], 26)]


class TestSuggestions:
    """Typing stores nothing; the session is told once, when the page is left."""

    def test_are_one_event_with_what_was_chosen(
        self, open_page: OpenPage, demo_server: DemoServer, reader: str
    ) -> None:
        visit = open_page()
        home_of_when_loaded(visit.go(f"/?reader={reader}"))
        sent = sent_events(visit)
        typed(visit.page, "drago")
        visit.page.wait_for_load_state("networkidle")
        shown = options(visit.page).count()
        assert sent == []
        visit.page.keyboard.press("ArrowDown")
        visit.page.keyboard.press("ArrowDown")
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("h1")).to_be_visible()
        [session] = stored_sessions(demo_server, reader, "drago")
        assert session["chosen"] == session["shown"][1]
        assert len(session["shown"]) == shown >= 2

    def test_are_one_event_without_a_choice_where_the_text_is_searched(
        self, open_page: OpenPage, demo_server: DemoServer, reader: str
    ) -> None:
        visit = open_page()
        home_of_when_loaded(visit.go(f"/?reader={reader}"))
        typed(visit.page, "magic")
        visit.page.keyboard.press("Enter")
        expect(visit.page.get_by_role("heading", level=1)).to_contain_text("“magic”")
        [session] = stored_sessions(demo_server, reader, "magic")
        assert session["chosen"] is None
        assert session["shown"]

    def test_are_one_event_also_where_the_reader_goes_elsewhere(
        self, open_page: OpenPage, demo_server: DemoServer, reader: str
    ) -> None:
        visit = open_page()
        home_of_when_loaded(visit.go(f"/?reader={reader}"))
        typed(visit.page, "wimpy k")
        visit.page.keyboard.press("Escape")
        visit.page.keyboard.press("Escape")
        visit.page.goto("about:blank")
        [session] = stored_sessions(demo_server, reader, "wimpy k")
        assert session["chosen"] is None

    def test_of_who_is_not_known_are_not_told(self, open_page: OpenPage) -> None:
        visit = open_page()
        home_of_when_loaded(visit.go("/?reader=R-99999"))
        sent = sent_events(visit)
        typed(visit.page, "the")
        visit.page.keyboard.press("Enter")
        expect(visit.page.get_by_role("heading", level=1)).to_contain_text("“the”")
        assert sent == []
