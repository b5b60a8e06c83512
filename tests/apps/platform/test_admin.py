import re
from datetime import datetime

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.platform.models import ApiKey
from apps.platform.selectors.api_keys import live_key
from apps.platform.services.api_keys import create_api_key

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
        key = live_key(secret.group(), now=now)
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
        chosen = {"action": "revoke", "_selected_action": [key.id]}
        assert "within 5 seconds" in admin_client.post(reverse(LIST), chosen, follow=True).text
        assert live_key(key.secret, now=now) is None

    def test_who_may_only_look_can_neither_make_nor_revoke(self, client: Client, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        viewer = User.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_apikey"))
        client.force_login(viewer)
        assert client.get(reverse(LIST)).status_code == 200
        assert client.get(reverse(ADD)).status_code == 403
        client.post(reverse(LIST), {"action": "revoke", "_selected_action": [key.id]})
        assert live_key(key.secret, now=now) is not None
