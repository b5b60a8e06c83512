from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Job
from apps.jobs.services.leases import Lease
from apps.jobs.services.queue import enqueue
from apps.jobs.services.registry import register_job, registrations
from apps.jobs.services.runner import run_next, run_until_empty
from apps.jobs.services.running import RunningJob
from tests.apps.jobs.clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]


def countdown(run: RunningJob) -> None:
    """Queues itself with one less, until nothing is left."""
    if run.arguments["left"]:
        enqueue("test.countdown", {"left": run.arguments["left"] - 1}, now=run.now())


class TestRunNext:
    def test_says_whether_there_was_a_job(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)

        assert run_next(owner="a", clock=Clock(now))
        assert not run_next(owner="a", clock=Clock(now))
        assert (Job.objects.get().state, Job.objects.get().lease_owner) == ("done", "a")

    def test_runs_only_what_it_is_for(self, now: datetime) -> None:
        enqueue("sample.deaf", {"seconds": 0}, now=now)

        assert not run_next(owner="a", clock=Clock(now), only=registrations(quick_only=True))
        assert not run_next(owner="a", clock=Clock(now), only=[])
        assert run_next(owner="a", clock=Clock(now), only=registrations())

    def test_runs_the_job_it_is_told_to(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        second = enqueue("sample.nothing", now=now)
        run_next(owner="a", clock=Clock(now), job_id=second)

        assert Job.objects.get(state="done").pk == second

    def test_lease_is_kept_alive_around_the_task(self, now: datetime) -> None:
        job_id, kept = enqueue("sample.nothing", now=now), []

        def alive(lease: Lease) -> AbstractContextManager[None]:
            kept.append((lease.job_id, lease.owner, lease.attempt, lease.seconds))
            return nullcontext()

        run_next(owner="a", clock=Clock(now), alive=alive)
        assert kept == [(job_id, "a", 1, 60)]


class TestRunUntilEmpty:
    def test_runs_what_jobs_queue_in_turn_and_leaves_what_is_for_later(self, now: datetime) -> None:
        register_job("test.countdown", f"{__name__}.countdown", atomic=True)
        enqueue("test.countdown", {"left": 3}, now=now)
        enqueue("sample.nothing", run_at=now + timedelta(hours=1), now=now)

        assert run_until_empty(clock=Clock(now)) == 4
        assert [job.name for job in Job.objects.filter(state="queued")] == ["sample.nothing"]
