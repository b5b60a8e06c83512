import signal
import time
from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Job, Runner
from apps.jobs.selectors.runners import ALIVE_FOR
from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.queue import enqueue, enqueue_many
from apps.jobs.services.ledger.registry import BrokenTaskError, register_job, registrations
from apps.jobs.services.runner import process, relaying
from apps.jobs.services.runner.execution import run_next
from apps.jobs.services.runner.relaying import AGAIN_AFTER, Relaying, relay_jobs
from tests.apps.jobs import broker
from tests.apps.jobs.clock import Clock
from tests.apps.jobs.endings import failed
from tests.servers import RedisServer

pytestmark = [pytest.mark.servers, pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]

SECOND = timedelta(seconds=1)


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisServer:
    """A real Redis in which nothing lies."""
    broker.empty(redis_server)
    return redis_server


@pytest.fixture
def relay(redis: RedisServer) -> Relaying:
    return Relaying(redis.url)


def sent(redis: RedisServer, lane: str = "quick") -> list[int]:
    """The numbers of the jobs in this lane."""
    return [arguments[0] for _, arguments in broker.waiting(redis, lane)]


class TestRelayDue:
    def test_due_jobs_go_out_once_in_the_order_of_their_time(
        self, relay: Relaying, redis: RedisServer, now: datetime
    ) -> None:
        later = enqueue("sample.nothing", now=now)
        sooner = enqueue("sample.nothing", run_at=now - SECOND, now=now)
        enqueue("sample.nothing", run_at=now + SECOND, now=now)

        assert [relay.relay_due(now=now) for _ in range(2)] == [2, 0]
        assert sent(redis) == [sooner, later]
        assert [job.relayed_at for job in Job.objects.order_by("run_at")] == [now, now, None]

    def test_long_jobs_have_a_lane_of_their_own(self, relay: Relaying, redis: RedisServer, now: datetime) -> None:
        quick, long = enqueue("sample.nothing", now=now), enqueue("sample.deaf", {"seconds": 0}, now=now)
        relay.relay_due(now=now)

        assert (sent(redis, "quick"), sent(redis, "long")) == ([quick], [long])

    def test_job_of_a_name_that_nobody_registered_stays(
        self, relay: Relaying, redis: RedisServer, now: datetime
    ) -> None:
        enqueue("sample.nothing", now=now)
        Job.objects.update(name="next.version")

        assert relay.relay_due(now=now) == 0
        assert sent(redis) == []

    def test_job_waits_here_while_another_of_its_key_runs(
        self, relay: Relaying, redis: RedisServer, now: datetime
    ) -> None:
        enqueue("sample.nothing", key="k", now=now)
        running = leases.claim(owner="a", registrations=registrations(), now=now)
        assert running is not None
        second = enqueue("sample.nothing", key="k", now=now)

        assert relay.relay_due(now=now) == 0
        attempts.finish(leases.lease_of(running), now=now)
        assert relay.relay_due(now=now) == 1
        assert sent(redis) == [second]

    def test_message_that_was_lost_is_sent_again_after_a_minute(
        self, relay: Relaying, redis: RedisServer, now: datetime
    ) -> None:
        job_id = enqueue("sample.nothing", now=now)
        relay.relay_due(now=now)
        broker.empty(redis)

        assert relay.relay_due(now=now + AGAIN_AFTER) == 0
        assert relay.relay_due(now=now + AGAIN_AFTER + SECOND) == 1
        assert sent(redis) == [job_id]

    def test_job_that_failed_is_sent_again_when_its_time_has_come(
        self, relay: Relaying, redis: RedisServer, now: datetime
    ) -> None:
        job_id = enqueue("sample.nothing", now=now)
        relay.relay_due(now=now)
        job = leases.claim(owner="a", registrations=registrations(), now=now)
        assert job is not None
        attempts.requeue(leases.lease_of(job), failed("ValueError", at=now), run_at=now + 5 * SECOND)

        assert [relay.relay_due(now=now + after * SECOND) for after in (4, 5)] == [0, 1]
        assert sent(redis) == [job_id, job_id]

    def test_goes_in_batches(
        self, relay: Relaying, redis: RedisServer, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(relaying, "BATCH", 3)
        enqueue_many("sample.nothing", [{}] * 7, now=now)

        assert [relay.relay_due(now=now) for _ in range(4)] == [3, 3, 1, 0]
        assert sent(redis) == [job.pk for job in Job.objects.order_by("pk")]

    def test_messages_do_not_pile_up_while_no_worker_takes_them(
        self, relay: Relaying, redis: RedisServer, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(relaying, "MAX_OUTSTANDING", 5)
        enqueue_many("sample.nothing", [{}] * 9, now=now)

        for minute in range(5):
            relay.relay_due(now=now + minute * (AGAIN_AFTER + SECOND))
        assert len(sent(redis)) == 5

    def test_only_so_many_messages_are_under_way(
        self, relay: Relaying, redis: RedisServer, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(relaying, "MAX_OUTSTANDING", 5)
        enqueue_many("sample.nothing", [{}] * 9, now=now)

        assert [relay.relay_due(now=now) for _ in range(2)] == [5, 0]
        broker.empty(redis)  # workers took them, and one is done
        run_next(owner="a", clock=Clock(now))
        assert relay.relay_due(now=now) == 1
        assert len(sent(redis)) == 1


class TestBrokerAway:
    def test_jobs_wait_in_the_database_and_go_out_when_it_is_back(self, own_redis: RedisServer, now: datetime) -> None:
        job_ids = [enqueue("sample.nothing", now=now) for _ in range(3)]
        relay = Relaying(own_redis.url)
        relay.relay_due(now=now - SECOND)
        broker.stop(own_redis)

        assert relay.relay_due(now=now) == 0
        assert [(job.state, job.relayed_at) for job in Job.objects.all()] == [("queued", None)] * 3
        back = broker.start_again(own_redis)
        try:
            assert relay.relay_due(now=now + 2 * SECOND) == 3
            assert sent(own_redis) == job_ids
        finally:
            back.terminate()
            back.wait(timeout=10)

    def test_outage_is_one_line_at_its_begin_and_one_at_its_end(
        self, own_redis: RedisServer, now: datetime, caplog: pytest.LogCaptureFixture
    ) -> None:
        enqueue("sample.nothing", now=now)
        relay = Relaying(own_redis.url)
        broker.stop(own_redis)
        with caplog.at_level("WARNING"):
            for second in range(60):
                assert relay.relay_due(now=now + second * SECOND) == 0
            assert relay.problem == "Redis does not answer"
            back = broker.start_again(own_redis)
            try:
                assert sum(relay.relay_due(now=now + second * SECOND) for second in range(60, 71)) == 1
            finally:
                back.terminate()
                back.wait(timeout=10)

        assert relay.problem == ""
        assert [record.getMessage() for record in caplog.records] == [
            "The broker behind REDIS_URL does not answer; jobs wait in the database. It is tried again until it does.",
            "Redis answers again after 65 s.",  # tried after 1, 2, 4, 8 and then every 10 s
        ]

    def test_hung_redis_holds_the_relay_for_seconds_only(self, own_redis: RedisServer, now: datetime) -> None:
        """In between it gives its sign of life and takes back what dead workers held."""
        enqueue("sample.nothing", now=now)
        relay = Relaying(own_redis.url)
        relay.relay_due(now=now - SECOND)
        own_redis.process.send_signal(signal.SIGSTOP)
        try:
            started = time.monotonic()
            assert relay.relay_due(now=now) == 0
            assert time.monotonic() - started < ALIVE_FOR.total_seconds() / 3
        finally:
            own_redis.process.send_signal(signal.SIGCONT)
        assert relay.relay_due(now=now + 2 * SECOND) == 1

    def test_jobs_go_out_again_at_once_when_redis_lost_its_messages(
        self, own_redis: RedisServer, now: datetime
    ) -> None:
        job_id = enqueue("sample.nothing", now=now)
        relay = Relaying(own_redis.url)
        assert relay.relay_due(now=now) == 1
        broker.stop(own_redis)
        back = broker.start_again(own_redis)
        try:
            assert sum(relay.relay_due(now=now + second * SECOND) for second in (5, 6)) == 1
            assert sent(own_redis) == [job_id]
        finally:
            back.terminate()
            back.wait(timeout=10)

    def test_clock_that_was_ahead_keeps_no_message_back(
        self, redis: RedisServer, relay: Relaying, now: datetime
    ) -> None:
        enqueue("sample.nothing", now=now)
        relay.relay_due(now=now + timedelta(days=731))
        broker.empty(redis)

        assert relay.relay_due(now=now) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("keep_signals")
class TestRelayJobs:
    def test_sends_all_that_is_due_takes_back_what_a_dead_worker_held_and_signs_off(
        self, redis: RedisServer, now: datetime
    ) -> None:
        held = enqueue("sample.nothing", now=now - timedelta(minutes=5))
        leases.claim(owner="gone", registrations=registrations(), now=now - timedelta(minutes=5))
        waiting = enqueue("sample.nothing", now=now)
        until = process.Until(empty=True)

        assert relay_jobs(clock=Clock(now), url=redis.url, grace_seconds=60, until=until) == 1
        assert sent(redis) == [held, waiting]
        assert not Runner.objects.exists()

    def test_registered_path_without_a_task_stops_the_start(self, redis: RedisServer, now: datetime) -> None:
        register_job("sample.broken", "tests.absent.task")

        with pytest.raises(BrokenTaskError):
            relay_jobs(clock=Clock(now), url=redis.url, grace_seconds=60, until=process.Until(once=True))
