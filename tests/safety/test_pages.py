"""Addresses that are not the API's: whatever they are asked with, nothing breaks and nothing is stored."""

import re

import pytest
from django.test import Client

from apps.platform.api import views
from tests.client import ApiClient
from tests.safety import corpus
from tests.safety.corpus import encoded
from tests.safety.operations import METHODS, OPERATIONS, patterns
from tests.safety.tables import stored

pytestmark = pytest.mark.django_db

BOOK = {
    "key": "a",
    "title": "A",
    "author_names": "B",
    "series_name": "C",
    "series_number": "1",
    "age_band": "2",
    "language": "en",
    "published_year": "2000",
    "genre_names": "D",
    "ratings_count": "0",
    "average_rating": "",
}


class TestAddressesWithoutKey:
    @pytest.mark.parametrize(
        "path", ["/health/live", "/health/ready", "/metrics", "/api/schema", "/api/docs", "/", "/admin/login/"]
    )
    def test_stand_hostile_queries(self, path: str, anonymous_api: ApiClient) -> None:
        anonymous_api.headers["Host"] = "localhost"
        names = {"/api/schema": "format lang version", "/api/docs": "lang version script", "/": "reader q"}
        for name in names.get(path, "next").split():
            for content in corpus.SOME:
                answer = anonymous_api.get(f"{path}?{name}={encoded(content)}")
                assert answer.status_code < 500, f"{name}={content!r:.80}"
                assert "<script>alert(1)" not in answer.content.decode()

    def test_no_visitor_writes_into_the_document_of_all(
        self, anonymous_api: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(views._OnceGenerator, "_written", {})
        first = anonymous_api.get("/api/schema", version="defaced")
        assert first.status_code == 200
        assert "defaced" not in first["Content-Disposition"]
        assert "defaced" not in anonymous_api.get("/api/schema").content.decode()


class TestStaffPages:
    @pytest.mark.parametrize(
        "path",
        [
            "/admin/recommendations/readers/{}/",
            "/admin/recommendations/readers/{}/export.json",
            "/admin/recommendations/?reader={}",
            "/admin/releases/?page={}",
            "/admin/releases/?kind={}",
            "/admin/releases/{}/2026-11-24.1/",
            "/admin/releases/{}/2026-11-24.1/report.csv",
            "/admin/search/?q={}",
            "/admin/catalog/book/?q={}",
            "/admin/catalog/book/?age_band={}",
            "/admin/catalog/book/?p={}",
            "/admin/catalog/book/{}/change/",
            "/admin/readers/reader/?q={}",
            "/admin/readers/reader/{}/change/",
            "/admin/jobs/job/?state__exact={}",
            "/admin/jobs/job/{}/change/",
            "/admin/platform/apikey/?q={}",
        ],
    )
    def test_stand_hostile_addresses(self, path: str, admin_client: Client) -> None:
        admin_client.raise_request_exception = False
        before = stored()
        for text in corpus.SOME:
            answer = admin_client.get(path.format(encoded(text)))
            assert answer.status_code < 500, text[:80]
        after = stored()
        # Where nothing is found the admin says so at the next page, in a row of the session.
        assert {**after, "sessions.Session": []} == {**before, "sessions.Session": []}

    @pytest.mark.parametrize(
        ("address", "form"),
        [
            ("/admin/readers/reader/add/", {"key": "a", "age_band": "2", "level_min": "", "language_codes": ""}),
            ("/admin/catalog/book/add/", BOOK),
            ("/admin/platform/apikey/add/", {"name": "a", "scopes": "search:read", "origins": ""}),
            ("/admin/login/", {"username": "a", "password": "b"}),
        ],
    )
    def test_stand_hostile_forms(self, address: str, form: dict[str, str], admin_client: Client) -> None:
        admin_client.raise_request_exception = False
        for name in form:
            for text in corpus.SOME:
                if corpus.SURROGATES[0] not in text:  # a form is bytes, and these have none
                    answer = admin_client.post(address, {**form, name: text})
                    assert answer.status_code < 500, f"{name}={text!r:.80}"

    def test_a_nul_in_the_query_is_refused_with_a_sentence(self, admin_client: Client) -> None:
        answer = admin_client.get("/admin/jobs/job/?state__exact=%00")
        assert (answer.status_code, answer.content) == (400, b"The address holds a NUL character.")
        assert admin_client.get("/admin/jobs/job/?q=%2500").status_code == 200


def program_addresses() -> list[str]:
    """Every address that programs ask."""
    of_platform = {route for route, _ in patterns() if re.fullmatch(r"(api|health)/[a-z]+|metrics", route)}
    return sorted({operation.url() for operation in OPERATIONS} | {f"/{route}" for route in of_platform})


class TestMethods:
    def test_each_address_is_asked(self) -> None:
        assert {"/api/docs", "/api/schema", "/health/live", "/health/ready", "/metrics"} < set(program_addresses())

    @pytest.mark.parametrize("address", program_addresses())
    @pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY", "BREW"])
    def test_that_are_not_there_are_answered_with_those_that_are(
        self, address: str, method: str, api: ApiClient
    ) -> None:
        answer = api.send(method, address)
        assert answer.status_code < 500
        if method != "OPTIONS" and answer.status_code != 405:
            return
        allowed = set(answer["Allow"].split(", "))
        assert ("GET" in allowed) == ("HEAD" in allowed)
        assert method not in allowed or method == "OPTIONS"
        if method == "HEAD":
            assert answer.content == b""
        elif answer.status_code == 405:
            assert set(answer.json()) == {"code", "message", "fields"}
        else:
            assert (answer.status_code, answer.content) == (204, b"")
            assert allowed - {"HEAD", "OPTIONS"} <= {name.upper() for name in METHODS}

    def test_say_of_an_address_what_its_document_says(self, anonymous_api: ApiClient) -> None:
        answer = anonymous_api.send("OPTIONS", "/api/v1/books/a")
        assert (answer.status_code, answer["Allow"]) == (204, "GET, PUT, PATCH, DELETE, HEAD, OPTIONS")

    @pytest.mark.parametrize("path", ["/api/docs", "/api/schema"])
    @pytest.mark.parametrize(
        "accept", ["", "*/*", "text/html", "*/json", "text/*;q=0", ";;;", "a/b," * 2000, "\0", "\xff", "a/b; version="]
    )
    def test_whatever_is_accepted_nothing_breaks(self, path: str, accept: str, anonymous_api: ApiClient) -> None:
        anonymous_api.headers["Accept"] = accept
        for method in ("GET", "HEAD", "OPTIONS", "TRACE"):
            answer = anonymous_api.send(method, path)
            assert answer.status_code in {200, 204, 405, 406}, method

    def test_a_format_is_a_field_that_no_operation_has(self, api: ApiClient) -> None:
        for text in ("json", "xml", "api", "\0"):
            answer = api.get("/api/v1/books", format=text)
            assert (answer.status_code, list(answer.json()["fields"])) == (400, ["format"])
