"""Every door is shut to who may not enter: staff pages, operations of the API, foreign pages, and the log."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone

from apps.platform.models import ApiKey
from apps.platform.services.api_keys import PUBLIC_SCOPES, SCOPES, InvalidKeyError, create_api_key, revoke_api_key
from apps.platform.services.logs import LineFormatter
from apps.readers.services import ReaderInput, issue_reader_token, save_reader
from epicml.audience.bands import AgeBand
from tests.client import ApiClient
from tests.safety.operations import OPERATIONS, Operation, patterns, routed_scopes
from tests.safety.operations import READER as KNOWN_READER

pytestmark = pytest.mark.django_db

PAGE, OTHER_PAGE = "https://library.example", "https://other.example"
READER = "reader-who-must-not-be-logged"
# Open to everybody, by intention: each with the reason.
OPEN = {
    "admin/login/": "the door itself",
    "health/live": "asked by supervisors, which have no key",
    "health/ready": "the same",
    "api/schema": "the description of the API, without any data",
    "api/docs": "the same",
    "": "the sample storefront; it holds a public key only",
    "demo/reader-token": "gives tokens for sample readers of the demo only, whom anybody may choose",
}
# What a page that everybody can read may do, by hand: read what readers see, and report what they did.
OF_PUBLIC_KEYS = {
    "GET suggest",
    "GET search",
    "GET readers/{key}/recommendations",
    "GET readers/{key}/home",
    "GET books/{key}/similar",
    "GET popular",
    "GET books",
    "GET books/{key}",
    "POST events",
    "POST lists",
}
# Values for the parts of an address; any that the converter takes will do, for nobody gets as far as to look it up.
PARTS = {
    "kind": "recommender",
    "key": "2026-11-24.1",
    "object_id": "1",
    "content_type_id": "1",
    "id": "1",
    "url": "x/",
    "at": "2026-11-24",
}


def title(operation: Operation) -> str:
    return operation.title


def internal_addresses() -> list[str]:
    """Every address of the URLconf that is neither the API's nor open to everybody."""
    return sorted(
        {
            _address(route, pattern)
            for route, pattern in patterns()
            if not route.startswith("api/v1/") and route not in OPEN
        }
    )


def _address(route: str, pattern: URLPattern) -> str:
    """The route with its parts filled in; of a regular expression the parts stand between brackets."""
    if "(?P<url>" in route:
        return "/admin/x/"
    if "(?P<app_label>" in route:
        return "/admin/catalog/"
    for name, converter in pattern.pattern.converters.items():
        for written in (f"<{name}>", *(f"<{kind}:{name}>" for kind in ("str", "slug", "path", "int", "release_key"))):
            route = route.replace(written, PARTS[name])
        assert converter.to_python(PARTS[name]) is not None
    assert "<" not in route, route
    return "/" + route


def is_shut(answer: Any) -> bool:
    """Refused, or sent to the login or away from the logout; never a page."""
    if answer.status_code == 302:
        return str(answer["Location"]).startswith(("/admin/login/?next=", "/admin/")) and not answer.content
    return answer.status_code in {401, 403, 404, 405}


@pytest.fixture
def reader_of_pages() -> Client:
    """Somebody with a login who is no member of staff."""
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_user("visitor", password="x"))
    return client


