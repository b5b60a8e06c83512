"""What every way to run jobs keeps to."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from apps.jobs.models import Attempt, Job
from apps.jobs.selectors.runners import place_of
from apps.jobs.services.ledger.queue import enqueue, enqueue_many
from apps.jobs.services.ledger.reconciliation import requeue_lost
from apps.jobs.services.runner.loop import machine
from tests.apps.jobs.runners import (
    PATIENCE_SECONDS,
    CeleryWorkers,
    ChildProcess,
    InProcess,
    Runner,
    celery_worker,
    job_runner,
)
from tests.apps.jobs.sample import effects
from tests.servers import RedisServer


@contextmanager
def in_process(request: pytest.FixtureRequest) -> Iterator[Runner]:
    yield InProcess()


@contextmanager
def child_process(request: pytest.FixtureRequest) -> Iterator[Runner]:
    with job_runner() as process:
        yield ChildProcess(process)


@contextmanager
def celery_workers(request: pytest.FixtureRequest) -> Iterator[Runner]:
    redis: RedisServer = request.getfixturevalue("redis_server")
    with celery_worker(redis.url) as process:
        yield CeleryWorkers(redis.url, process)


@pytest.fixture(
    scope="module", params=[in_process, child_process, pytest.param(celery_workers, marks=pytest.mark.servers)]
)
def started(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[Runner]:
    """One runner at a time: another that is up would do its work."""
    with request.param(request) as runner:
        yield runner


@pytest.fixture
def runner(started: Runner, only_sample_jobs: None, effects_table: None) -> Runner:
    return started


class TestEveryRunner:
    def test_runs_each_job_once(self, runner: Runner) -> None:
        now = timezone.now()
        enqueue_many("sample.effect", [{}] * 20, now=now)
        runner.run()

        jobs = Job.objects.order_by("pk")
        assert [(job.state, job.attempt, job.last_error) for job in jobs] == [("done", 1, "")] * 20
        assert effects.all_effects() == [(job.pk, 0) for job in jobs]
        assert all(job.finished_at is not None and job.lease_expires_at is None for job in jobs)
        assert all(job.lease_owner.startswith(runner.owner) for job in jobs)

    def test_works_in_steps_and_says_how_far_it_is(self, runner: Runner) -> None:
        job_id = enqueue("sample.steps", {"steps": 3, "seconds": 0}, now=timezone.now())
        runner.run()

        job = Job.objects.get(pk=job_id)
        assert (job.state, job.checkpoint) == ("done", 3)
        assert (job.progress_done, job.progress_total, job.progress_text) == (3, 3, "steps")
        assert effects.all_effects() == [(job_id, 0), (job_id, 1), (job_id, 2)]

    def test_goes_on_from_the_checkpoint(self, runner: Runner) -> None:
        job_id = enqueue("sample.steps", {"steps": 4, "seconds": 0}, now=timezone.now())
        Job.objects.update(checkpoint=3)
        runner.run()

        assert effects.all_effects() == [(job_id, 3)]

    def test_marks_a_job_dead_after_its_last_attempt_and_keeps_no_data_of_the_error(self, runner: Runner) -> None:
        enqueue("sample.fail", now=timezone.now())
        other = enqueue("sample.effect", now=timezone.now())
        runner.run()

        failed = Job.objects.get(name="sample.fail")
        assert (failed.state, failed.attempt) == ("dead", 1)
        assert failed.last_error.startswith("RuntimeError at tasks.py:")
        assert failed.last_error.endswith(" in fail")
        assert Job.objects.get(pk=other).state == "done"

    def test_leaves_jobs_for_later_and_unknown_jobs(self, runner: Runner) -> None:
        now = timezone.now()
        enqueue("sample.effect", run_at=now + timedelta(days=30), now=now)
        enqueue("sample.effect", now=now)
        runner.run()

        assert sorted(Job.objects.values_list("state", flat=True)) == ["done", "queued"]

    def test_runs_jobs_of_one_key_one_after_the_other(self, runner: Runner) -> None:
        now = timezone.now()
        first = enqueue("sample.steps", {"steps": 2, "seconds": 0}, key="k", now=now)
        assert enqueue("sample.steps", {"steps": 2, "seconds": 0}, key="k", now=now) == first
        runner.run()
        second = enqueue("sample.steps", {"steps": 1, "seconds": 0}, key="k", now=now)
        runner.run()

        assert effects.all_effects() == [(first, 0), (first, 1), (second, 0)]

    def test_accounts_for_each_attempt(self, runner: Runner) -> None:
        enqueue("sample.fail", now=timezone.now())
        enqueue("sample.effect", now=timezone.now())
        enqueue("sample.steps", {"steps": 2, "seconds": 0.1}, now=timezone.now())
        runner.run()

        rows = {attempt.name: attempt for attempt in Attempt.objects.all()}
        assert {name: (row.outcome, row.number, row.host) for name, row in rows.items()} == {
            "sample.fail": ("dead", 1, machine()),
            "sample.effect": ("done", 1, machine()),
            "sample.steps": ("done", 1, machine()),
        }
        assert all(row.owner.startswith(runner.owner) and row.lane == "quick" for row in rows.values())
        failed = rows["sample.fail"]
        assert failed.fingerprint == "RuntimeError in tests/apps/jobs/sample/tasks.py fail"
        assert failed.error == Job.objects.get(name="sample.fail").last_error
        assert 0.2 <= rows["sample.steps"].work_seconds < 30
        assert [row.lost_seconds for row in rows.values()] == [0, 0, 0]
        assert all(row.started_at <= row.ended_at for row in rows.values())


@pytest.mark.usefixtures("only_sample_jobs", "effects_table")
class TestEveryKilledRunner:
    """A runner that is killed loses what came after the last checkpoint, and the ledger says how much that was."""

    @pytest.fixture(params=[child_process, pytest.param(celery_workers, marks=pytest.mark.servers)])
    def killed(self, request: pytest.FixtureRequest) -> Iterator[Any]:
        with request.param(request) as runner:
            yield runner

    def test_its_attempt_is_lost_with_the_seconds_since_the_checkpoint(
        self, killed: ChildProcess | CeleryWorkers
    ) -> None:
        job_id = enqueue("sample.steps", {"steps": 2, "seconds": 60}, now=timezone.now())
        killed.begin()
        job = wait_for(lambda: Job.objects.filter(pk=job_id, worked_seconds__gt=F("saved_seconds") + 0.3).first())
        os.kill(int(place_of(job.lease_owner)[1]), signal.SIGKILL)
        lost = wait_for(lambda: requeue_lost(now=timezone.now()) and Attempt.objects.first())

        assert (lost.job_id, lost.outcome, lost.fingerprint, lost.number) == (job_id, "lost", "RunnerLost", 1)
        assert (lost.owner, lost.host) == (job.lease_owner, machine())
        assert 0.3 < lost.lost_seconds <= lost.work_seconds < 30
        job.refresh_from_db()
        assert (job.state, job.attempt, job.checkpoint) == ("queued", 1, 1)


def wait_for(found: Callable[[], Any]) -> Any:
    """What is found, as soon as it is."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (one := found()):
        assert time.monotonic() < end, "It did not happen."
        time.sleep(0.02)
    return one
