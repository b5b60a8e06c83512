import os
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.services import leases
from apps.jobs.services.queue import enqueue
from apps.jobs.services.reconciliation import requeue_abandoned
from apps.jobs.services.registry import registrations
from apps.jobs.services.relaying import Relaying
from apps.jobs.services.worker import run_relayed
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
    requeue_abandoned(now=timezone.now())
    relaying.relay_due(now=timezone.now())