class TestStaffPages:
    @pytest.mark.parametrize("address", internal_addresses())
    def test_are_shut_to_strangers(self, address: str) -> None:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            answer = Client(raise_request_exception=False).generic(method, address)
            assert is_shut(answer), f"{method} {answer.status_code} {answer.headers}"

    @pytest.mark.parametrize("address", internal_addresses())
    def test_are_shut_to_who_is_not_staff(self, address: str, reader_of_pages: Client) -> None:
        for method in (reader_of_pages.get, reader_of_pages.post):
            assert is_shut(method(address))

    @pytest.mark.parametrize("address", internal_addresses())
    def test_are_shut_to_api_keys(self, address: str, api: ApiClient) -> None:
        assert is_shut(api.get(address))

    @pytest.mark.parametrize(
        "address",
        [
            "/admin/catalog/book/",
            "/admin/readers/reader/",
            "/admin/readers/erasurelog/",
            "/admin/jobs/job/",
            "/admin/platform/apikey/",
            "/admin/platform/apikey/add/",
            "/admin/auth/user/",
            "/admin/releases/",
            "/admin/releases/recommender/2026-11-24.1/",
            "/admin/releases/recommender/2026-11-24.1/promote/",
            "/admin/releases/recommender/2026-11-24.1/roll-back/",
            "/admin/releases/recommender/2026-11-24.1/report.csv",
            "/admin/recommendations/",
            "/admin/recommendations/readers/a/",
            "/admin/recommendations/readers/a/export.json",
            "/admin/search/index/",
        ],
    )
    def test_with_data_are_shut_to_staff_without_permission(self, address: str) -> None:
        client = Client(raise_request_exception=False)
        client.force_login(User.objects.create_user("new", password="x", is_staff=True))
        assert client.get(address).status_code == 403

    def test_a_form_without_its_token_is_refused(self, admin_user: User) -> None:
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        client.force_login(admin_user)
        for address in ("/admin/platform/apikey/add/", "/admin/releases/recommender/2026-11-24.1/promote/"):
            assert client.post(address, {"why": "x"}).status_code == 403


class TestKeys:
    def test_each_method_of_each_route_asks_for_a_known_scope(self) -> None:
        assert set(routed_scopes().values()) <= set(SCOPES)

    @pytest.mark.parametrize("operation", OPERATIONS, ids=title)
    def test_without_one_it_is_401(self, operation: Operation, anonymous_api: ApiClient) -> None:
        for header in ("", "Bearer epic_sk_wrong", "Basic dTpw"):
            anonymous_api.headers["Authorization"] = header
            answer = anonymous_api.send(operation.method, operation.url(), operation.body)
            assert answer.status_code == 401
            assert answer["WWW-Authenticate"] == "Bearer"
            assert set(answer.json()) == {"code", "message", "fields"}

    @pytest.mark.parametrize("operation", OPERATIONS, ids=title)
    def test_a_login_of_staff_is_none(self, operation: Operation, admin_client: Client) -> None:
        assert admin_client.generic(operation.method, operation.url()).status_code == 401

    @pytest.mark.parametrize("operation", OPERATIONS, ids=title)
    def test_all_scopes_but_the_one_are_too_few(
        self, operation: Operation, client_with: Callable[..., ApiClient]
    ) -> None:
        others = client_with(*(scope for scope in SCOPES if scope != operation.scope))
        answer = others.send(operation.method, operation.url(), operation.body)
        assert answer.status_code == 403
        assert operation.scope in answer.json()["message"]

    @pytest.mark.parametrize("operation", OPERATIONS, ids=title)
    def test_the_one_scope_is_enough(self, operation: Operation, client_with: Callable[..., ApiClient]) -> None:
        answer = client_with(operation.scope).send(operation.method, operation.url(), operation.body)
        assert answer.status_code not in {401, 403}

    @pytest.mark.parametrize("operation", OPERATIONS, ids=title)
    def test_a_public_one_reads_and_reports_only(
        self, operation: Operation, public_api: ApiClient, now: datetime
    ) -> None:
        save_reader(ReaderInput(key=KNOWN_READER, age_band=AgeBand.AGES_9_TO_11), now=now)
        token = issue_reader_token(KNOWN_READER, seconds=3600, now=timezone.now())
        public_api.headers["X-Reader-Token"] = token.token
        answer = public_api.send(operation.method, operation.url(), operation.body)
        assert (answer.status_code != 403) == (operation.title in OF_PUBLIC_KEYS)

    @pytest.mark.parametrize("scope", sorted(set(SCOPES) - set(PUBLIC_SCOPES)))
    def test_a_public_one_cannot_be_given_more(self, scope: str, now: datetime) -> None:
        with pytest.raises(InvalidKeyError):
            create_api_key(name="page", scopes=["search:read", scope], public=True, origins=[PAGE], now=now)
        key = create_api_key(name="page", scopes=["search:read"], public=True, origins=[PAGE], now=now)
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiKey.objects.filter(pk=key.id).update(scopes=f"search:read {scope}")


