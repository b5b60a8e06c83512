"""What a request meets when PostgreSQL hangs, with real servers: one that is stopped, and one that never answers."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import DjangoDbBlocker

from apps.platform.services.breaker import CircuitBreaker
from apps.platform.services.outages import AWAY, BUSY, outage_of
from config.database import database_settings
from config.postgresql import base, driver
from config.postgresql.base import DatabaseWrapper
from tests.servers import PostgresqlServer, ServerUnavailableError, black_hole, running_postgresql, skip_or_fail

pytestmark = pytest.mark.servers

DEFAULTS: dict[str, Any] = {"TIME_ZONE": None, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False, "TEST": {}}
Connect = Callable[..., DatabaseWrapper]


@pytest.fixture(autouse=True)
def fresh_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = base.breaker._counts
    monkeypatch.setattr(base, "breaker", CircuitBreaker("PostgreSQL", first_pause=0.3, counts=counts))


@pytest.fixture
def long_pause(fresh_breaker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is left alone is so until the end of the test, on a busy machine too."""
    monkeypatch.setattr(base, "breaker", CircuitBreaker("PostgreSQL", first_pause=600, counts=base.breaker._counts))


@pytest.fixture
def connect(django_db_blocker: DjangoDbBlocker) -> Iterator[Connect]:
    """Make a connection as a process of a kind makes it: `connect(url, web=True)`."""
    made: list[DatabaseWrapper] = []

    def make(url: str, *, web: bool, **changes: Any) -> DatabaseWrapper:
        settings = database_settings(url, default_path=Path("unused"), web=web)
        made.append(DatabaseWrapper({**DEFAULTS, **settings, **changes}, alias="probe"))
        return made[-1]

    with django_db_blocker.unblock():
        yield make
        for connection in made:
            connection.close()


def asked(connection: DatabaseWrapper, sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def failed(connection: DatabaseWrapper, sql: str = "SELECT 1") -> tuple[OperationalError, float]:
    began = time.monotonic()
    with pytest.raises(OperationalError) as raised:
        asked(connection, sql)
    return raised.value, time.monotonic() - began


class TestServerLimits:
    @pytest.mark.parametrize(
        ("web", "query", "limits"),
        [
            (True, "", ("5s", "3s", "15s")),
            (False, "", ("0", "0", "0")),
            (True, "?options=-c%20statement_timeout%3D9s", ("9s", "3s", "15s")),
            (True, "?options=-c%20lock_timeout%3D0%20-c%20statement_timeout%3D0", ("0", "0", "15s")),
        ],
    )
    def test_are_those_of_the_kind_of_process_and_the_address_wins(
        self, connect: Connect, postgresql_server: PostgresqlServer, web: bool, query: str, limits: tuple[str, ...]
    ) -> None:
        connection = connect(postgresql_server.url() + query, web=web)
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        assert tuple(asked(connection, f"SHOW {name}") for name in names) == limits

    def test_a_statement_that_takes_too_long_is_cut_off_by_the_server(
        self, connect: Connect, postgresql_server: PostgresqlServer
    ) -> None:
        connection = connect(postgresql_server.url() + "?options=-c%20statement_timeout%3D200", web=True)
        error, seconds = failed(connection, "SELECT pg_sleep(30)")
        assert outage_of(error) == BUSY
        assert seconds < 20
        assert asked(connection, "SELECT 7") == 7

    def test_a_job_waits_for_its_statement(self, connect: Connect, postgresql_server: PostgresqlServer) -> None:
        connection = connect(postgresql_server.url(), web=False)
        asked(connection, "SELECT pg_sleep(0.1)")
        assert connection.connection.answer_seconds is None


@pytest.fixture(scope="class")
def stopping() -> Iterator[PostgresqlServer]:
    """A PostgreSQL that a test may stop."""
    try:
        with running_postgresql() as server:
            yield server
    except ServerUnavailableError as error:
        skip_or_fail(error)


class TestAServerThatHangs:
    def test_costs_one_request_its_limit_and_the_others_nothing(
        self, connect: Connect, long_pause: None, stopping: PostgresqlServer
    ) -> None:
        first, second = (connect(stopping.url(), web=True, ANSWER_SECONDS=limit) for limit in (0.4, 60))
        assert [asked(one, "SELECT 7") for one in (first, second)] == [7, 7]
        stopping.signal(signal.SIGSTOP)
        try:
            error, seconds = failed(first)
            assert outage_of(error) == AWAY
            assert "did not answer within 0.4 s" in str(error)
            assert seconds < 20
            assert not second.is_usable()
            second.close()
            error, seconds = failed(second)
            assert outage_of(error) == AWAY
            assert "left alone" in str(error)
            assert seconds < 20  # and not its 60
        finally:
            stopping.signal(signal.SIGCONT)

    def test_serves_again_when_it_goes_on(self, connect: Connect, stopping: PostgresqlServer) -> None:
        connection = connect(stopping.url(), web=True, ANSWER_SECONDS=0.4)
        asked(connection, "SELECT 7")
        stopping.signal(signal.SIGSTOP)
        failed(connection)
        stopping.signal(signal.SIGCONT)
        connection.close_if_unusable_or_obsolete()
        time.sleep(0.4)
        assert asked(connection, "SELECT 7") == 7

    def test_a_kept_connection_is_checked_in_a_shorter_time(
        self, connect: Connect, stopping: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(base, "CHECK_SECONDS", 0.2)
        connection = connect(stopping.url(), web=True, ANSWER_SECONDS=60)
        asked(connection, "SELECT 7")
        stopping.signal(signal.SIGSTOP)
        began = time.monotonic()
        try:
            assert not connection.is_usable()
        finally:
            stopping.signal(signal.SIGCONT)
        assert time.monotonic() - began < 20  # and not its 60


class TestABlackHole:
    def test_is_noticed_at_the_connection(self, connect: Connect, long_pause: None) -> None:
        with black_hole() as port:
            url = f"postgres://me@127.0.0.1:{port}/epicml?connect_timeout="
            error, seconds = failed(connect(url + "2", web=True))
            assert outage_of(error) == AWAY
            assert seconds < 20
            error, seconds = failed(connect(url + "60", web=True))
            assert outage_of(error) == AWAY
            assert "left alone" in str(error)
            assert seconds < 20  # and not its 60


class TestAServerThatRefuses:
    def test_is_asked_each_time_for_it_may_be_back(self, connect: Connect) -> None:
        with black_hole() as port:
            pass
        connection = connect(f"postgres://me@127.0.0.1:{port}/epicml", web=True)
        for _ in range(3):
            error, _ = failed(connection)
            assert outage_of(error) == AWAY
        assert not base.breaker.open


class TestBoundedConnection:
    def test_without_a_limit_waits_as_psycopg_does(self, postgresql_server: PostgresqlServer) -> None:
        with driver.connect(postgresql_server.conninfo) as connection:
            assert connection.execute("SELECT pg_sleep(0.2), 7").fetchone() == ("", 7)
