import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.jobs.models import Job, Runner
from apps.jobs.selectors.runners import runners_able
from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import register_job, registrations
from apps.jobs.services.runner import heartbeats
from apps.jobs.services.runner.heartbeats import Heartbeat

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("only_sample_jobs")]

LEASE_SECONDS = 0.4
PATIENCE_SECONDS = 20.0


@pytest.fixture
def heartbeat() -> Iterator[Heartbeat]:
    beat = Heartbeat(clock=timezone.now)
    yield beat
    beat.close()


def held(seconds: float = LEASE_SECONDS) -> leases.Lease:
    register_job("test.held", "tests.apps.jobs.sample.tasks.nothing", lease_seconds=seconds)
    enqueue("test.held", now=timezone.now())
    job = leases.claim(owner="a", registrations=registrations(), now=timezone.now())
    assert job is not None
    return leases.lease_of(job)


def expiry() -> datetime:
    end = Job.objects.get().lease_expires_at
    assert end is not None
    return end


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, "It did not happen."
        time.sleep(0.01)


def beating() -> int:
    return sum(thread.name == "heartbeat" for thread in threading.enumerate())


class TestHeartbeat:
    def test_keeps_the_lease_of_a_task_that_takes_longer_than_it(self, heartbeat: Heartbeat) -> None:
        lease = held()
        first = expiry()
        with heartbeat.over(lease):
            assert heartbeat.lease == lease
            wait_until(lambda: expiry() > first + timedelta(seconds=2 * LEASE_SECONDS))
        attempts.finish(lease, now=timezone.now())

        assert Job.objects.get().state == "done"

    def test_says_how_long_the_attempt_has_worked(self, heartbeat: Heartbeat) -> None:
        with heartbeat.over(held()):
            wait_until(lambda: Job.objects.get().worked_seconds > 0)
            seen = Job.objects.get().worked_seconds
            wait_until(lambda: Job.objects.get().worked_seconds > seen)

            assert seen < heartbeat.worked() < PATIENCE_SECONDS

    def test_runner_is_seen_while_its_task_computes(
        self, heartbeat: Heartbeat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(heartbeats, "LONGEST_PAUSE_SECONDS", 0.05)
        start = timezone.now() - timedelta(minutes=5)
        Runner.objects.create(owner="a", kind="runner", started_at=start, seen_at=start)
        with heartbeat.over(held(seconds=3600)):
            wait_until(lambda: Runner.objects.get().seen_at > start)

        assert len(runners_able(timezone.now())) == 1

    def test_stops_when_the_task_ends(self, heartbeat: Heartbeat) -> None:
        with heartbeat.over(held()):
            pass
        assert heartbeat.lease is None
        before = expiry()
        time.sleep(2 * LEASE_SECONDS)

        assert expiry() == before

    def test_stops_when_the_task_fails(self, heartbeat: Heartbeat) -> None:
        with pytest.raises(ValueError, match="boom"), heartbeat.over(held()):
            raise ValueError("boom")

        assert heartbeat.lease is None

    def test_leaves_a_job_that_another_took_over_alone(self, heartbeat: Heartbeat) -> None:
        lease = held()
        with heartbeat.over(lease):
            Job.objects.update(lease_owner="b", attempt=2, lease_expires_at=timezone.now() + timedelta(hours=1))
            taken = expiry()
            time.sleep(LEASE_SECONDS)

        assert expiry() == taken

    def test_goes_on_with_the_next_job_in_the_same_thread(self, heartbeat: Heartbeat) -> None:
        before = beating()
        with heartbeat.over(held()):
            pass
        Job.objects.all().delete()
        lease = held()
        first = expiry()
        with heartbeat.over(lease):
            wait_until(lambda: expiry() > first)

            assert beating() == before + 1

    def test_thread_ends_when_it_is_closed(self) -> None:
        before = beating()
        beat = Heartbeat(clock=timezone.now)
        with beat.over(held()):
            pass
        beat.close()

        assert beating() == before

    def test_one_that_never_held_a_job_has_no_thread_to_close(self) -> None:
        Heartbeat(clock=timezone.now).close()
