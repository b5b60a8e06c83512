"""The staff site as staff use it: by mouse, by keyboard, by touch, in the dark, on a small screen, without script."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PROJECT, DemoServer, OpenPage, Visit

pytestmark = pytest.mark.browser

PAGES = {
    "overview": "/admin/",
    "status": "/admin/status/",
    "books": "/admin/catalog/book/",
    "changes": "/admin/catalog/change/",
    "readers": "/admin/readers/reader/",
    "search-index": "/admin/search/index/",
    "models": "/admin/recommendations/",
    "releases": "/admin/releases/",
    "jobs": "/admin/jobs/job/",
    "attempts": "/admin/jobs/attempt/",
    "api-keys": "/admin/platform/apikey/",
    "accounts": "/admin/auth/user/",
    "audit": "/admin/platform/auditentry/",
    "log-ins": "/admin/axes/accessattempt/",
}


@pytest.fixture
def log_in(open_page: OpenPage, demo_server: DemoServer) -> OpenPage:
    """Open a window of somebody who is logged in: `log_in(width=360, dark=True)`."""

    def make(**window: int | bool) -> Visit:
        visit = open_page(**window)
        _log_in(visit.go("/admin/"), demo_server)
        return visit

    return make


@pytest.fixture(scope="module")
def waiting(demo_server: DemoServer) -> str:
    """Key of a search index that was built and passed beside the live one."""
    _manage(demo_server, "rebuild_search_index")
    rows = [row for row in demo_server.api("releases", kind="search_index")["items"] if row["state"] == "passed"]
    return str(rows[0]["key"])


def _manage(server: DemoServer, *arguments: str) -> None:
    environment = {**os.environ, "EPICML_VAR": str(server.var)}
    environment.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=PROJECT, env=environment, check=True, timeout=120)


def _refused_for_its_bands(server: DemoServer) -> str:
    """Key of an index that was built while a fifth of the books for 9 to 11 bore a younger band."""
    with closing(sqlite3.connect(server.var / "epicml.sqlite3", timeout=20)) as database, database:
        lowered = "age_band = 2 AND id % 5 = 0"
        database.execute(f"CREATE TABLE before AS SELECT id FROM catalog_book WHERE {lowered}")
        database.execute("UPDATE catalog_book SET age_band = 1 WHERE id IN (SELECT id FROM before)")
    try:
        with pytest.raises(subprocess.CalledProcessError):
            _manage(server, "rebuild_search_index", "--promote")
    finally:
        with closing(sqlite3.connect(server.var / "epicml.sqlite3", timeout=20)) as database, database:
            database.execute("UPDATE catalog_book SET age_band = 2 WHERE id IN (SELECT id FROM before)")
            database.execute("DROP TABLE before")
    newest = server.api("releases", kind="search_index")["items"][0]
    assert [refusal["name"] for refusal in newest["refusals"]] == ["bands_moved"]
    return str(newest["key"])


def _log_in(page: Page, server: DemoServer) -> None:
    page.get_by_label("Username").fill(server.username)
    page.get_by_label("Password").fill(server.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Overview")


def live_key(server: DemoServer, kind: str) -> str:
    rows = server.api("releases", kind=kind)["items"]
    return str(next(row["key"] for row in rows if row["state"] == "live"))


class TestEveryPage:
    @pytest.mark.parametrize(
        ("window", "name"),
        [({"width": 1440}, "desktop"), ({"width": 360, "height": 780, "touch": True}, "360"), ({"dark": True}, "dark")],
        ids=["desktop", "360", "dark"],
    )
    def test_opens_without_an_error_and_without_scrolling_sideways(
        self, log_in: OpenPage, demo_server: DemoServer, waiting: str, window: dict[str, int | bool], name: str
    ) -> None:
        shown_to = demo_server.readers["9-11"][1]
        demo_server.api(f"readers/{shown_to}/home")
        demo_server.api("search", q="no such book", reader=shown_to)
        visit = log_in(**window)
        model = live_key(demo_server, "recommender")
        more = {
            "release": f"/admin/releases/recommender/{model}/",
            "release-waiting": f"/admin/releases/search_index/{waiting}/",
            "release-promote": f"/admin/releases/search_index/{waiting}/promote/",
            "reader": f"/admin/recommendations/readers/{shown_to}/",
        }
        for title, path in {**PAGES, **more}.items():
            visit.go(path)
            expect(visit.page.get_by_role("heading", level=1)).to_be_visible()
            visit.screenshot(f"staff-{title}-{name}", full_page=title not in {"books", "changes", "readers", "audit"})
            assert not visit.scrolls_sideways(), path
        assert (name == "dark") == bool(visit.page.evaluate("document.documentElement.classList.contains('dark')"))

    def test_is_reached_by_the_sidebar(self, log_in: OpenPage) -> None:
        page = log_in().page
        menu = page.locator("#nav-sidebar-apps")
        for name in (
            "Status",
            "Books",
            "Changes",
            "Readers",
            "Index",
            "Models",
            "Releases",
            "Jobs",
            "API keys",
            "Audit",
        ):
            menu.get_by_role("link", name=re.compile(f"^{name}")).click()
            expect(menu.locator("a[aria-current=page]")).to_contain_text(name)


class TestShell:
    def test_says_that_these_are_demo_data(self, log_in: OpenPage) -> None:
        expect(log_in().page.get_by_text("Demo data")).to_be_visible()

    def test_menu_is_opened_and_closed_by_keyboard_on_a_phone(self, log_in: OpenPage) -> None:
        page = log_in(width=360, height=780).page
        button = page.get_by_role("button", name="Show the menu")
        expect(page.get_by_role("link", name="Status", exact=True)).to_be_hidden()
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="Status", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Close the menu")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="Status", exact=True)).to_be_hidden()

    def test_theme_and_log_out_are_reached_by_keyboard(self, log_in: OpenPage, demo_server: DemoServer) -> None:
        page = log_in().page
        page.get_by_role("button", name=re.compile(demo_server.username)).focus()
        page.keyboard.press("Enter")
        dark = page.get_by_role("button", name="Dark")
        dark.focus()
        page.keyboard.press("Space")
        expect(page.locator("html")).to_have_class(re.compile("dark"))
        expect(dark).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name=re.compile("Log out")).click()
        expect(page.get_by_text("Log in").first).to_be_visible()


class TestReleaseDecisions:
    def test_a_release_is_promoted_and_rolled_back(
        self, log_in: OpenPage, demo_server: DemoServer, waiting: str
    ) -> None:
        before = live_key(demo_server, "search_index")
        visit = log_in()
        page = visit.page
        page.get_by_role("link", name=f"Search index {waiting}").first.click()

        page.get_by_role("link", name="Promote…").click()
        dialog = page.get_by_role("dialog")
        keep = dialog.get_by_role("link", name="Keep the live one")
        expect(keep).to_be_focused()
        visit.screenshot("staff-release-confirm-desktop", full_page=False)
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(page.get_by_role("link", name="Promote…")).to_be_focused()
        assert live_key(demo_server, "search_index") == before

        page.get_by_role("link", name="Promote…").click()
        dialog.get_by_label("Why, for the record").fill("Includes the books of today")
        dialog.get_by_role("button", name=f"Promote {waiting}").click()
        expect(page.get_by_text(f"Search index {waiting} is live. {before} is kept")).to_be_visible()
        assert live_key(demo_server, "search_index") == waiting
        expect(page.get_by_text("“Includes the books of today”").first).to_be_visible()

        page.get_by_role("link", name=f"Roll back to this… {before}").click()
        dialog.get_by_label("Why, for the record").fill("The old one was fine")
        dialog.get_by_role("button", name=f"Roll back to {before}").click()
        expect(page.get_by_text(f"Search index {before} is live.")).to_be_visible()
        assert live_key(demo_server, "search_index") == before

    def test_a_refused_release_is_accepted_by_name(self, log_in: OpenPage, demo_server: DemoServer) -> None:
        before = live_key(demo_server, "search_index")
        refused = _refused_for_its_bands(demo_server)
        visit = log_in(width=360, height=780)
        page = visit.go(f"/admin/releases/search_index/{refused}/")
        visit.screenshot("staff-release-refused-360")
        assert not visit.scrolls_sideways()
        visit.go(f"/admin/releases/search_index/{refused}/promote/")
        visit.screenshot("staff-release-accept-360")
        assert not visit.scrolls_sideways()

        visit.go(f"/admin/releases/search_index/{refused}/")
        page.get_by_role("link", name="Accept and promote…").click()
        dialog = page.get_by_role("dialog")
        box = dialog.get_by_role("checkbox", name=re.compile("bands_moved: Of the .* moved to younger readers"))
        dialog.get_by_label("Why, for the record").fill("The publisher lowered them")
        dialog.get_by_role("button", name=f"Promote {refused}").click()  # the browser asks for the box first
        expect(dialog).to_be_visible()
        box.check()
        dialog.get_by_role("button", name=f"Promote {refused}").click()
        expect(page.get_by_text(f"Search index {refused} is live. {before} is kept")).to_be_visible()
        expect(page.get_by_text(re.compile(f"bands_moved, by {demo_server.username}, "))).to_be_visible()
        _manage(demo_server, "rollback_release", "search_index", "--to", before, "--why", "as it was")

    def test_asks_on_a_page_of_its_own_where_no_script_runs(
        self, chromium: Browser, demo_server: DemoServer, waiting: str
    ) -> None:
        context = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 780})
        page = context.new_page()
        page.goto(f"{demo_server.address}/admin/")
        _log_in(page, demo_server)
        page.goto(f"{demo_server.address}/admin/releases/recommender/{live_key(demo_server, 'recommender')}/")
        expect(page.get_by_role("heading", name="What was live")).to_be_visible()
        page.goto(f"{demo_server.address}/admin/releases/search_index/{waiting}/promote/")
        expect(page.get_by_label("Why, for the record")).to_be_visible()
        page.get_by_role("link", name="Keep the live one").click()
        assert page.url.endswith(f"/admin/releases/search_index/{waiting}/")
        context.close()


class TestReaderPage:
    def test_is_found_from_the_list_and_explains_each_book(self, log_in: OpenPage, demo_server: DemoServer) -> None:
        demo_server.api(f"readers/{demo_server.readers['9-11'][1]}/home")  # something was shown before
        page = log_in().page
        page.goto(f"{demo_server.address}/admin/readers/reader/?q={demo_server.readers['9-11'][1]}")
        page.get_by_role("link", name="What and why").click()
        expect(page.get_by_text("What does this reader see, and why?")).to_be_visible()
        rows = page.get_by_role("table", name=re.compile("Books recommended")).locator("tbody tr")
        assert rows.count() == 10
        expect(page.get_by_role("table", name=re.compile("Each filter")).locator("tbody tr")).to_have_count(7)
        lists = page.get_by_role("table", name=re.compile("The lists that this reader was shown last"))
        assert lists.locator("tbody tr").count() >= 2
        page.get_by_role("link", name="What was shown before").press("Enter")
        second = lists.locator("tbody a").nth(1)
        expect(second).not_to_have_attribute("aria-current", "true")
        second.press("Enter")
        expect(second).to_have_attribute("aria-current", "true")
        books = page.get_by_role("table", name=re.compile("The books of this list in the order shown"))
        expect(books.locator("tbody tr").first).to_be_visible()
        expect(page.get_by_role("region", name="Why was this shown?")).to_contain_text("showed")
        with page.expect_download() as download:
            page.get_by_role("link", name="Export this reader").click()
        assert download.value.suggested_filename.endswith(".json")


class TestBook:
    def test_guessed_age_band_is_corrected_in_one_edit_and_left_to_the_genres_again(self, log_in: OpenPage) -> None:
        page = log_in().go("/admin/catalog/book/?age_band_source__exact=guessed&q=Lord+of+the+Flies")
        found = page.locator("#result_list").get_by_role("link", name="Lord of the Flies")
        found.click()
        expect(page.get_by_text("Adult: guessed from")).to_be_visible()

        page.get_by_label("Age band", exact=True).select_option(label="12 to 14")
        page.get_by_role("button", name="Save", exact=True).press("Enter")

        expect(page.get_by_text("was changed successfully")).to_be_visible()
        expect(found).to_have_count(0)  # it is no guess any more
        page.goto(page.url.replace("age_band_source__exact=guessed", "age_band_source__exact=staff"))
        found.click()
        expect(page.get_by_text("Set by staff")).to_be_visible()
        page.get_by_label("Age band", exact=True).select_option(label="Guess from the genres")
        page.get_by_role("button", name="Save", exact=True).press("Enter")
        expect(found).to_have_count(0)


class TestManyAtOnce:
    def test_books_are_withdrawn_by_their_number_and_come_back_by_the_link(self, log_in: OpenPage) -> None:
        visit = log_in(width=360, height=780)
        page = visit.go("/admin/catalog/book/?q=potter")
        rows = page.locator("#result_list input[name=_selected_action]")
        rows.evaluate_all("boxes => boxes.slice(0, 3).forEach((box) => box.click())")
        page.locator("select[name=action]").first.select_option(label="Withdraw the chosen books…")
        page.locator("button[name=index]").first.click()
        expect(page.get_by_role("heading", name="Withdraw 3 books?")).to_be_visible()
        expect(page.get_by_role("link", name="Leave everything as it is")).to_be_focused()
        assert not visit.scrolls_sideways()
        visit.screenshot("staff-bulk-360")

        page.get_by_role("button", name="Withdraw 3 books").click()
        expect(page.get_by_text("Withdrawn: 3 books.")).to_be_visible()
        page.get_by_role("link", name="Undo…").click()
        page.get_by_role("button", name="Restore 3 books").click()
        expect(page.get_by_text("Restored: 3 books.")).to_be_visible()


class TestLogIn:
    def test_says_when_to_come_again_after_too_many_failures(
        self, open_page: OpenPage, demo_server: DemoServer
    ) -> None:
        visit = open_page(width=360, height=780)
        page = visit.go("/admin/")
        for _ in range(6):
            page.get_by_label("Username").fill("nobody")
            page.get_by_label("Password").fill("wrong")
            page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text(re.compile(r"Try again in \d+ seconds, after"))).to_be_visible()
        visit.wrongs.clear()  # the browser tells its console of the 429
