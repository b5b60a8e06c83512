"""The sidebar as a visitor sees it on each page; who may enter is in tests/apps/platform/pages/test_shell.py."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.releases.models import Release
from config.staff import SIDEBAR, Entry, active_entry, navigation, unfold_settings, waiting_badge
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
TITLES = [entry.title for group in SIDEBAR.values() for entry in group]


class Sidebar(HTMLParser):
    """The links of the navigation whose classes say that they are the present page."""

    def __init__(self, page: str, addresses: set[str]) -> None:
        super().__init__()
        self.addresses = addresses
        self.active: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "a" and given.get("href") in self.addresses and "active" in (given.get("class") or "").split():
            self.active.append(str(given["href"]))


def on(path: str, user: Any = None) -> list[tuple[str, bool]]:
    """Each entry on the page at this path, and whether it is marked as the present one."""
    request = RequestFactory().get(path)
    request.user = user or AnonymousUser()
    return [(item["title"], item["active"](request)) for group in navigation(request) for item in group["items"]]


def marked(path: str) -> list[str]:
    return [title for title, is_active in on(path) if is_active]


class TestNavigation:
    def test_leads_to_every_entry(self) -> None:
        assert [title for title, _ in on("/admin/")] == TITLES

    @pytest.mark.parametrize("entry", [entry for group in SIDEBAR.values() for entry in group], ids=lambda e: e.title)
    def test_marks_each_entry_on_its_own_page_and_no_other(self, entry: Entry) -> None:
        assert marked(entry.address) == [entry.title]

    @pytest.mark.parametrize(
        ("path", "title"),
        [
            ("/admin/catalog/book/7/change/", "Books"),
            ("/admin/catalog/change/7/change/", "Changes"),
            ("/admin/readers/reader/7/change/", "Readers"),
            ("/admin/recommendations/readers/R-00417/", "Readers"),
            ("/admin/recommendations/", "Models"),
            ("/admin/releases/search_index/2026-11-24.1/", "Releases"),
            ("/admin/jobs/job/7/change/", "Jobs"),
            ("/admin/platform/apikey/add/", "API keys"),
        ],
    )
    def test_marks_the_entry_on_the_pages_below_it(self, path: str, title: str) -> None:
        assert marked(path) == [title]

    @pytest.mark.parametrize("path", ["/admin/auth/group/", "/admin/catalog/author/", "/admin/login/", "/"])
    def test_marks_nothing_where_no_entry_belongs(self, path: str) -> None:
        assert marked(path) == []
        assert active_entry(path) is None

    def test_opens_to_each_visitor_what_they_may_see(self, django_user_model: type[User]) -> None:
        request = RequestFactory().get("/admin/")
        for user, opened in (
            (django_user_model.objects.create_user("tom", is_staff=True), ["Overview", "Status"]),
            (django_user_model.objects.create_superuser("ada"), TITLES),
        ):
            request.user = user
            items = [item for group in navigation(request) for item in group["items"]]
            assert [item["title"] for item in items if item["permission"](request)] == opened


class TestPages:
    """The same through the whole page, as unfold draws it."""

    @pytest.mark.parametrize("entry", [entry for group in SIDEBAR.values() for entry in group], ids=lambda e: e.title)
    def test_show_their_entry_as_the_present_one(self, admin_client: Client, entry: Entry) -> None:
        page = admin_client.get(entry.address)
        assert page.status_code == 200
        addresses = {other.address for group in SIDEBAR.values() for other in group}
        assert set(Sidebar(page.content.decode(), addresses).active) == {entry.address}


class TestEntry:
    def test_without_an_app_that_serves_it_has_no_address(self) -> None:
        assert Entry("Costs", "euro", "costs-of-a-later-version").address == ""

    def test_claims_nothing_of_an_address_that_only_begins_alike(self) -> None:
        entry = Entry("Status", "monitor_heart", "status")
        assert entry.match_length(reverse("status")) == len(reverse("status"))
        assert entry.match_length("/admin/statuses/") == 0


class TestWaitingBadge:
    def waits(self, key: str) -> None:
        Release.objects.create(
            kind="numbers", key=key, state="passed", gate_passed=True, sha256="0", created_by="ada", created_at=NOW
        )

    def test_counts_the_releases_that_wait_for_a_decision(self, admin_user: User) -> None:
        assert waiting_badge() == ""
        self.waits("1")
        assert waiting_badge() == "1 waits"
        self.waits("2")
        assert waiting_badge() == "2 wait"
        request = RequestFactory().get("/admin/")
        request.user = admin_user
        badges = {item["title"]: item.get("badge") for group in navigation(request) for item in group["items"]}
        assert {title: badge for title, badge in badges.items() if badge} == {"Releases": "2 wait"}

    def test_is_not_shown_to_who_may_not_see_releases(self, django_user_model: type[User]) -> None:
        self.waits("1")
        request = RequestFactory().get("/admin/")
        request.user = django_user_model.objects.create_user("tom", is_staff=True)
        assert not any("badge" in item for group in navigation(request) for item in group["items"])


class TestUnfoldSettings:
    def test_say_that_the_data_are_a_demo_and_link_to_it(self) -> None:
        assert (unfold_settings(demo=True)["ENVIRONMENT"], unfold_settings(demo=True)["SITE_URL"]) == (
            ["Demo data", "warning"],
            "/",
        )
        assert (unfold_settings(demo=False)["ENVIRONMENT"], unfold_settings(demo=False)["SITE_URL"]) == (None, None)

    def test_draw_the_accent_in_every_weight(self) -> None:
        weights = unfold_settings(demo=False)["COLORS"]["primary"]
        assert list(weights) == ["50", *(str(number) for number in range(100, 1000, 100)), "950"]
        assert all(re.fullmatch(r"oklch\(\d+% \.\d+ \d+\)", colour) for colour in weights.values())
