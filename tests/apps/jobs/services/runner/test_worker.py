import os
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.jobs.models import Job, Runner
from apps.jobs.relay import Relay
from apps.jobs.services.ledger import leases
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.reconciliation import requeue_lost
from apps.jobs.services.ledger.registry import registrations
from apps.jobs.services.runner.relaying import Relaying
from apps.jobs.services.runner.worker import LOOP_SECONDS, TAKE_SECONDS, WorkerLife, run_relayed
from tests.apps.jobs import broker
from tests.apps.jobs.clock import Clock
from tests.apps.jobs.runners import celery_worker
from tests.apps.jobs.sample import effects
from tests.servers import RedisServer

PATIENCE_SECONDS = 60.0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("only_sample_jobs")
class TestRunRelayed:
    def test_job_has_an_attempt_in_this_worker(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)

        assert run_relayed(job_id, clock=Clock(now))
        assert (Job.objects.get().state, Job.objects.get().attempt) == ("done", 1)
        assert Job.objects.get().lease_owner.startswith("celery@")

    def test_second_message_does_nothing(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        run_relayed(job_id, clock=Clock(now))

        assert not run_relayed(job_id, clock=Clock(now))
        assert Job.objects.get().attempt == 1

    def test_message_that_is_early_does_nothing(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", run_at=now + timedelta(seconds=1), now=now)

        assert not run_relayed(job_id, clock=Clock(now))
        assert Job.objects.get().attempt == 0

    def test_message_of_a_job_that_is_gone_does_nothing(self, now: datetime) -> None:
        assert not run_relayed(12, clock=Clock(now))

    def test_job_that_waits_for_its_key_gets_a_new_message(self, now: datetime) -> None:
        enqueue("sample.nothing", key="k", now=now)
        leases.claim(owner="a", registrations=registrations(), now=now)
        second = enqueue("sample.nothing", key="k", now=now)
        Job.objects.filter(pk=second).update(relayed_at=now)

        assert not run_relayed(second, clock=Clock(now))
        assert (Job.objects.get(pk=second).state, Job.objects.get(pk=second).relayed_at) == ("queued", None)


def wait_for(true: Callable[[], bool], meanwhile: Callable[[], object] = lambda: None) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, "It did not happen."
        meanwhile()
        time.sleep(0.02)


def process_of(job: Job) -> int:
    """The process that holds the job: celery@machine:process:random."""
    return int(job.lease_owner.split(":")[-2])


@pytest.mark.servers
@pytest.mark.usefixtures("only_sample_jobs", "effects_table")
class TestCeleryWorker:
    def test_repeats_nothing_when_it_is_killed_and_gives_back_when_it_is_stopped(
        self, redis_server: RedisServer
    ) -> None:
        broker.empty(redis_server)
        relaying = Relaying(redis_server.url)
        with celery_worker(redis_server.url) as worker:
            self.kill_one_process(relaying)
            second = enqueue("sample.steps", {"steps": 10_000, "seconds": 0.05}, now=timezone.now())
            wait_for(lambda: Job.objects.get(pk=second).checkpoint is not None, lambda: relay(relaying))
            worker.terminate()
            assert worker.wait(timeout=PATIENCE_SECONDS) == 0

        job = Job.objects.get(pk=second)
        assert (job.state, job.attempt, job.lease_expires_at) == ("queued", 0, None)
        assert [step for number, step in effects.all_effects() if number == second] == list(range(job.checkpoint or 0))

    def kill_one_process(self, relaying: Relaying) -> None:
        """A process with a job in hand was killed; another did the rest, and no step twice."""
        job_id = enqueue("sample.steps", {"steps": 12, "seconds": 0.05}, now=timezone.now())
        wait_for(lambda: Job.objects.get().checkpoint is not None, lambda: relay(relaying))
        os.kill(process_of(Job.objects.get()), signal.SIGKILL)
        wait_for(lambda: Job.objects.get().state == "done", lambda: relay(relaying))

        assert Job.objects.get().attempt == 2
        assert effects.all_effects() == [(job_id, step) for step in range(12)]


def relay(relaying: Relaying) -> None:
    """What `manage.py relayjobs` does in each turn."""
    requeue_lost(now=timezone.now())
    relaying.relay_due(now=timezone.now())


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


@pytest.mark.servers
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


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
class TestSigns:
    def test_are_given_until_it_is_closed(self, life_on: LifeOn, redis_server: RedisServer, now: datetime) -> None:
        broker.empty(redis_server)
        life = life_on(redis_server)
        life.start()
        try:
            wait_for(Runner.objects.exists)
            runner = Runner.objects.get()
            assert (runner.kind, runner.lanes, runner.problem, runner.seen_at) == ("celery", "quick", "", now)
        finally:
            life.close()

        assert not Runner.objects.exists()
