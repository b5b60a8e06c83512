import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.platform.pages import views
from config.staff import SIDEBAR, active_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client, django_user_model: type) -> Client:
    """A visitor who may enter the staff site, and nothing more."""
    user = django_user_model.objects.create_user("tom", password="x", is_staff=True)  # type: ignore[attr-defined]
    client.force_login(user)
    return client


class TestWhoMayEnter:
    def test_an_anonymous_visitor_is_sent_to_the_login(self, client: Client) -> None:
        answer = client.get(reverse("status"))
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("admin:login"))

    def test_a_reader_with_an_account_but_no_staff_is_sent_to_the_login(
        self, client: Client, django_user_model: type
    ) -> None:
        client.force_login(django_user_model.objects.create_user("eve", password="x"))  # type: ignore[attr-defined]
        assert client.get(reverse("status")).status_code == 302

    def test_staff_without_the_permission_are_refused(self, staff: Client) -> None:
        assert staff.get(reverse("releases")).status_code == 403

    def test_staff_see_the_overview_and_the_status(self, staff: Client) -> None:
        assert staff.get(reverse("admin:index")).status_code == 200
        assert staff.get(reverse("status")).status_code == 200


class TestSidebar:
    def test_shows_every_entry_to_who_may_see_all(self, admin_client: Client) -> None:
        page = admin_client.get(reverse("admin:index")).content.decode()
        for entries in SIDEBAR.values():
            for entry in entries:
                assert f'href="{entry.address}"' in page, entry.title

    def test_shows_nothing_that_may_not_be_entered(self, staff: Client) -> None:
        page = staff.get(reverse("admin:index")).content.decode()
        assert f'href="{reverse("status")}"' in page
        assert f'href="{reverse("releases")}"' not in page

    @pytest.mark.parametrize(
        ("path", "title"),
        [
            ("/admin/", "Overview"),
            ("/admin/status/", "Status"),
            ("/admin/releases/", "Releases"),
            ("/admin/releases/recommender/2026-11-24.1/", "Releases"),
            ("/admin/recommendations/", "Models"),
            ("/admin/recommendations/readers/R-1/", "Readers"),
        ],
    )
    def test_one_entry_is_active_on_its_own_address_and_below(self, path: str, title: str) -> None:
        entry = active_entry(path)
        assert entry is not None
        assert entry.title == title

    def test_none_is_active_elsewhere(self) -> None:
        assert active_entry("/admin/auth/group/") is None

    def test_toggles_are_buttons(self, admin_client: Client) -> None:
        page = admin_client.get(reverse("admin:index")).content.decode()
        assert page.count('aria-controls="nav-sidebar"') == 2
        assert 'aria-controls="user-menu"' in page
        assert '<span class="cursor-pointer' not in page


class TestShell:
    def test_says_that_the_data_are_a_demo(self, admin_client: Client) -> None:
        assert "Demo data" in admin_client.get(reverse("status")).content.decode()

    def test_can_be_read_without_script(self, admin_client: Client) -> None:
        assert "<noscript><link" in admin_client.get(reverse("status")).content.decode()


class TestErrorPages:
    def test_an_unknown_address_says_so_with_the_number_of_the_request(self, admin_client: Client) -> None:
        answer = admin_client.get("/admin/no/such/page/")
        assert answer.status_code == 404
        page = answer.content.decode()
        assert "There is nothing at this address." in page
        assert f"Request {answer['X-Request-Id']}" in page

    def test_a_missing_thing_is_named(self, admin_client: Client) -> None:
        page = admin_client.get("/admin/recommendations/readers/nobody/").content.decode()
        assert "There is no reader &#x27;nobody&#x27;." in page

    def test_a_refused_page_names_the_permission(self, staff: Client) -> None:
        assert (
            "This page needs the permission releases.view_release." in staff.get(reverse("releases")).content.decode()
        )

    def test_a_failure_says_what_still_works(
        self, client: Client, admin_user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise RuntimeError("staged")

        monkeypatch.setattr(views, "parts_health", fail)
        visitor = Client(raise_request_exception=False)
        visitor.force_login(admin_user)
        answer = visitor.get(reverse("status"))
        assert answer.status_code == 500
        page = answer.content.decode()
        assert "This page failed." in page
        assert "staged" not in page
        assert f"Request {answer['X-Request-Id']}" in page
