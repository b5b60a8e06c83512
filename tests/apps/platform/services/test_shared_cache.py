"""What requests meet while Redis is away, in each way in which it can be."""

import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCache
from django.db import connections
from pytest_django.fixtures import Settings

from apps.platform.services.shared_cache import redis_health, reset_shared_cache, shared_cache
from config import environment
from tests.client import ApiClient
from tests.servers import RedisServer, black_hole

pytestmark = pytest.mark.servers

THREADS = 16
LIMIT = 40
# Without limits of time, each of these requests waited for 10 s and longer.
LONGEST_SECONDS = 20.0  # on a busy machine; who waited for a Redis that hangs would wait for ever


def use(settings: Settings, url: str) -> None:
    settings.REDIS_URL = url
    settings.CACHES = {"default": environment.cache(url, seconds=settings.REDIS_SECONDS)}
    reset_shared_cache()


def redis_client() -> Any:
    backend = shared_cache()
    assert isinstance(backend, RedisCache)
    return backend._cache.get_client()


def stop(server: RedisServer) -> None:
    server.process.send_signal(signal.SIGSTOP)


def kill(server: RedisServer) -> None:
    server.process.kill()
    server.process.wait()


def fill(server: RedisServer) -> None:
    redis_client().config_set("maxmemory", "1")


def make_a_replica(server: RedisServer) -> None:
    redis_client().replicaof("127.0.0.1", "1")


def change_the_password(server: RedisServer) -> None:
    client = redis_client()
    client.config_set("requirepass", "other")
    client.connection_pool.disconnect()


def drip(connection: socket.socket) -> None:
    """An answer that is right, and comes after 0.2 s."""
    with suppress(OSError):
        while connection.recv(4096):
            time.sleep(0.2)
            connection.sendall(b"+OK\r\n")


def hang_up(connection: socket.socket) -> None:
    connection.close()


def babble(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


BREAKS: dict[str, Callable[[RedisServer], None]] = {
    "stopped": stop,
    "killed": kill,
    "full": fill,
    "a replica that takes no writes": make_a_replica,
    "a new password": change_the_password,
}
HOLES: dict[str, Callable[[socket.socket], None]] = {
    "never answers": lambda connection: None,
    "answers slowly": drip,
    "hangs up": hang_up,
    "is no Redis": babble,
}


@pytest.fixture
def broken(request: pytest.FixtureRequest, settings: Settings) -> Iterator[str]:
    """Redis is broken in the way that the parameter names."""
    with ExitStack() as stack:
        if request.param in BREAKS:
            server: RedisServer = request.getfixturevalue("own_redis")
            use(settings, server.url)
            shared_cache().set("warm", 1)  # the connections of a process that has served for long
            BREAKS[request.param](server)
            stack.callback(server.process.send_signal, signal.SIGCONT)
        elif request.param == "refuses":
            with socket.create_server(("127.0.0.1", 0)) as closed:
                port = closed.getsockname()[1]
            use(settings, f"redis://127.0.0.1:{port}/0")
        else:
            port = stack.enter_context(black_hole(HOLES[request.param]))
            use(settings, f"redis://127.0.0.1:{port}/0")
        yield request.param


def asked(client: ApiClient) -> tuple[int, float]:
    began = time.monotonic()
    try:
        status = client.get("/api/v1/suggest", q="a").status_code
    finally:
        connections.close_all()
    return status, time.monotonic() - began


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broken", [*BREAKS, *HOLES, "refuses"], indirect=True)
class TestRequests:
    def test_are_answered_in_time_and_the_limit_holds(
        self, broken: str, client_with: Callable[..., ApiClient], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        client = client_with("search:read", requests_per_minute=LIMIT)
        first_minute = time.time() // 60
        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(asked, [client] * 3 * LIMIT))
        minutes = time.time() // 60 - first_minute + 1  # one that begins meanwhile has a limit of its own
        statuses = [status for status, _ in answers]
        assert set(statuses) == {200, 429}
        assert LIMIT <= statuses.count(200) <= LIMIT * minutes
        assert max(seconds for _, seconds in answers) < LONGEST_SECONDS
        said = [record for record in caplog.records if record.name == "apps.platform.services.breaker"]
        assert len(said) == 1
        assert said[0].exc_info is None
        assert said[0].getMessage().startswith("Redis is away and is left alone for a while (")
        assert not any(record.exc_info for record in caplog.records)

    def test_health_says_so_and_does_not_wait(self, broken: str) -> None:
        began = time.monotonic()
        health = [redis_health(), redis_health()]
        assert time.monotonic() - began < LONGEST_SECONDS
        assert [found.state for found in health] == ["degraded", "degraded"]
        assert health[0].impact
        assert health[0].remedy


class TestRedisHealth:
    def test_is_well_while_redis_takes_writes(self, redis_server: RedisServer, settings: Settings) -> None:
        use(settings, redis_server.url)
        assert redis_health().state == "ok"

    def test_is_well_again_when_redis_is(
        self, own_redis: RedisServer, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        use(settings, own_redis.url)
        own_redis.process.send_signal(signal.SIGSTOP)
        states: list[Any] = [redis_health().state]
        own_redis.process.send_signal(signal.SIGCONT)
        end = time.monotonic() + 10
        while states[-1] != "ok" and time.monotonic() < end:
            time.sleep(0.1)
            states.append(redis_health().state)
        assert (states[0], states[-1]) == ("degraded", "ok")
        assert [record.getMessage().partition(" and")[0] for record in caplog.records] == [
            "Redis is away",
            "Redis is back",
        ]


class TestSharedCache:
    def test_has_its_client_before_a_limit_of_time_runs(self, redis_server: RedisServer, settings: Settings) -> None:
        use(settings, redis_server.url)
        assert "_cache" in vars(shared_cache())


class TestCacheSettings:
    def test_the_query_of_the_address_wins(self, own_redis: RedisServer, settings: Settings) -> None:
        use(settings, f"{own_redis.url}?socket_timeout=1.5")
        connection = redis_client().connection_pool.make_connection()
        assert (connection.socket_timeout, connection.socket_connect_timeout) == (1.5, 0.25)
