import pytest
from django.test import Client
from django.urls import reverse

from apps.releases.models import Decision
from apps.releases.selectors.live import live_key
from tests.apps.releases.numbers import KIND, NumberKind
from tests.apps.releases.pages.conftest import Login

pytestmark = pytest.mark.django_db


def live() -> str:
    found = live_key(KIND)
    assert found is not None
    return found[0]


@pytest.fixture
def waiting(numbers: NumberKind) -> str:
    """Key of a release that passed beside the live one."""
    numbers.make(1.0)
    return numbers.make(2.0, promote=False).key


def promote_url(key: str) -> str:
    return reverse("release-promote", args=[KIND, key])


class TestPromote:
    def test_asks_on_a_page_of_its_own_with_the_safe_button_focused(self, admin_client: Client, waiting: str) -> None:
        page = admin_client.get(promote_url(waiting)).content.decode()
        assert f"Promote numbers {waiting}?" in page
        assert "Why, for the record" in page
        assert "autofocus>Keep the live one</a>" in page

    def test_makes_it_live_and_records_who_and_why(self, admin_client: Client, waiting: str) -> None:
        answer = admin_client.post(promote_url(waiting), {"why": "  better on every slice  "}, follow=True)
        assert live() == waiting
        decision = Decision.objects.latest("id")
        assert (decision.decided_by, decision.why) == ("admin", "better on every slice")
        assert f"Numbers {waiting} is live. 2026-11-24.1 is kept" in answer.content.decode()

    def test_changes_nothing_when_it_is_only_looked_at(self, admin_client: Client, waiting: str) -> None:
        admin_client.get(promote_url(waiting))
        assert live() != waiting

    @pytest.mark.parametrize("why", ["", "   ", "x" * 501, "a\0b"])
    def test_wants_a_reason(self, admin_client: Client, waiting: str, why: str) -> None:
        answer = admin_client.post(promote_url(waiting), {"why": why})
        assert answer.status_code == 400
        assert 'aria-invalid="true"' in answer.content.decode()
        assert live() != waiting

    def test_says_why_a_refused_release_cannot_be_promoted(self, admin_client: Client, numbers: NumberKind) -> None:
        numbers.make(1.0)
        refused = numbers.make(-1.0).key
        answer = admin_client.post(promote_url(refused), {"why": "I want it"})
        assert answer.status_code == 409
        assert "cannot be live" in answer.content.decode()
        assert "Nothing was changed." in answer.content.decode()
        assert live() != refused

    def test_is_refused_to_who_may_only_look(self, login: Login, waiting: str) -> None:
        client = login("releases.view_release")
        assert client.get(promote_url(waiting)).status_code == 403
        assert client.post(promote_url(waiting), {"why": "mine"}).status_code == 403
        assert live() != waiting

    def test_is_refused_without_the_token_of_the_form(self, waiting: str, admin_user: object) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(admin_user)  # type: ignore[arg-type]
        assert client.post(promote_url(waiting), {"why": "forged"}).status_code == 403
        assert live() != waiting

    def test_of_an_unknown_release_is_not_there(self, admin_client: Client, numbers: NumberKind) -> None:
        assert admin_client.post(promote_url("2026-11-24.9"), {"why": "x"}).status_code == 404


class TestRollBack:
    def test_makes_the_former_one_live_again(self, admin_client: Client, waiting: str) -> None:
        admin_client.post(promote_url(waiting), {"why": "better"})
        answer = admin_client.post(reverse("release-roll-back", args=[KIND, "2026-11-24.1"]), {"why": "it was worse"})
        assert answer.status_code == 302
        assert live() == "2026-11-24.1"

    def test_refuses_what_was_never_live(self, admin_client: Client, waiting: str) -> None:
        answer = admin_client.post(reverse("release-roll-back", args=[KIND, waiting]), {"why": "x"})
        assert answer.status_code == 409
        assert "was never live" in answer.content.decode()


class TestAccept:
    @pytest.fixture
    def refused(self, numbers: NumberKind) -> str:
        numbers.make(1.0)
        return numbers.make(200.0).key

    def test_is_offered_on_the_page_of_the_release(self, admin_client: Client, refused: str) -> None:
        page = admin_client.get(reverse("release", args=[KIND, refused])).content.decode()
        assert "Accept and promote…" in page
        assert promote_url(refused) in page

    def test_shows_each_refusal_with_a_box_that_must_be_ticked(self, admin_client: Client, refused: str) -> None:
        page = admin_client.get(promote_url(refused)).content.decode()
        assert page.count('type="checkbox" name="accept"') == 1
        assert 'name="accept" value="small" required' in page
        assert "Size is 200.0000 (limit: 100)." in page

    def test_asks_for_nothing_where_it_passed(self, admin_client: Client, waiting: str) -> None:
        assert 'name="accept"' not in admin_client.get(promote_url(waiting)).content.decode()

    def test_makes_it_live_and_the_page_says_who_accepted_what(self, admin_client: Client, refused: str) -> None:
        body = {"why": "we need large ones", "accept": ["small"]}
        page = admin_client.post(promote_url(refused), body, follow=True).content.decode()
        assert live() == refused
        assert "small, by admin, " in page
        assert "Accepted</span>" in page
        assert "we need large ones" in page

    @pytest.mark.parametrize(
        ("accept", "status", "said"),
        [
            ([], 409, "--accept small"),
            (["rows_lost"], 409, "--accept small"),
            (["age_band"], 409, "known for numbers are"),
        ],
    )
    def test_refuses_without_each_name(
        self, admin_client: Client, refused: str, accept: list[str], status: int, said: str
    ) -> None:
        answer = admin_client.post(promote_url(refused), {"why": "I want it", "accept": accept})
        assert answer.status_code == status
        assert said in answer.content.decode()
        assert live() != refused

    def test_keeps_what_was_ticked_where_the_reason_is_missing(self, admin_client: Client, refused: str) -> None:
        page = admin_client.post(promote_url(refused), {"why": "", "accept": ["small"]}).content.decode()
        assert 'value="small" checked required' in page

    def test_is_not_offered_to_who_may_only_look(self, login: Login, refused: str) -> None:
        page = login("releases.view_release").get(reverse("release", args=[KIND, refused])).content.decode()
        assert "Accept and promote…" not in page.replace("“Accept and promote…”", "")

    def test_is_not_offered_for_what_nobody_may_accept(self, admin_client: Client, numbers: NumberKind) -> None:
        refused = numbers.make(-1.0).key
        page = admin_client.get(reverse("release", args=[KIND, refused])).content.decode()
        assert "Accept and promote…" not in page
        assert "Nobody can accept this: positive." in page
