from collections.abc import Callable

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from apps.platform.api.throttling import client_address
from apps.platform.models import ThrottleCount
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.apps.platform.api.test_authentication")]
URL = "/api/v1/probe"


class TestKeyThrottle:
    def test_429_in_the_one_shape_says_when_to_come_back(self, client_with: Callable[..., ApiClient]) -> None:
        client = client_with("search:read", requests_per_minute=3)
        assert [client.get(URL).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        refused = client.get(URL)
        assert refused.json()["code"] == "throttled"
        assert set(refused.json()) == {"code", "message", "fields"}
        assert 1 <= int(refused["Retry-After"]) <= 61

    def test_a_forged_header_gives_no_second_limit(self, client_with: Callable[..., ApiClient]) -> None:
        client = client_with("search:read", origins=["https://a.example"], requests_per_minute=3)
        answers = []
        for number in range(10):
            client.headers["X-Forwarded-For"] = f"10.0.0.{number}"
            answers.append(client.get(URL).status_code)
        assert answers.count(200) == 3

    def test_behind_a_proxy_each_address_has_its_own_limit(
        self, client_with: Callable[..., ApiClient], settings: Settings
    ) -> None:
        settings.NUM_PROXIES = 1
        client = client_with("search:read", origins=["https://a.example"], requests_per_minute=1)
        for number in range(3):
            client.headers["X-Forwarded-For"] = f"1.1.1.1, 10.0.0.{number}"
            assert [client.get(URL).status_code for _ in range(2)] == [200, 429]

    def test_stores_no_address(self, public_api: ApiClient) -> None:
        public_api.get(URL)
        assert "127.0.0.1" not in ThrottleCount.objects.get().bucket


class TestUnknownKeys:
    def test_are_counted_for_the_address_that_tries_them(self, anonymous_api: ApiClient, settings: Settings) -> None:
        settings.THROTTLE_ANONYMOUS = 3
        answers = []
        for number in range(5):
            anonymous_api.headers["Authorization"] = f"Bearer epic_sk_{number:043}"
            answers.append(anonymous_api.get(URL))
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
        assert int(answers[-1]["Retry-After"]) >= 1

    def test_do_not_use_up_what_a_known_key_may_ask(
        self, client_with: Callable[..., ApiClient], settings: Settings
    ) -> None:
        settings.THROTTLE_ANONYMOUS = 1
        known, unknown = client_with("search:read"), ApiClient("epic_sk_" + "0" * 43)
        assert [unknown.get(URL).status_code for _ in range(3)] == [401, 429, 429]
        assert known.get(URL).status_code == 200


class TestClientAddress:
    @pytest.mark.parametrize(
        ("proxies", "forwarded", "address"),
        [
            (0, "6.6.6.6", "127.0.0.1"),
            (1, "6.6.6.6, 10.0.0.1", "10.0.0.1"),
            (2, "6.6.6.6, 10.0.0.1, 10.0.0.2", "10.0.0.1"),
            (2, "10.0.0.1", "10.0.0.1"),
            (1, "", "127.0.0.1"),
            (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            (1, "::ffff:10.0.0.1", "10.0.0.1"),
            (1, "x" * 5000, "unknown"),
        ],
    )
    def test_believes_only_known_proxies(self, proxies: int, forwarded: str, address: str, settings: Settings) -> None:
        settings.NUM_PROXIES = proxies
        assert client_address(RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})) == address
