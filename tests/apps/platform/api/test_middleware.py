import logging
import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from apps.platform.api.middleware import policy

logger = logging.getLogger("apps.platform.test")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


urlpatterns = [path("api/v1/broken", broken), path("broken", broken)]
handler400 = "apps.platform.api.errors.bad_request"
handler404 = "apps.platform.api.errors.not_found"
handler500 = "apps.platform.api.errors.server_error"
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def quiet_client() -> Client:
    return Client(raise_request_exception=False)


class TestRequestId:
    def test_is_kept_when_our_proxy_gives_a_well_formed_one(self, client: Client, settings: Settings) -> None:
        settings.NUM_PROXIES = 1
        assert client.get("/nowhere", headers={"X-Request-Id": "from-proxy.42"})["X-Request-Id"] == "from-proxy.42"

    @pytest.mark.parametrize("given", ["", "short", "x" * 65, "a b c d e f g", "<script>alert(1)</script>"])
    def test_is_made_otherwise(self, client: Client, given: str, settings: Settings) -> None:
        settings.NUM_PROXIES = 1
        made = client.get("/nowhere", headers={"X-Request-Id": given})["X-Request-Id"]
        assert re.fullmatch(r"[0-9a-f]{32}", made)

    def test_is_made_where_no_proxy_of_ours_stands_so_that_no_client_writes_into_the_log(self, client: Client) -> None:
        made = client.get("/nowhere", headers={"X-Request-Id": "from-client.42"})["X-Request-Id"]
        assert re.fullmatch(r"[0-9a-f]{32}", made)

    def test_leads_from_a_500_to_the_log(self, quiet_client: Client, caplog: pytest.LogCaptureFixture) -> None:
        answer = quiet_client.get("/api/v1/broken")
        assert answer["X-Request-Id"] in answer.json()["message"]
        assert "broken on purpose" in caplog.text


class TestHealthMiddleware:
    """By the URLs of the product: an orchestrator asks by the address of a pod, and with whatever Host it likes."""

    @pytest.mark.urls("config.urls")
    @pytest.mark.parametrize("host", ["10.42.0.7:8000", "evil.example", "a b", "[::1", "x" * 300, "<script>"])
    @pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
    def test_answers_whatever_the_host_says_and_does_not_repeat_it(
        self, client: Client, path: str, host: str, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["library.example"], True
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 200
        assert host not in answer.text
        assert host not in str(answer.headers)
        assert int(answer["Content-Length"]) == len(answer.content)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert caplog.text == ""

    @pytest.mark.urls("config.urls")
    def test_other_addresses_stay_with_their_hosts(self, quiet_client: Client, settings: Settings) -> None:
        settings.ALLOWED_HOSTS = ["library.example"]
        paths = ["/", "/api/v1/suggest?q=a", "/health/", "/health/live/", "/metrics"]
        answers = [quiet_client.get(path, headers={"Host": "evil.example"}).status_code for path in paths]
        assert answers == [400] * len(paths)

    @pytest.mark.urls("config.urls")
    def test_only_reads(self, client: Client) -> None:
        assert client.post("/health/live").status_code == 405


class TestErrorPages:
    def test_an_unknown_api_address_is_json(self, client: Client) -> None:
        answer = client.get("/api/v1/nowhere")
        assert answer.status_code == 404
        assert answer.json() == {"code": "not_found", "message": "There is nothing at this address.", "fields": {}}

    def test_a_broken_api_view_is_json_without_a_trace(self, quiet_client: Client) -> None:
        answer = quiet_client.get("/api/v1/broken")
        assert answer.status_code == 500
        assert answer.json()["code"] == "server_error"
        assert "on purpose" not in answer.text

    def test_pages_stay_pages(self, quiet_client: Client) -> None:
        assert quiet_client.get("/nowhere")["Content-Type"].startswith("text/html")
        assert quiet_client.get("/broken")["Content-Type"].startswith("text/html")

    def test_a_wrong_host_is_refused_in_the_one_shape(self, client: Client) -> None:
        answer = client.get("/api/v1/broken", headers={"Host": "evil.example"})
        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid"


class TestSecurityHeaders:
    @pytest.mark.parametrize("address", ["/nowhere", "/api/v1/nowhere", "/static/nowhere", "/admin/nowhere"])
    def test_no_answer_goes_without(self, client: Client, address: str) -> None:
        answer = client.get(address)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"

    @pytest.mark.parametrize("address", ["/", "/api/docs", "/api/v1/books", "/status", "/administrator/"])
    def test_only_the_staff_site_evaluates_scripts(self, address: str) -> None:
        assert "unsafe-eval" not in policy(address)
        assert "unsafe-eval" in policy("/admin/releases/")

    def test_no_page_runs_inline_scripts(self) -> None:
        for address in ("/", "/admin/", "/api/docs"):
            scripts = [part for part in policy(address).split(";") if "script-src" in part]
            assert not any("'unsafe-inline'" in part for part in scripts)
