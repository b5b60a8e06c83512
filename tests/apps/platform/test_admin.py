import re
from datetime import datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.platform.models import ApiKey, AuditEntry
from apps.platform.selectors.accounts import name_hash
from apps.platform.selectors.api_keys import key_of_secret
from apps.platform.services.api_keys import create_api_key, revoke_api_key
from apps.platform.services.audit import Action, Actor, record
from apps.platform.services.login_locks import LoginAttempt, take_attempt
from apps.readers.services import reader_hash
from tests import bulk

pytestmark = pytest.mark.django_db
ADD = "admin:platform_apikey_add"
LIST = "admin:platform_apikey_changelist"


class TestApiKeyAdmin:
    def test_a_new_key_shows_its_secret_once(self, admin_client: Client, now: datetime) -> None:
        values = {"name": "shop", "scopes": ["search:read", "catalog:read"], "origins": ""}
        answer = admin_client.post(reverse(ADD), values)
        secret = re.search(r"epic_sk_[\w-]{43}", answer.text)
        assert secret is not None
        assert "no-store" in answer["Cache-Control"]
        key = key_of_secret(secret.group(), now=now)
        assert key is not None
        assert key.scopes == {"search:read", "catalog:read"}
        later = admin_client.get(reverse("admin:platform_apikey_change", args=[key.id])).text
        assert secret.group() not in later
        assert secret.group()[:12] in later

    def test_a_public_key_is_given_its_bands_and_limits_and_shows_them(self, admin_client: Client) -> None:
        values = {"name": "page", "scopes": ["search:read"], "public": "on", "origins": "https://a.example"}
        limits = {"highest_band": "12-14", "unproven_band": "6-8", "events_per_minute": "77", "requests_per_minute": ""}
        admin_client.post(reverse(ADD), {**values, **limits})
        key = ApiKey.objects.get()
        assert (key.highest_band, key.unproven_band, key.events_per_minute, key.requests_per_minute) == (3, 1, 77, None)
        shown = admin_client.get(reverse(LIST)).text
        assert all(said in shown for said in ("12 to 14", "6 to 8", "77"))

    def test_a_public_key_without_a_band_gets_the_youngest(self, admin_client: Client) -> None:
        values = {"name": "page", "scopes": ["search:read"], "public": "on", "origins": "https://a.example"}
        admin_client.post(reverse(ADD), values)
        assert ApiKey.objects.get().highest_band == 0

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"name": "shop", "scopes": ["jobs:write"], "public": "on", "origins": "https://a.example"}, "cannot"),
            ({"name": "shop", "scopes": ["search:read"], "public": "on", "origins": ""}, "at least one origin"),
            ({"name": "shop", "scopes": ["search:read"], "origins": "", "unproven_band": "6-8"}, "Only a public key"),
            ({"name": "", "scopes": ["search:read"], "origins": ""}, "required"),
        ],
    )
    def test_the_form_says_what_is_wrong(
        self, admin_client: Client, values: dict[str, str | list[str]], sentence: str
    ) -> None:
        assert re.search(f"{sentence}|not allowed", admin_client.post(reverse(ADD), values).text)
        assert not ApiKey.objects.exists()

    def test_staff_revoke_by_an_action(self, admin_client: Client, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        assert "within 5 seconds" in bulk.do(admin_client, reverse(LIST), "revoke", [key.id]).text
        assert key_of_secret(key.secret, now=now) is None

        assert "works again" in bulk.do(admin_client, reverse(LIST), "reinstate", [key.id]).text
        assert key_of_secret(key.secret, now=now) is not None
        assert [entry.about for entry in AuditEntry.objects.filter(action="changed_many").order_by("id")] == [
            f"Revoke: API key shop ({key.prefix}…)",
            f"Reinstate: API key shop ({key.prefix}…)",
        ]

    def test_a_key_that_was_revoked_long_ago_stays_revoked(self, admin_client: Client, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        revoke_api_key(key.id, now=timezone.now() - timedelta(hours=25))
        page = bulk.ask(admin_client, reverse(LIST), "reinstate", [key.id])
        assert "no API key to reinstate" in admin_client.get(page["Location"]).text
        assert key_of_secret(key.secret, now=now) is None

    def test_who_may_only_look_can_neither_make_nor_revoke(self, client: Client, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        viewer = User.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_apikey"))
        client.force_login(viewer)
        assert client.get(reverse(LIST)).status_code == 200
        assert client.get(reverse(ADD)).status_code == 403
        client.post(reverse(LIST), {"action": "revoke", "_selected_action": [key.id]})
        assert key_of_secret(key.secret, now=now) is not None


class TestAuditEntryAdmin:
    LIST = "/admin/platform/auditentry/"

    @pytest.fixture
    def entries(self, now: datetime) -> None:
        record(Action.READER_SEEN, by=Actor("staff ada", "192.0.2.7"), subject=reader_hash("mia-7f3a"), now=now)
        record(Action.READER_EXPORTED, by=Actor("key 12 (shop)"), subject=reader_hash("tom-1"), now=now)

    def shown(self, client: Client, **query: str) -> str:
        return re.sub(r"<option.*?</option>", "", client.get(self.LIST, query).text, flags=re.DOTALL)

    def test_finds_a_reader_by_the_pseudonym_that_it_does_not_hold(self, admin_client: Client, entries: None) -> None:
        page = self.shown(admin_client, q="mia-7f3a")
        assert "staff ada" in page
        assert "key 12 (shop)" not in page
        assert "staff ada" not in self.shown(admin_client, q="mia")

    def test_filters_by_what_was_done(self, admin_client: Client, entries: None) -> None:
        page = self.shown(admin_client, action__exact="reader_exported")
        assert "key 12 (shop)" in page
        assert "192.0.2.7" not in page

    def test_is_only_read(self, admin_client: Client, entries: None) -> None:
        entry = AuditEntry.objects.filter(actor="staff ada").get()
        assert admin_client.get(f"{self.LIST}{entry.pk}/change/").status_code == 200
        assert admin_client.post(f"{self.LIST}{entry.pk}/change/", {"actor": "eve"}).status_code == 403
        assert admin_client.post(f"{self.LIST}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
        assert admin_client.get(f"{self.LIST}add/").status_code == 403


class TestLoginLockAdmin:
    LIST = "/admin/axes/accessattempt/"

    @pytest.fixture
    def locked(self) -> None:
        User.objects.create_user("tom", is_staff=True)
        for name in ("tom", "hunter2"):
            for _ in range(5):
                take_attempt(LoginAttempt(name_hash(name), "192.0.2.7"), now=timezone.now())

    def test_names_accounts_and_nothing_else_that_was_typed(self, admin_client: Client, locked: None) -> None:
        page = admin_client.get(self.LIST).text
        assert "tom" in page
        assert "a name that no account has" in page
        assert "hunter2" not in page
        assert "192.0.2.7" in page

    def test_lets_a_superuser_unlock(self, admin_client: Client, locked: None) -> None:
        chosen = list(AccessAttempt.objects.filter(username=name_hash("tom")).values_list("pk", flat=True))
        assert "Unlocked: 1 log-in." in bulk.do(admin_client, self.LIST, "unlock", chosen).text
        assert take_attempt(LoginAttempt(name_hash("tom"), "192.0.2.7"), now=timezone.now()) is None
        assert AuditEntry.objects.get(action="login_unlocked").about == "tom"

    def test_lets_nobody_else(self, client: Client, locked: None) -> None:
        viewer = User.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(*Permission.objects.filter(content_type__app_label="axes"))
        client.force_login(viewer)
        assert client.get(self.LIST).status_code == 200
        client.post(self.LIST, {"action": "unlock", "_selected_action": [AccessAttempt.objects.first().pk]})
        assert AccessAttempt.objects.count() == 2