class TestForeignPages:
    def allowed(self, api: ApiClient, address: str, origin: str) -> tuple[str | None, str | None]:
        """Which page may read the answer, of the call itself and of the browser's question before it."""
        headers = {**api.headers, "Origin": origin}
        asks = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        called = ApiClient(headers=headers).get(address)
        asked = ApiClient(headers=asks).send("OPTIONS", address)
        assert "Access-Control-Allow-Credentials" not in {*called.headers, *asked.headers}
        name = "Access-Control-Allow-Origin"
        return called.headers.get(name), asked.headers.get(name)

    def test_only_the_page_of_a_live_public_key_may_read_answers(self, public_api: ApiClient, now: datetime) -> None:
        assert self.allowed(public_api, "/api/v1/popular", PAGE) == (PAGE, PAGE)
        for foreign in (OTHER_PAGE, "null", f"{PAGE}.evil.example", f"{PAGE}:8443", "http://library.example", "*"):
            assert self.allowed(public_api, "/api/v1/popular", foreign) == (None, None)
        revoke_api_key(ApiKey.objects.get().pk, now=now)
        assert self.allowed(public_api, "/api/v1/popular", PAGE) == (None, None)

    def test_a_server_key_opens_no_page(self, api: ApiClient) -> None:
        assert self.allowed(api, "/api/v1/popular", PAGE) == (None, None)

    @pytest.mark.parametrize("address", ["/admin/", "/health/ready", "/metrics", "/api/schema", "/api/docs", "/"])
    def test_no_page_may_read_anything_but_the_api(self, address: str, public_api: ApiClient) -> None:
        public_api.headers["Host"] = "localhost"
        assert self.allowed(public_api, address, PAGE) == (None, None)

    def test_a_key_of_one_page_does_not_work_on_another(self, client_with: Callable[..., ApiClient]) -> None:
        client_with("search:read", origins=[OTHER_PAGE])
        mine = client_with("search:read", origins=[PAGE])
        mine.headers["Origin"] = OTHER_PAGE
        assert mine.get("/api/v1/search").status_code == 403


FORGED = [
    {"X-Forwarded-For": "10.0.0.{}"},
    {"X-Forwarded-For": "10.0.0.{}, 10.9.9.9"},
    {"X-Real-Ip": "10.0.0.{}"},
    {"Forwarded": "for=10.0.0.{}"},
    {"Client-Ip": "10.0.0.{}", "True-Client-Ip": "10.0.0.{}", "CF-Connecting-Ip": "10.0.0.{}"},
]


class TestThrottle:
    @pytest.mark.parametrize("forged", FORGED, ids=lambda forged: " ".join(forged))
    def test_an_address_that_is_only_claimed_gives_no_second_limit(
        self, forged: dict[str, str], client_with: Callable[..., ApiClient]
    ) -> None:
        page = client_with("search:read", origins=[PAGE], requests_per_minute=3)
        assert self.answered(page, "/api/v1/search", forged) == 3

    @pytest.mark.parametrize("forged", FORGED, ids=lambda forged: " ".join(forged))
    def test_neither_does_it_without_a_key(
        self, forged: dict[str, str], anonymous_api: ApiClient, settings: Any
    ) -> None:
        settings.THROTTLE_ANONYMOUS = 3
        assert self.answered(anonymous_api, "/api/docs", forged) == 3

    def answered(self, client: ApiClient, address: str, forged: dict[str, str]) -> int:
        """How many of ten calls, each from another claimed address, were let through."""
        own, codes = dict(client.headers), []
        for number in range(10):
            client.headers = {**own, **{name: value.format(number) for name, value in forged.items()}}
            codes.append(client.get(address).status_code)
        assert set(codes) == {200, 429}
        return codes.count(200)


