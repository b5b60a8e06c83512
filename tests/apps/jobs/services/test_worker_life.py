import signal
from collections.abc import Callable
from datetime import datetime

import pytest

from apps.jobs.models import Runner
from apps.jobs.relay import Relay
from apps.jobs.services.worker_life import LOOP_SECONDS, TAKE_SECONDS, WorkerLife
from tests.apps.jobs import broker
from tests.apps.jobs.clock import Clock
from tests.apps.jobs.outages import wait_for
from tests.servers import RedisServer

pytestmark = pytest.mark.servers


class Seconds:
    """A monotonic clock that tests move by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def life_on(seconds: Seconds, now: datetime) -> Callable[[RedisServer], WorkerLife]:
    def make(redis: RedisServer) -> WorkerLife:
        return WorkerLife(redis_url=redis.url, lanes=["quick"], clock=Clock(now), monotonic=seconds)

    return make


LifeOn = Callable[[RedisServer], WorkerLife]


class TestProblem:
    def test_is_none_while_the_loop_turns(self, life_on: LifeOn, redis_server: RedisServer, seconds: Seconds) -> None:
        broker.empty(redis_server)
        life = life_on(redis_server)
        seconds.now += LOOP_SECONDS

        assert life.problem() == ""

    def test_is_a_loop_that_stands_still(self, life_on: LifeOn, redis_server: RedisServer, seconds: Seconds) -> None:
        broker.empty(redis_server)
        life = life_on(redis_server)
        seconds.now += LOOP_SECONDS + 1
        assert life.problem() == "its loop stands still"

        life.pulse.turned_at = seconds.now
        assert life.problem() == ""

    def test_is_redis_when_it_hangs(self, life_on: LifeOn, own_redis: RedisServer, seconds: Seconds) -> None:
        life = life_on(own_redis)
        own_redis.process.send_signal(signal.SIGSTOP)
        try:
            seconds.now += LOOP_SECONDS + 1  # the loop waits for it too
            assert life.problem() == "Redis does not answer"
        finally:
            own_redis.process.send_signal(signal.SIGCONT)

    def test_is_a_message_that_lies_while_there_is_room(
        self, life_on: LifeOn, redis_server: RedisServer, seconds: Seconds
    ) -> None:
        """What workers do that came back from a lost Redis and consume no more (celery#8091, celery#10302)."""
        broker.empty(redis_server)
        Relay(redis_server.url).send([(1, False)])
        life = life_on(redis_server)

        assert self.turn(life, seconds, by=TAKE_SECONDS, has_room=True) == ""
        assert self.turn(life, seconds, by=TAKE_SECONDS, has_room=True, taken=1) == ""
        assert self.turn(life, seconds, by=TAKE_SECONDS, has_room=False) == ""
        assert self.turn(life, seconds, by=TAKE_SECONDS, has_room=True) == ""
        assert self.turn(life, seconds, by=TAKE_SECONDS, has_room=True) == ""
        told = self.turn(life, seconds, by=1, has_room=True)
        assert told == "it takes no messages, although some wait and it has room"

    def test_message_of_another_lane_is_none_of_its_business(
        self, life_on: LifeOn, redis_server: RedisServer, seconds: Seconds
    ) -> None:
        broker.empty(redis_server)
        Relay(redis_server.url).send([(1, True)])
        life = life_on(redis_server)

        assert {self.turn(life, seconds, by=TAKE_SECONDS, has_room=True) for _ in range(3)} == {""}

    def turn(self, life: WorkerLife, seconds: Seconds, *, by: float, has_room: bool, taken: int = 0) -> str:
        seconds.now += by
        life.pulse.turned_at, life.pulse.has_room = seconds.now, has_room
        life.pulse.taken += taken
        return life.problem()


@pytest.mark.django_db(transaction=True)
class TestSigns:
    def test_are_given_until_it_is_closed(self, life_on: LifeOn, redis_server: RedisServer, now: datetime) -> None:
        broker.empty(redis_server)
        life = life_on(redis_server)
        life.start()
        try:
            wait_for(Runner.objects.exists, seconds=10)
            runner = Runner.objects.get()
            assert (runner.kind, runner.lanes, runner.problem, runner.seen_at) == ("celery", "quick", "", now)
        finally:
            life.close()

        assert not Runner.objects.exists()
