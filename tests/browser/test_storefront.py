"""The storefront as a reader uses it: by keyboard, by touch, in the dark, on a small screen."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import DemoServer, OpenPage
from tests.browser.storefront import home_of, home_of_when_loaded, options, query_of, typed

pytestmark = pytest.mark.browser

BAND_ORDER = ["0-5", "6-8", "9-11", "12-14", "15-17", "adult"]


@pytest.fixture
def reader(demo_server: DemoServer) -> str:
    """A reader of 9 to 11 whom no other test uses."""
    return demo_server.readers["9-11"][0]


class TestSearchBox:
    def test_is_operated_by_keyboard_alone(self, open_page: OpenPage, reader: str) -> None:
        visit = open_page()
        page = visit.go(f"/?reader={reader}")
        box = page.get_by_role("combobox", name="Search")

        box.focus()
        typed(page, "harry pot")
        expect(box).to_have_attribute("aria-expanded", "true")
        expect(box).not_to_have_attribute("aria-activedescendant", re.compile("."))
        page.keyboard.press("ArrowDown")
        first = options(page).first
        expect(first).to_have_attribute("aria-selected", "true")
        expect(box).to_have_attribute("aria-activedescendant", str(first.get_attribute("id")))
        expect(box).to_be_focused()
        visit.screenshot("storefront-suggestions", full_page=False)
        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", level=1)).to_contain_text("Harry Potter")
        assert query_of(page)["reader"] == [reader]
        assert "book" in query_of(page)

    def test_closes_with_escape_and_empties_with_the_second(self, open_page: OpenPage, reader: str) -> None:
        page = open_page().go(f"/?reader={reader}")
        box = page.get_by_role("combobox", name="Search")
        typed(page, "wim")

        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox")).to_be_hidden()
        expect(box).to_have_value("wim")
        page.keyboard.press("Escape")

        expect(box).to_have_value("")

    def test_opens_the_results_for_the_text_when_nothing_is_chosen(self, open_page: OpenPage, reader: str) -> None:
        page = open_page().go(f"/?reader={reader}")
        typed(page, "magic")

        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", level=1)).to_contain_text("“magic”")
        assert query_of(page)["q"] == ["magic"]

    def test_says_how_many_suggestions_there_are(self, open_page: OpenPage, reader: str) -> None:
        page = open_page().go(f"/?reader={reader}")
        typed(page, "har")

        count = options(page).count()
        expect(page.locator("#search [role=status]")).to_have_text(re.compile(rf"^{count} suggestions?$"))

    def test_drops_answers_that_come_too_late(self, open_page: OpenPage, reader: str) -> None:
        page = open_page().go(f"/?reader={reader}")
        held: list[Route] = []
        page.route("**/suggest?q=h&**", lambda route: held.append(route))

        box = page.get_by_role("combobox", name="Search")
        box.press_sequentially("h")
        box.press_sequentially("obbit", delay=20)

        expect(options(page).first).to_contain_text("Hobbit")

    def test_marks_the_match(self, open_page: OpenPage, reader: str) -> None:
        page = open_page().go(f"/?reader={reader}")
        typed(page, "hobb")

        expect(page.locator("[role=option] mark").first).to_have_text(re.compile("hobb", re.IGNORECASE))


class TestResults:
    def test_are_narrowed_by_links_and_paged(self, open_page: OpenPage, reader: str) -> None:
        visit = open_page()
        page = visit.go(f"/?reader={reader}&q=the")
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_contain_text("books for “the”")
        before = heading.inner_text()
        visit.screenshot("storefront-results")

        page.get_by_role("region", name="Age").get_by_role("link").first.click()
        expect(page.locator(".facets a[aria-current]")).to_have_count(1)
        assert heading.inner_text() != before
        page.get_by_role("link", name="remove").click()
        expect(heading).to_have_text(before)

        visit.go(f"/?reader={reader}&q=the")
        first = home_of_when_loaded(page)
        page.get_by_role("link", name="Next").click()
        expect(page.get_by_text("Page 2 of")).to_be_visible()
        assert not set(home_of_when_loaded(page)) & set(first)

    def test_say_what_to_do_when_there_is_none(self, open_page: OpenPage, reader: str) -> None:
        visit = open_page(height=600)
        page = visit.go(f"/?reader={reader}&q=жжжжж")

        expect(page.get_by_text("No book for “жжжжж”.")).to_be_visible()
        visit.screenshot("storefront-empty")
        page.get_by_role("link", name="Back to the books").click()
        expect(page.locator("[data-row]").first).to_be_visible()

    def test_show_text_as_text(self, open_page: OpenPage, reader: str) -> None:
        page = open_page().go(f"/?reader={reader}&q=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E")

        expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()


class TestHome:
    def test_changes_when_a_book_was_finished(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        visit = open_page()
        page = visit.go(f"/?reader={demo_server.readers['9-11'][1]}")
        before = home_of_when_loaded(page)
        finished = before[0]
        title = page.locator(f"[data-book='{finished}'] .card-title").first.inner_text()

        page.locator(f"[data-book='{finished}'] [data-act=finished]").first.click()

        expect(page.locator("#toast")).to_contain_text(f"You finished {title}.")
        expect(page.locator(f"[data-book='{finished}']")).to_have_count(0)
        assert set(home_of(page)) - set(before)
        expect(page.locator(".is-new").first).to_be_visible()
        visit.screenshot("storefront-after-reading", full_page=False)
        page.reload()
        assert finished not in home_of_when_loaded(page)

    def test_hides_a_book_by_keyboard_and_keeps_the_place(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        page = open_page().go(f"/?reader={demo_server.readers['9-11'][2]}")
        hidden = home_of_when_loaded(page)[0]

        page.locator(f"[data-book='{hidden}'] [data-act=hidden]").first.focus()
        page.keyboard.press("Enter")

        expect(page.locator("#toast")).to_contain_text("You hid")
        expect(page.locator(f"[data-book='{hidden}']")).to_have_count(0)
        assert page.evaluate("document.activeElement.closest('[data-book]') !== null")

    def test_follows_the_choice_of_reader(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        page = open_page().go("/")
        before = home_of_when_loaded(page)
        other = demo_server.readers["12-14"][0]

        page.get_by_label("Reading as").select_option(other)

        page.wait_for_url(f"**reader={other}*")
        assert home_of_when_loaded(page) != before
        expect(page.locator(".who")).to_contain_text(f"{other} reads at 12 to 14")

    @pytest.mark.parametrize("band", BAND_ORDER)
    def test_shows_nothing_above_the_readers_age(self, open_page: OpenPage, demo_server: DemoServer, band: str) -> None:
        page = open_page().go(f"/?reader={demo_server.readers[band][0]}")

        bands = {demo_server.api(f"books/{key}", age_band="adult")["age_band"] for key in home_of_when_loaded(page)}

        assert bands <= set(BAND_ORDER[: BAND_ORDER.index(band) + 1])

    def test_gives_a_reason_for_books(self, open_page: OpenPage, reader: str) -> None:
        page = open_page().go(f"/?reader={reader}")
        home_of_when_loaded(page)

        reasons = page.locator(".reason").all_inner_texts()
        assert reasons
        assert all(reasons)

    def test_says_what_failed_and_tries_again(self, open_page: OpenPage, reader: str) -> None:
        visit = open_page(height=600)
        failing = {"code": "unavailable", "message": "The library is closed for a moment.", "fields": {}}
        visit.page.route("**/home?*", lambda route: route.fulfill(status=503, json=failing))
        page = visit.go(f"/?reader={reader}")

        expect(page.get_by_role("alert")).to_contain_text("The library is closed for a moment.")
        visit.screenshot("storefront-failed")
        page.unroute("**/home?*")
        page.get_by_role("button", name="Try again").click()

        expect(page.locator("[data-book]").first).to_be_visible()
        assert len(visit.wrongs) == 2  # the staged answer, and what the console says of it
        visit.wrongs.clear()

    def test_says_which_fallback_answered(self, open_page: OpenPage, demo_server: DemoServer, reader: str) -> None:
        visit = open_page()
        home = {**demo_server.api(f"readers/{reader}/home"), "fallback": "model_unavailable"}
        visit.page.route("**/home?*", lambda route: route.fulfill(json=home))
        page = visit.go(f"/?reader={reader}")

        expect(page.locator("#notice")).to_contain_text("The model for suggestions is not there.")
        expect(page.locator("[data-book]").first).to_be_visible()
        visit.screenshot("storefront-fallback", full_page=False)


class TestBookPage:
    def test_shows_the_book_and_those_read_with_it(self, open_page: OpenPage, reader: str) -> None:
        visit = open_page()
        page = visit.go(f"/?reader={reader}")
        home_of_when_loaded(page)
        title = page.locator(".card-title").first.inner_text()

        page.locator(".card-link").first.click()

        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.locator("[data-row=similar] [data-book]").first).to_be_visible()
        visit.screenshot("storefront-book")

    def test_does_not_show_an_adult_book_to_a_child(self, open_page: OpenPage, demo_server: DemoServer) -> None:
        found = demo_server.api("search", q="the", age_band="adult", page_size="50")["items"]
        adult = next(item for item in found if item["age_band"] == "adult")
        visit = open_page(height=600)
        page = visit.go(f"/?reader={demo_server.readers['6-8'][0]}&book={adult['key']}")

        expect(page.get_by_text("This book is not on this reader's shelf.")).to_be_visible()
        expect(page.get_by_text(adult["title"])).to_have_count(0)
        visit.wrongs.clear()  # the console notes the 404 that is asked for here


class TestLooks:
    @pytest.mark.parametrize(
        ("name", "width", "dark"), [("desktop", 1440, False), ("dark", 1440, True), ("360", 360, False)]
    )
    def test_never_scrolls_sideways(
        self, open_page: OpenPage, reader: str, name: str, width: int, *, dark: bool
    ) -> None:
        visit = open_page(width=width, dark=dark, touch=width == 360)
        page = visit.go(f"/?reader={reader}")
        book = home_of_when_loaded(page)[0]
        visit.screenshot(f"storefront-{name}")

        assert not visit.scrolls_sideways()
        for place in (f"/?reader={reader}&q=the", f"/?reader={reader}&book={book}"):
            visit.go(place)
            home_of_when_loaded(page)
            assert not visit.scrolls_sideways()

    def test_is_dark_where_the_system_is(self, open_page: OpenPage, reader: str) -> None:
        def ground(*, dark: bool) -> str:
            page = open_page(dark=dark).go(f"/?reader={reader}")
            return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

        assert ground(dark=True) == "rgb(16, 20, 32)"
        assert ground(dark=False) == "rgb(253, 253, 252)"

    def test_draws_the_same_cover_for_the_same_title(self, open_page: OpenPage, reader: str) -> None:
        # CRC-32 of "123456789" is 0xCBF43926: the check value that every description of CRC-32 gives.
        page = open_page().go(f"/?reader={reader}")
        script = "import('/static/demo/cover.js').then(({ crc32 }) => crc32('123456789'))"

        assert page.evaluate(script) == 0xCBF43926