def refused_requests() -> Iterator[tuple[str, str, Any]]:
    """Requests that are refused in every way there is, each with a reader in it."""
    yield "GET", f"/api/v1/readers/{READER}", None
    yield "GET", f"/api/v1/readers/{READER}/home", None
    yield "GET", f"/api/v1/books/nowhere?reader={READER}", None
    yield "GET", f"/api/v1/books/nowhere/similar?reader={READER}", None
    yield "GET", f"/api/v1/search?bogus={READER}&{READER}=1", None
    yield "GET", f"/api/v1/nowhere/{READER}", None
    yield "GET", f"/api/v1/suggest?reader={READER}&" + "&".join(f"{READER}{n}=1" for n in range(1100)), None
    yield "PUT", f"/api/v1/readers/{READER}", {"age_band": "none"}
    yield "PUT", f"/api/v1/readers/{READER}", b"{" + READER.encode()
    yield "PUT", f"/api/v1/readers/{READER}", b" " * 1_048_577
    yield "PATCH", f"/api/v1/readers/{READER}", {}
    yield "DELETE", f"/api/v1/readers/{READER}", None
    yield "POST", "/api/v1/events", {"events": [{"reader": READER}], READER: 1}
    yield "POST", "/api/v1/events", b'{"events": "' + READER.encode() + b'\\ud800"}'


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """What the log would hold, with its tracebacks, in the project's own form."""
    form: dict[str, Any] = project_settings.LOGGING["formatters"]["line"]  # type: ignore[index]
    formatter = LineFormatter(form["format"], style=form["style"], defaults={"request_id": "-"})
    return lambda: "\n".join(formatter.format(record) for record in caplog.records)


class TestWhatIsSaid:
    @pytest.mark.parametrize("kind", ["server", "public", "revoked", "without scopes", "used up"])
    def test_of_a_refused_request_holds_neither_key_nor_reader(
        self, kind: str, client_with: Callable[..., ApiClient], written: Callable[[], str], now: datetime
    ) -> None:
        client = {
            "server": lambda: client_with(*SCOPES),
            "public": lambda: client_with(*PUBLIC_SCOPES, origins=[PAGE]),
            "revoked": lambda: client_with(*SCOPES),
            "without scopes": lambda: client_with("jobs:read"),
            "used up": lambda: client_with(*SCOPES, requests_per_minute=1),
        }[kind]()
        if kind == "revoked":
            revoke_api_key(ApiKey.objects.get().pk, now=now)
        for method, address, body in refused_requests():
            answer = client.send(method, address, body)
            assert 400 <= answer.status_code < 500 or method == "POST", address[:80]
            said = answer.content.decode() + str(answer.headers)
            assert str(client.secret) not in said
            assert str(client.secret)[8:20] not in said
        assert READER not in written()
        assert str(client.secret)[:12] not in written()

    def test_a_log_that_would_hold_them_is_seen(self, written: Callable[[], str]) -> None:
        logging.getLogger("apps.readers").warning("asked by %s", READER)
        assert READER in written()

    def test_a_key_in_the_wrong_place_is_not_said_back(self, api: ApiClient, written: Callable[[], str]) -> None:
        secret = str(api.secret)
        for answer in (
            api.get("/api/v1/suggest", api_key=secret),
            api.get("/api/v1/suggest", age_band=secret),
            api.get("/api/v1/popular", limit=secret),
            ApiClient(headers={"Authorization": secret}).get("/api/v1/suggest"),
            ApiClient(headers={"Authorization": f"Token {secret}"}).get("/api/v1/suggest"),
            ApiClient(headers={"Authorization": f"Bearer {secret}x"}).get("/api/v1/suggest"),
        ):
            assert 400 <= answer.status_code < 500
            assert secret not in answer.content.decode() + str(answer.headers)
        assert secret not in written()
