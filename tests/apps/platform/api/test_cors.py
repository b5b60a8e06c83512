"""Which pages may call; what their browsers are answered is in test_authentication.py."""

from datetime import datetime, timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone

from apps.platform.api.cors import origin_has_key
from apps.platform.models import ApiKey
from apps.platform.selectors.api_keys import reset_key_cache
from apps.platform.services.api_keys import create_api_key, revoke_api_key

pytestmark = pytest.mark.django_db
PAGES = ["https://library.example", "http://localhost:8000"]


def may_call(origin: str | None, path: str = "/api/v1/books") -> bool:
    headers = {} if origin is None else {"Origin": origin}
    return origin_has_key(None, RequestFactory().get(path, headers=headers))


class TestOriginHasKey:
    @pytest.fixture(autouse=True)
    def keys(self, now: datetime) -> None:
        create_api_key(name="shop", scopes=["search:read"], public=True, origins=PAGES, now=now)
        create_api_key(name="server", scopes=["search:read"], now=now)

    @pytest.mark.parametrize("origin", [*PAGES, "https://LIBRARY.example"])
    def test_lets_the_pages_of_a_public_key_call(self, origin: str) -> None:
        assert may_call(origin)

    @pytest.mark.parametrize(
        "origin",
        [
            None,
            "",
            "null",
            "https://other.example",
            "http://library.example",
            "https://library.example:8443",
            "https://library.example/",
            "https://library.example.evil.example",
            "https://library.example http://localhost:8000",
        ],
    )
    def test_lets_no_other_page_call(self, origin: str | None) -> None:
        assert not may_call(origin)

    @pytest.mark.parametrize("path", ["/", "/admin/", "/api/docs", "/api/v10/books", "/metrics", "/x/api/v1/books"])
    def test_opens_nothing_but_the_api(self, path: str) -> None:
        assert not may_call(PAGES[0], path)

    def test_follows_a_key_that_was_revoked(self) -> None:
        assert may_call(PAGES[0])
        revoke_api_key(ApiKey.objects.get(public=True).pk, now=timezone.now() - timedelta(seconds=1))
        reset_key_cache()
        assert not may_call(PAGES[0])
