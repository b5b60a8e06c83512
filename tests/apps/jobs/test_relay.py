import signal
import time
from typing import Any

import kombu.transport
import pytest
from kombu import Connection

from apps.jobs.relay import TIMEOUT_SECONDS, BrokerUnavailableError, Relay, broker_url
from tests.apps.jobs import broker
from tests.servers import RedisServer


class TestBrokerUrl:
    @pytest.mark.parametrize(
        ("url", "celery"),
        [
            ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
            ("redis://:secret@broker:6379/1", "redis://:secret@broker:6379/1"),
            ("rediss://broker:6379/0", "rediss://broker:6379/0"),
        ],
    )
    def test_names_the_same_server_as_celery_writes_it(self, url: str, celery: str) -> None:
        assert broker_url(url) == celery


@pytest.mark.servers
class TestSend:
    def test_each_number_lies_in_the_queue_of_its_lane_in_order(self, redis_server: RedisServer) -> None:
        broker.empty(redis_server)
        Relay(redis_server.url).send([(7, False), (8, True), (9, False)])

        assert broker.waiting(redis_server, "quick") == [("jobs.execute", [7]), ("jobs.execute", [9])]
        assert broker.waiting(redis_server, "long") == [("jobs.execute", [8])]

    def test_nothing_to_send_needs_no_server(self) -> None:
        Relay("unix:///nowhere/redis.sock").send([])


@pytest.mark.servers
class TestLook:
    def test_counts_what_lies_in_each_lane(self, redis_server: RedisServer) -> None:
        broker.empty(redis_server)
        relay = Relay(redis_server.url)
        assert relay.look().waiting == {"quick": 0, "long": 0}

        relay.send([(7, False), (8, True), (9, False)])
        assert relay.look().waiting == {"quick": 2, "long": 1}

    def test_tells_a_redis_that_was_started_anew(self, own_redis: RedisServer) -> None:
        relay = Relay(own_redis.url)
        first = relay.look().server
        assert relay.look().server == first

        broker.stop(own_redis)
        back = broker.start_again(own_redis)
        try:
            assert relay.look().server != first
        finally:
            back.terminate()
            back.wait(timeout=10)

    def test_no_server_is_unavailable(self) -> None:
        with pytest.raises(BrokerUnavailableError):
            Relay("unix:///nowhere/redis.sock").look()

    def test_server_that_hangs_is_unavailable_within_seconds(self, own_redis: RedisServer) -> None:
        relay = Relay(own_redis.url)
        relay.look()
        own_redis.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        try:
            with pytest.raises(BrokerUnavailableError):
                relay.look()
            assert time.monotonic() - started < TIMEOUT_SECONDS + 20  # on a busy machine; else for ever
        finally:
            own_redis.process.send_signal(signal.SIGCONT)


@pytest.mark.servers
class TestTransport:
    """A channel that has lost its address and its sockets, as after a loss of Redis, when something is still to do."""

    def test_use_of_a_lost_channel_is_an_error_of_the_connection(self, redis_server: RedisServer) -> None:
        connection, channel = self.lost(redis_server)

        with pytest.raises(connection.connection_errors, match=r"^The connection of this channel was closed\.$"):
            channel.qos.ack("some message")

    def test_plain_kombu_raises_what_ends_a_worker(
        self, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plain = "kombu.transport.redis:Transport"
        monkeypatch.setattr(kombu.transport, "TRANSPORT_ALIASES", {"redis": plain})
        monkeypatch.setattr(kombu.transport, "_transport_cache", {})
        _, channel = self.lost(redis_server)

        with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'hostname'"):
            channel.qos.ack("some message")

    def lost(self, server: RedisServer) -> tuple[Connection, Any]:
        connection = Connection(server.broker_url)
        channel: Any = connection.channel()
        connection._do_close_transport()
        channel._disconnect_pools()
        return connection, channel


class TestBrokerUnavailableError:
    def test_says_that_jobs_are_safe(self) -> None:
        assert BrokerUnavailableError().message == (
            "The broker behind REDIS_URL does not answer; jobs wait in the database."
        )
