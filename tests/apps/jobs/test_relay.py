import pytest

from apps.jobs.relay import BrokerUnavailableError, Relay, broker_url
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

    def test_what_lies_in_both_lanes_is_counted(self, redis_server: RedisServer) -> None:
        broker.empty(redis_server)
        relay = Relay(redis_server.url)
        assert relay.waiting() == 0
        relay.send([(7, False), (8, True), (9, False)])
        assert relay.waiting() == 3

    def test_nothing_can_be_counted_where_no_server_is(self) -> None:
        with pytest.raises(BrokerUnavailableError):
            Relay("unix:///nowhere/redis.sock").waiting()

    def test_nothing_to_send_needs_no_server(self) -> None:
        Relay("unix:///nowhere/redis.sock").send([])


class TestBrokerUnavailableError:
    def test_says_that_jobs_are_safe(self) -> None:
        assert BrokerUnavailableError().message == (
            "The broker behind REDIS_URL does not answer; jobs wait in the database."
        )
