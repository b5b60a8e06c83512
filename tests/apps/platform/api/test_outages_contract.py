"""What clients and visitors meet while the database is broken: each address, in each way, at each depth."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from apps.platform.services.api_keys import reset_uses
from tests.client import ApiClient

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="breaks a file; PostgreSQL is killed in another test"),
]
EVENT = {"event_id": "e-1", "reader": "r-1", "book": "b-1", "kind": "open", "occurred_at": "2026-11-24T12:00:00Z"}


@contextmanager
def moved(name: Path) -> Iterator[None]:
    """The database is at another place."""
    was = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(name)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = was


@contextmanager
def garbage(folder: Path) -> Iterator[None]:
    file = folder / "garbage.sqlite3"
    file.write_bytes(b"this is no database" * 1000)
    with moved(file):
        yield


@contextmanager
def missing(folder: Path) -> Iterator[None]:
    with moved(folder / "gone" / "x.sqlite3"):
        yield


@contextmanager
def set_to(pragma: str, back: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(pragma)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(back)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """No page can be added; what fits into those that are there is stored."""
    with set_to("PRAGMA max_page_count=1", "PRAGMA max_page_count=1073741823"):
        yield


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    with set_to("PRAGMA query_only=1", "PRAGMA query_only=0"):
        yield


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another process writes for long."""
    holder = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with set_to("PRAGMA busy_timeout=50", "PRAGMA busy_timeout=5000"):
            yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


Broken = Callable[[Path], Any]
NO_READS: dict[str, tuple[Broken, str]] = {
    "garbage": (garbage, "database_unavailable"),
    "missing": (missing, "database_unavailable"),
}
NO_WRITES: dict[str, tuple[Broken, str]] = {
    "read only": (read_only, "storage_read_only"),
    "locked": (locked, "database_busy"),
}
BOOKS = [
    {"key": f"b-{number}", "title": "A title that fills a page with others of its kind " * 8} for number in range(400)
]


def is_refused_in_shape(answer: Any, code: str) -> bool:
    body = answer.json()
    return (
        answer.status_code == 503
        and set(body) == {"code", "message", "fields"}
        and body["code"] == code
        and int(answer["Retry-After"]) > 0
    )


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert not any(record.exc_info for record in caplog.records), caplog.text
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("how", NO_READS)
class TestNothingCanBeRead:
    def test_the_api_answers_503_in_its_shape_and_logs_once(
        self, how: str, api: ApiClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        breaks, code = NO_READS[how]
        with breaks(tmp_path):
            answers = [
                api.get("/api/v1/suggest", q="a"),
                api.get("/api/v1/search", q="a"),
                api.get("/api/v1/books/b-1"),
                api.get("/api/v1/readers/r-1/recommendations"),
                api.post("/api/v1/events", {"events": [EVENT]}),
                api.put("/api/v1/books/b-1", {"title": "A"}),
                api.delete("/api/v1/readers/r-1"),
                ApiClient("epic_" + "x" * 43).get("/api/v1/suggest", q="a"),
            ]
        assert [is_refused_in_shape(answer, code) for answer in answers] == [True] * len(answers)
        assert len(logged(caplog)) == 1

    def test_a_preflight_is_refused_before_any_view(self, how: str, tmp_path: Path) -> None:
        breaks, code = NO_READS[how]
        with breaks(tmp_path):
            answer = Client(raise_request_exception=False).options(
                "/api/v1/suggest",
                headers={"Origin": "https://library.example", "Access-Control-Request-Method": "GET"},
            )
        assert is_refused_in_shape(answer, code)

    def test_pages_say_so_without_the_database(
        self, how: str, admin_client: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        breaks, _ = NO_READS[how]
        admin_client.raise_request_exception = False
        with breaks(tmp_path):
            answers = [admin_client.get(path) for path in ("/", "/admin/", "/admin/status/", "/admin/platform/apikey/")]
        for answer in answers:
            assert (answer.status_code, answer["Retry-After"]) == (503, "5")
            assert "The database does not answer." in answer.text
            assert "/health/ready" in answer.text
            assert "X-Request-Id" in answer
        assert len(logged(caplog)) == 1

    def test_liveness_stays_and_readiness_falls(self, how: str, client: Client, tmp_path: Path) -> None:
        breaks, _ = NO_READS[how]
        with breaks(tmp_path):
            live, ready = client.get("/health/live"), client.get("/health/ready")
        assert (live.status_code, ready.status_code) == (200, 503)
        parts = {part["name"]: part["state"] for part in ready.json()["parts"]}
        assert parts["database"] == "down"

    def test_the_scraper_gets_an_answer(self, how: str, tmp_path: Path, settings: Any) -> None:
        settings.SCRAPE_TOKEN = "token"
        breaks, _ = NO_READS[how]
        with breaks(tmp_path):
            answer = Client(raise_request_exception=False).get("/metrics", headers={"Authorization": "Bearer token"})
        assert answer.status_code == 200
        assert "epicml_http_requests_total" in answer.text


@pytest.mark.parametrize("how", ["full", *NO_WRITES])
class TestNothingCanBeStored:
    def test_reads_go_on_with_their_limits_and_writes_are_refused(
        self,
        how: str,
        client_with: Callable[..., ApiClient],
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        breaks, code = {"full": (full, "storage_full"), **NO_WRITES}[how]
        client = client_with("search:read", "catalog:write", requests_per_minute=30)
        assert client.get("/api/v1/suggest", q="a").status_code == 200
        reset_uses()  # as a minute later: that the key is in use should be noted, and cannot be
        with breaks(tmp_path):
            reads = [client.get("/api/v1/suggest", q="a").status_code for _ in range(10)]
            written = client.post("/api/v1/books", {"books": BOOKS})
            reads += [client.get("/api/v1/suggest", q="a").status_code for _ in range(50)]
        assert is_refused_in_shape(written, code), written.text
        assert set(reads[:10]) == {200}
        assert set(reads) == {200, 429}
        assert 20 <= reads.count(200) <= 32
        assert len(logged(caplog)) == 1  # however many of them met it


@pytest.mark.parametrize("how", NO_WRITES)
class TestNoSessionCanBeStored:
    def test_a_log_in_is_refused_as_what_it_is(
        self, how: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        User.objects.create_superuser("ann", password="a-long-password")
        client = Client(raise_request_exception=False)
        breaks, _ = NO_WRITES[how]
        with breaks(tmp_path):
            answer = client.post("/admin/login/?next=/admin/", {"username": "ann", "password": "a-long-password"})
        assert answer.status_code == 503
        assert int(answer["Retry-After"]) > 0
        assert "Nothing was stored." in answer.text
        logged(caplog)

    def test_a_session_that_cannot_be_saved_is_no_bad_request(
        self, how: str, admin_client: Client, tmp_path: Path
    ) -> None:
        admin_client.raise_request_exception = False
        breaks, _ = NO_WRITES[how]
        with breaks(tmp_path):
            answer = admin_client.post("/admin/logout/")
        assert answer.status_code == 503
