import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from apps.platform.services import panels
from apps.platform.services.panels import Cell, Column, Link, Message, Panel, register_panel

pytestmark = pytest.mark.django_db


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The overview has only this panel: `only(panel, permission="…")`."""

    def show(panel: Panel | Exception, *, permission: str = "") -> None:
        def build(now: datetime) -> Panel:
            if isinstance(panel, Exception):
                raise panel
            return panel

        monkeypatch.setattr(panels, "_registrations", {})
        register_panel("tests", "Trials", build, order=10, permission=permission)

    return show


def overview(client: Client) -> str:
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 200
    return re.sub(r"\s*\n\s*", "", answer.content.decode())


def trials(*rows: tuple[Cell, ...], **more: object) -> Panel:
    columns = (Column("Trial"), Column("Readers", is_number=True), Column("Verdict", is_hidden=True))
    return Panel(caption="All trials", columns=columns, rows=rows, **more)  # type: ignore[arg-type]


class TestOverview:
    def test_shows_a_table_as_its_panel_describes_it(self, admin_client: Client, only: Callable[..., None]) -> None:
        row = (Cell("Rows of <ten>", key="T-1", href="/admin/trials/1/"), Cell("1,204"), Cell("wins", state="better"))
        only(trials(row, link=Link("All trials", "/admin/trials/")))

        page = overview(admin_client)

        assert '<section class="e-panel" aria-labelledby="tests">' in page
        assert 'href="/admin/trials/">All trials</a>' in page
        assert (
            '<th scope="row"><a class="e-link" href="/admin/trials/1/">Rows of &lt;ten&gt; '
            '<span class="e-mono e-key">T-1</span></a>' in page
        )
        assert '<td class="e-number e-big">1,204' in page
        assert '<th scope="col"><span class="e-hidden">Verdict</span></th>' in page
        assert 'data-state="better"' in page

    def test_a_short_row_fills_the_table(self, admin_client: Client, only: Callable[..., None]) -> None:
        only(trials((Cell("Rows"), Cell("never ran", state="unknown"))))
        assert 'colspan="2"' in overview(admin_client)

    @pytest.mark.parametrize("good", [True, False])
    def test_without_rows_says_what_that_means(
        self, admin_client: Client, only: Callable[..., None], *, good: bool
    ) -> None:
        only(trials(empty=Message("No trial runs.", "Begin one.", is_good=good)))
        page = overview(admin_client)
        assert "No trial runs." in page
        assert "Begin one." in page
        assert "<table" not in page

    def test_says_at_its_head_what_waits_and_what_is_wrong(
        self, admin_client: Client, only: Callable[..., None]
    ) -> None:
        only(trials(waits="1 trial waits for you: Rows.", notice=Message("Trials stand still.", "Start them.")))
        page = overview(admin_client)
        assert "1 trial waits for you: Rows.</p>" in page
        assert "Nothing waits for you." not in page
        assert page.index("Trials stand still.") < page.index('aria-labelledby="tests"')

    def test_says_that_nothing_waits(self, admin_client: Client, only: Callable[..., None]) -> None:
        only(trials())
        assert "Nothing waits for you." in overview(admin_client)

    def test_stands_where_a_panel_has_fallen(self, admin_client: Client, only: Callable[..., None]) -> None:
        only(ZeroDivisionError("staged"))
        page = overview(admin_client)
        assert "What else waits is not known: Trials could not be read." in page
        assert "What belongs here could not be read; the log says why." in page
        assert "Nothing waits for you." not in page
        assert "staged" not in page


class TestPermissions:
    @pytest.fixture
    def staff(self, client: Client, django_user_model: type) -> Client:
        user = django_user_model.objects.create_user("tom", password="x", is_staff=True)  # type: ignore[attr-defined]
        client.force_login(user)
        return client

    def test_a_panel_is_hidden_from_those_who_may_not_see_it(self, staff: Client, only: Callable[..., None]) -> None:
        only(trials(waits="1 trial waits for you."), permission="releases.view_release")
        page = overview(staff)
        assert "trial" not in page.casefold()
        assert "Nothing waits for you." in page

    def test_so_is_a_link(self, staff: Client, only: Callable[..., None]) -> None:
        only(trials((Cell("Rows"), Cell("1"), Cell("")), link=Link("All trials", "/admin/trials/", "jobs.view_job")))
        assert 'href="/admin/trials/"' not in overview(staff)

    def test_staff_see_the_work_but_no_releases(self, staff: Client) -> None:
        page = overview(staff)
        assert "Background work" in page
        assert "Live now" not in page
        assert reverse("admin:jobs_job_changelist") not in page
