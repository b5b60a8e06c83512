"""Whose books the storefront shows: never those of another reader, with script and without."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import DemoServer, OpenPage
from tests.browser.storefront import home_of_when_loaded, query_of, typed

pytestmark = pytest.mark.browser

STRANGERS = pytest.mark.parametrize("named", ["R-99999", "Mia%20Weber", "%3Cscript%3E"])
SIZES = pytest.mark.parametrize("width", [1440, 360])


HOME_AGAIN = "import('/static/demo/home.js').then(({ showHome }) => showHome())"


def with_a_wrong_token(route: Route) -> None:
    """The page as it is, with a token that was signed elsewhere."""
    answer = route.fetch()
    route.fulfill(response=answer, body=re.sub('data-token="[^"]+"', 'data-token="WzFd:1:x"', answer.text()))


def links_of(page: Page) -> list[dict[str, list[str]]]:
    """The query of every link that stays in the storefront."""
    found = page.locator("a[href^='/']").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return [parse_qs(urlsplit(href).query) for href in found]


def bands_of(page: Page, demo_server: DemoServer) -> set[str]:
    return {demo_server.api(f"books/{key}", age_band="adult")["age_band"] for key in home_of_when_loaded(page)}


class TestWhoIsReading:
    def test_is_the_youngest_where_nobody_was_chosen(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        visit = open_page()
        page = visit.go("/")

        expect(page.locator(".who")).to_contain_text("Who is reading? You have not said it yet")
        expect(page.locator(".who")).to_contain_text("reads at 0 to 5")
        assert bands_of(page, demo_server) == {"0-5"}
        assert page.get_by_label("Reading as").input_value() in demo_server.readers["0-5"]
        visit.screenshot("storefront-nobody-chosen", full_page=False)

    @STRANGERS
    @SIZES
    def test_is_said_where_nobody_knows_the_reader(
        self, open_page: OpenPage, demo_server: DemoServer, named: str, width: int
    ) -> None:
        visit = open_page(width=width, touch=width == 360)
        page = visit.go(f"/?reader={named}")
        reader = query_of(page)["reader"]

        expect(page.locator(".stranger")).to_contain_text("We do not know who")
        expect(page.locator(".stranger")).to_contain_text("books for the youngest children, from 0 to 5 years")
        assert bands_of(page, demo_server) == {"0-5"}
        assert not visit.scrolls_sideways()
        visit.screenshot(f"storefront-stranger-{width}", full_page=False)

        assert {tuple(query["reader"]) for query in links_of(page)} == {tuple(reader)}
        assert page.get_by_label("Reading as").input_value() == reader[0]

    @STRANGERS
    def test_stays_a_stranger_through_search_results_a_book_and_back(
        self, open_page: OpenPage, demo_server: DemoServer, named: str
    ) -> None:
        page = open_page().go(f"/?reader={named}")
        reader = query_of(page)["reader"]
        home_of_when_loaded(page)

        typed(page, "the")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("“the”")
        assert query_of(page) == {"q": ["the"], "reader": reader}
        assert bands_of(page, demo_server) == {"0-5"}

        page.locator(".card-link").first.click()
        expect(page.locator(".detail")).to_be_visible()
        assert query_of(page)["reader"] == reader
        expect(page.locator("[data-act]")).to_have_count(0)  # nobody reads, so nothing is noted

        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_contain_text("“the”")
        assert query_of(page)["reader"] == reader
        page.get_by_role("link", name="epicml").click()
        expect(page.locator(".stranger")).to_be_visible()
        assert query_of(page)["reader"] == reader

    def test_is_told_when_the_reader_is_erased_while_reading(
        self, open_page: OpenPage, demo_server: DemoServer
    ) -> None:
        key = demo_server.readers["adult"][-1]
        visit = open_page()
        page = visit.go(f"/?reader={key}")
        home_of_when_loaded(page)
        demo_server.send("DELETE", f"readers/{key}")

        typed(page, "the")
        expect(page.locator("#notice")).to_contain_text("We do not know who is reading any more.")
        page.evaluate("document.getElementById('notice').replaceChildren()")
        page.evaluate("import('/static/demo/home.js').then(({ showHome }) => showHome())")

        expect(page.locator("#notice")).to_contain_text("We do not know who is reading any more.")
        assert bands_of(page, demo_server) == {"0-5"}
        visit.wrongs.clear()  # the console notes the 404 of the home page

    def test_is_the_same_after_going_back_from_another(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        first, other = demo_server.readers["0-5"][0], demo_server.readers["12-14"][0]
        page = open_page().go(f"/?reader={first}")
        home_of_when_loaded(page)
        page.get_by_label("Reading as").select_option(other)
        page.wait_for_url(f"**reader={other}*")
        home_of_when_loaded(page)

        page.go_back()

        expect(page.locator(".who")).to_contain_text(first)
        expect(page.get_by_label("Reading as")).to_have_value(first)


class TestWhoIsReadingIsProven:
    """What the page asks for, it asks for with a token of its reader."""

    def test_by_a_token_in_a_header_and_never_in_an_address(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        visit = open_page()
        asked: list[Request] = []
        visit.page.on("request", lambda request: asked.append(request) if "/api/v1/" in request.url else None)
        page = visit.go(f"/?reader={demo_server.readers['15-17'][0]}")
        home_of_when_loaded(page)
        typed(page, "the")

        tokens = {request.headers["x-reader-token"] for request in asked}
        assert tokens == {page.evaluate("document.body.dataset.token")}
        assert not any(token in request.url for token in tokens for request in asked)

    def test_anew_before_the_token_expires(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        visit = open_page()
        visit.page.clock.install()
        page = visit.go(f"/?reader={demo_server.readers['15-17'][0]}")
        shown = home_of_when_loaded(page)
        page.clock.fast_forward("20:00")

        with page.expect_response("**/demo/reader-token") as renewed:
            page.evaluate(HOME_AGAIN)
        assert renewed.value.status == 200
        assert home_of_when_loaded(page) == shown
        assert not page.locator("#notice *").count()

    def test_anew_once_where_the_server_takes_the_token_no_more(
        self, open_page: OpenPage, demo_server: DemoServer
    ) -> None:
        visit = open_page()
        answers: list[int] = []
        visit.page.on("response", lambda answer: answers.append(answer.status) if "/api/v1/" in answer.url else None)
        visit.page.route("**/?reader=*", with_a_wrong_token)
        page = visit.go(f"/?reader={demo_server.readers['15-17'][0]}")

        assert home_of_when_loaded(page)
        assert answers == [401, 200]
        assert not page.locator("#notice *").count()
        assert [wrong for wrong in visit.wrongs if "401" not in wrong] == []
        visit.wrongs.clear()  # the console notes the 401

    def test_after_going_back_and_forward(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        first, other = demo_server.readers["0-5"][0], demo_server.readers["15-17"][0]
        page = open_page().go(f"/?reader={first}")
        young = home_of_when_loaded(page)
        page.goto(f"{demo_server.address}/?reader={other}")
        old = home_of_when_loaded(page)

        page.go_back()
        expect(page.locator(".who")).to_contain_text(first)
        assert home_of_when_loaded(page) == young
        page.go_forward()
        expect(page.locator(".who")).to_contain_text(other)
        assert home_of_when_loaded(page) == old

    def test_for_sample_readers_alone_whoever_else_there_is(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        demo_server.send("PUT", "readers/R-of-the-library", {"age_band": "adult"})
        page = open_page().go("/?reader=R-of-the-library")
        assert bands_of(page, demo_server) == {"0-5"}
        expect(page.locator(".stranger")).to_contain_text("We do not know who")
        assert page.evaluate("document.body.dataset.token") is None


class TestWithoutScript:
    @SIZES
    @pytest.mark.parametrize("named", ["0-5", "9-11", "R-99999", "Mia Weber"])
    def test_nothing_jumps_to_another_reader(
        self, open_page: OpenPage, demo_server: DemoServer, named: str, width: int
    ) -> None:
        reader = demo_server.readers[named][0] if named in demo_server.readers else named
        visit = open_page(width=width, script=False)
        page = visit.go(f"/?{urlencode({'reader': reader})}")
        assert not page.locator("#content *").count()
        assert page.get_by_label("Reading as").input_value() == reader

        page.get_by_role("combobox", name="Search").fill("dragon")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=dragon*")
        assert query_of(page) == {"q": ["dragon"], "reader": [reader]}
        visit.screenshot(f"storefront-without-script-{width}", full_page=False)

        page.get_by_role("button", name="Change").click()
        page.wait_for_load_state()
        assert query_of(page) == {"q": ["dragon"], "reader": [reader]}
        page.get_by_role("link", name="epicml").click()
        page.wait_for_load_state()
        assert query_of(page) == {"reader": [reader]}

    def test_another_reader_is_chosen_by_the_button(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        other = demo_server.readers["12-14"][0]
        page = open_page(script=False).go("/?reader=R-99999")
        page.get_by_label("Reading as").select_option(other)
        page.get_by_role("button", name="Change").click()
        page.wait_for_url(f"**reader={other}*")
        expect(page.locator(".who")).to_contain_text(f"{other} reads at 12 to 14")
