from collections.abc import Callable
from datetime import datetime

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.responses import json_response
from apps.platform.selectors.api_keys import KeyRecord
from apps.platform.services.api_keys import create_api_key, revoke_api_key
from tests.client import ApiClient

PAGE = "https://library.example"
URL = "/api/v1/probe"


class ProbeView(APIView):
    scopes = {"GET": "search:read", "POST": "events:write", "DELETE": "catalog:write"}

    def get(self, request: Request) -> HttpResponse:
        assert isinstance(request.auth, KeyRecord)
        return json_response({"key": request.auth.name})

    def post(self, request: Request) -> HttpResponse:
        return json_response({}, status=202)

    def delete(self, request: Request) -> HttpResponse:
        return json_response({})

    def put(self, request: Request) -> HttpResponse:  # a method whose scope was forgotten
        return json_response({})


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


urlpatterns = [path("api/v1/probe", ProbeView.as_view()), path("plain", plain)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class TestServerKey:
    def test_opens_what_its_scopes_allow(self, client_with: Callable[..., ApiClient]) -> None:
        reader = client_with("search:read")
        assert reader.get(URL).json() == {"key": "test"}
        refused = reader.post(URL, {})
        assert refused.status_code == 403
        assert refused.json() == {
            "code": "permission_denied",
            "message": "This needs a key with the scope events:write.",
            "fields": {},
        }

    def test_head_needs_the_scope_of_get(self, client_with: Callable[..., ApiClient]) -> None:
        assert client_with("search:read").send("HEAD", URL).status_code == 200
        assert client_with("jobs:read").send("HEAD", URL).status_code == 403

    def test_a_method_without_a_scope_is_shut(self, api: ApiClient) -> None:
        assert api.put(URL, {}).status_code == 403

    def test_a_method_that_is_not_there_is_405(self, api: ApiClient) -> None:
        assert api.patch(URL, {}).status_code == 405

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            "Bearer ",
            "Bearer epic_sk_wrong",
            "Basic dTpw",
            "Bearer  ",
            "epic_sk_wrong",
            "Bearer epic_" + "x" * 100_000,
            "Bearer epic_\ufffd",
        ],
    )
    def test_without_a_known_key_it_is_401(self, header: str, anonymous_api: ApiClient) -> None:
        anonymous_api.headers["Authorization"] = header
        answer = anonymous_api.get(URL)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert set(answer.json()) == {"code", "message", "fields"}

    def test_a_revoked_key_is_401(self, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        client = ApiClient(key.secret)
        assert client.get(URL).status_code == 200
        revoke_api_key(key.id, now=now)
        assert client.get(URL).status_code == 401


class TestPublicKey:
    @pytest.mark.parametrize(
        "headers",
        [{"Origin": PAGE}, {"Origin": PAGE.upper()}, {"Referer": f"{PAGE}/shelf?a=b"}],
    )
    def test_works_from_its_own_page(self, public_api: ApiClient, headers: dict[str, str]) -> None:
        del public_api.headers["Origin"]
        public_api.headers |= headers
        assert public_api.get(URL).status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "https://other.example"},
            {"Origin": "null"},
            {"Origin": f"{PAGE}.other.example"},
            {"Origin": "http://library.example"},
            {"Origin": "https://other.example", "Referer": f"{PAGE}/"},
            {"Referer": f"https://other.example/?{PAGE}"},
            {"Referer": "https://[bad"},
            {"Referer": "about:blank"},
        ],
    )
    def test_is_refused_from_any_other(self, public_api: ApiClient, headers: dict[str, str]) -> None:
        del public_api.headers["Origin"]
        public_api.headers |= headers
        answer = public_api.get(URL)
        assert answer.status_code == 403
        assert answer.json()["message"].endswith(".")

    def test_never_writes_the_catalogue(self, public_api: ApiClient) -> None:
        assert public_api.post(URL, {}).status_code == 202
        assert public_api.delete(URL).status_code == 403


class TestCrossOrigin:
    def preflight(self, origin: str, url: str = URL) -> dict[str, str]:
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        headers["Access-Control-Request-Headers"] = "authorization"
        return dict(ApiClient(headers=headers).send("OPTIONS", url).headers)

    def test_a_page_with_a_key_may_call(self, public_api: ApiClient) -> None:
        answer = self.preflight(PAGE)
        assert answer["access-control-allow-origin"] == PAGE
        assert "authorization" in answer["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in answer
        assert public_api.get(URL).headers["access-control-allow-origin"] == PAGE

    def test_no_other_page_may(self, public_api: ApiClient) -> None:
        assert "access-control-allow-origin" not in self.preflight("https://other.example")

    def test_only_the_api_may_be_called(self, public_api: ApiClient) -> None:
        assert "access-control-allow-origin" not in self.preflight(PAGE, "/plain")
