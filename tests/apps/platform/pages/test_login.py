import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse

from apps.platform.models import AuditEntry
from apps.platform.services import passwords

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password="right")


def log_in(client: Client, name: str, password: str, *, address: str = HERE, **query: str) -> Any:
    form = {"username": name, "password": password, **query}
    return client.post(LOGIN, form, headers={"user-agent": "Spyglass/1.0"}, REMOTE_ADDR=address)


def actions() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "actor"))


@pytest.fixture
def real_hasher() -> Iterator[list[int]]:
    """The product's own hasher, and how often it was asked."""
    asked: list[int] = []

    class Counting(passwords.OneAtATimeHasher):
        iterations = 1000

        def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
            asked.append(iterations or self.iterations)
            return super().encode(password, salt, iterations)

    globals()["Counting"] = Counting
    with override_settings(PASSWORD_HASHERS=[f"{__name__}.Counting"]):
        yield asked


class TestLock:
    def test_answers_429_with_a_sentence_and_when_to_come_again(self, client: Client, ada: User) -> None:
        answers = [log_in(client, "ada", "wrong") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert re.search(r"Try again in \d+ seconds, after \d\d:\d\d:\d\d UTC\.", answers[-1].text)
        assert 0 < int(answers[-1]["Retry-After"]) <= 60
        assert answers[-1]["Cache-Control"] == "no-store"
        assert "<main class=" in answers[-1].text

    def test_holds_for_the_right_password_too_and_ends(self, client: Client, ada: User) -> None:
        for _ in range(5):
            log_in(client, "ada", "wrong")
        assert log_in(client, "ada", "right").status_code == 429
        for row in AccessAttempt.objects.all():
            AccessAttempt.objects.filter(pk=row.pk).update(attempt_time=row.attempt_time - timedelta(seconds=61))
        assert log_in(client, "ada", "right").status_code == 302
        assert not AccessAttempt.objects.exists()

    def test_is_the_same_for_a_name_that_nobody_has(self, client: Client, ada: User) -> None:
        known = [log_in(client, "ada", "wrong") for _ in range(6)]
        unknown = [log_in(Client(), "nobody", "wrong", address=THERE) for _ in range(6)]
        assert [answer.status_code for answer in known] == [answer.status_code for answer in unknown]

        def plain(answer: Any, name: str) -> str:
            text = re.sub(r"[0-9a-f]{32}|\d+ seconds|\d\d:\d\d:\d\d|csrf\S+ value=\S+|value=\S{64}\S*", "", answer.text)
            return str(text).replace(name, "")

        for one, other in zip(known, unknown, strict=True):
            assert plain(one, "ada") == plain(other, "nobody")

    def test_hashes_once_for_each_attempt_whoever_is_named_and_never_for_a_locked_one(
        self, client: Client, real_hasher: list[int], ada: User
    ) -> None:
        assert identify_hasher(ada.password).algorithm == "pbkdf2_sha256"
        for name, address in (("ada", HERE), ("nobody", THERE)):
            real_hasher.clear()
            for _ in range(5):
                log_in(client, name, "wrong", address=address)
            assert real_hasher == [1000] * 5
            for _ in range(20):
                assert log_in(client, name, "wrong", address=address).status_code == 429
            assert real_hasher == [1000] * 5

    def test_keeps_no_stranger_from_locking_out_whom_the_browser_knows(self, ada: User) -> None:
        own, stranger = Client(), Client()
        assert log_in(own, "ada", "right").status_code == 302
        own.post("/admin/logout/")
        for number in range(40):
            log_in(stranger, "ada", "wrong", address=f"192.0.2.{number % 8}")
        assert log_in(stranger, "ada", "right").status_code == 429
        assert log_in(own, "ada", "right").status_code == 302

    def test_is_not_opened_by_a_cookie_that_somebody_made(self, client: Client, ada: User) -> None:
        for _ in range(5):
            log_in(client, "ada", "wrong")
        client.cookies["epicml_device"] = "anything.d1:forged"
        assert log_in(client, "ada", "right").status_code == 429

    def test_believes_a_forwarded_address_only_of_a_known_proxy(self, ada: User) -> None:
        for number in range(5):
            Client(headers={"x-forwarded-for": f"203.0.113.{number}"}).post(
                LOGIN, {"username": "ada", "password": "wrong"}, REMOTE_ADDR=HERE
            )
        assert log_in(Client(), "ada", "right").status_code == 429

    def test_survives_a_client_without_an_address(self, client: Client, ada: User) -> None:
        answers = [log_in(client, "ada", "wrong", address="").status_code for _ in range(6)]
        assert answers == [200] * 5 + [429]


class TestBusy:
    def test_answers_503_and_counts_no_failure(self, client: Client, real_hasher: list[int], ada: User) -> None:
        assert passwords._places.acquire(blocking=False)
        assert passwords._places.acquire(blocking=False)
        try:
            answers = [log_in(client, "ada", "right") for _ in range(7)]
        finally:
            passwords._places.release()
            passwords._places.release()
        assert {(answer.status_code, answer["Retry-After"]) for answer in answers} == {(503, "2")}
        assert "Too many people are logging in" in answers[0].text
        assert log_in(client, "ada", "right").status_code == 302

    def test_the_product_hashes_one_at_a_time(self) -> None:
        import config.settings

        assert config.settings.PASSWORD_HASHERS == ["apps.platform.services.passwords.OneAtATimeHasher"]
        assert django_settings.AUTHENTICATION_BACKENDS == ["apps.platform.pages.login.StaffBackend"]


class TestAudit:
    def test_has_log_ins_failures_locks_and_log_outs(self, client: Client, ada: User) -> None:
        for _ in range(7):
            log_in(client, "ada", "wrong")
        log_in(client, "ada", "right", address=THERE)
        client.post("/admin/logout/", REMOTE_ADDR=THERE)
        assert actions() == [
            *[("login_failed", "staff ada")] * 4,
            ("login_locked", "staff ada"),
            ("logged_in", "staff ada"),
            ("logged_out", "staff ada"),
        ]
        assert set(AuditEntry.objects.values_list("address", flat=True)) == {HERE, THERE}

    def test_has_no_password_that_was_typed_as_a_name_and_no_browser(self, client: Client, ada: User) -> None:
        log_in(client, "hunter2", "wrong")
        assert actions() == [("login_failed", "")]
        kept = f"{list(AuditEntry.objects.values())}{list(AccessAttempt.objects.values())}"
        assert "hunter2" not in kept
        assert "Spyglass" not in kept


class TestUnlocking:
    @pytest.mark.parametrize(
        "command", [("axes_reset",), ("axes_reset_username", "ada"), ("axes_reset_ip", HERE)], ids=lambda c: c[0]
    )
    def test_by_the_commands_of_axes(self, command: tuple[str, ...], client: Client, ada: User) -> None:
        for _ in range(5):
            log_in(client, "ada", "wrong")
        call_command(*command, verbosity=0)
        assert log_in(client, "ada", "right").status_code == 302


class TestPasswordChange:
    def test_is_braked_like_the_log_in(self, ada: User) -> None:
        client = Client(REMOTE_ADDR=HERE)
        client.force_login(ada)
        wrong = {"old_password": "wrong", "new_password1": "quite-new-17", "new_password2": "quite-new-17"}
        answers = [client.post("/admin/password_change/", wrong).status_code for _ in range(6)]
        assert answers == [200] * 5 + [429]

    def test_counts_only_a_wrong_old_password(self, ada: User) -> None:
        client = Client(REMOTE_ADDR=HERE)
        client.force_login(ada)
        unequal = {"old_password": "right", "new_password1": "quite-new-17", "new_password2": "other-new-17"}
        for _ in range(7):
            assert client.post("/admin/password_change/", unequal).status_code == 200
        equal = {**unequal, "new_password2": "quite-new-17"}
        assert client.post("/admin/password_change/", equal).status_code == 302


class TestNext:
    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "http:///evil.example",
            "https:evil.example",
            " //evil.example",
            "/\t/evil.example",
        ],
    )
    def test_leads_to_no_other_site(self, target: str, client: Client, ada: User) -> None:
        answer = client.post(
            LOGIN, {"username": "ada", "password": "right", "next": target}, query_params={"next": target}
        )
        assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))

    def test_leads_on_within_the_site(self, client: Client, ada: User) -> None:
        assert log_in(client, "ada", "right", next="/admin/jobs/job/")["Location"] == "/admin/jobs/job/"
