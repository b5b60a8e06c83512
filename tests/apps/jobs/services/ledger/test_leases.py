from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Job
from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import register_job, registrations
from tests.apps.jobs.endings import failed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]


def take(now: datetime, *, owner: str = "a") -> Job:
    job = leases.claim(owner=owner, registrations=registrations(), now=now)
    assert job is not None
    return job


class TestClaim:
    def test_takes_the_job_that_is_due_the_longest(self, now: datetime) -> None:
        enqueue("sample.nothing", {"n": 2}, now=now)
        enqueue("sample.nothing", {"n": 1}, run_at=now - timedelta(seconds=1), now=now)
        enqueue("sample.nothing", {"n": 3}, now=now)

        assert [take(now).arguments["n"] for _ in range(3)] == [1, 2, 3]

    def test_job_is_held_for_the_lease_of_its_name(self, now: datetime) -> None:
        register_job("sample.slow", "tests.apps.jobs.sample.tasks.nothing", lease_seconds=300)
        enqueue("sample.nothing", now=now)
        enqueue("sample.slow", now=now)
        job, slow = take(now), take(now)

        assert (job.state, job.lease_owner, job.attempt) == ("leased", "a", 1)
        assert job.lease_expires_at == now + timedelta(seconds=60)
        assert slow.lease_expires_at == now + timedelta(seconds=300)

    def test_job_for_later_is_left(self, now: datetime) -> None:
        enqueue("sample.nothing", run_at=now + timedelta(seconds=1), now=now)

        assert leases.claim(owner="a", registrations=registrations(), now=now) is None

    def test_job_of_a_name_this_runner_does_not_know_is_left(self, now: datetime) -> None:
        enqueue("sample.deaf", now=now)

        assert leases.claim(owner="a", registrations=registrations(quick_only=True), now=now) is None
        assert take(now).name == "sample.deaf"

    def test_job_is_taken_once(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        take(now)

        assert leases.claim(owner="b", registrations=registrations(), now=now) is None
        assert leases.claim(owner="b", registrations=registrations(), now=now, job_id=job_id) is None

    def test_takes_the_named_job_although_another_is_due_longer(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        second = enqueue("sample.nothing", now=now)
        job = leases.claim(owner="a", registrations=registrations(), now=now, job_id=second)

        assert job is not None
        assert job.pk == second

    def test_same_key_runs_after_the_other_is_done(self, now: datetime) -> None:
        enqueue("sample.nothing", key="k", now=now)
        job = take(now)
        second = enqueue("sample.nothing", key="k", now=now)
        attempts.finish(leases.lease_of(job), now=now)

        assert take(now).pk == second


class TestFence:
    def test_attempt_that_was_taken_over_cannot_finish(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        old = leases.lease_of(take(now))
        attempts.requeue(old, failed("lost", at=now), run_at=now)
        new = leases.lease_of(take(now, owner="b"))

        with pytest.raises(leases.LeaseLostError, match=r"Job \d+ is no longer held by this attempt"):
            leases.heartbeat(old, now=now, worked=0.0)
        with pytest.raises(leases.LeaseLostError):
            attempts.finish(old, now=now)
        with pytest.raises(leases.LeaseLostError):
            attempts.release(old, now=now)
        attempts.finish(new, now=now)

    def test_heartbeat_moves_the_end_of_the_lease(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        job = take(now)
        leases.heartbeat(leases.lease_of(job), now=now + timedelta(seconds=20), worked=0.0)

        job.refresh_from_db()
        assert job.lease_expires_at == now + timedelta(seconds=80)


class TestRelease:
    def test_job_waits_as_if_the_attempt_had_not_begun(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        job = take(now)
        leases.write(leases.lease_of(job), checkpoint={"row": 7})
        attempts.release(leases.lease_of(job), now=now)

        job.refresh_from_db()
        assert (job.state, job.attempt, job.checkpoint, job.lease_expires_at) == ("queued", 0, {"row": 7}, None)


class TestRetryLater:
    def test_error_is_kept_and_bounded(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        job = take(now)
        attempts.requeue(leases.lease_of(job), failed("e" * 900, at=now), run_at=now + timedelta(seconds=5))

        job.refresh_from_db()
        assert (job.state, job.attempt, job.run_at) == ("queued", 1, now + timedelta(seconds=5))
        assert job.last_error == "e" * 500

    def test_the_job_of_the_same_key_that_waits_behind_carries_on(self, now: datetime) -> None:
        enqueue("sample.nothing", {"n": 1}, key="k", now=now)
        job = take(now)
        leases.write(leases.lease_of(job), checkpoint=3)
        successor = Job.objects.get(pk=enqueue("sample.nothing", {"n": 1}, key="k", now=now))
        attempts.requeue(leases.lease_of(job), failed("boom", at=now), run_at=now + timedelta(seconds=5))

        job.refresh_from_db()
        successor.refresh_from_db()
        assert (job.state, job.last_error) == ("cancelled", f"Its work goes on in job {successor.pk}. boom")
        assert (successor.state, successor.attempt, successor.checkpoint) == ("queued", 1, 3)
        assert successor.run_at == now + timedelta(seconds=5)

    def test_checkpoint_of_other_arguments_is_not_carried_over(self, now: datetime) -> None:
        enqueue("sample.nothing", {"n": 1}, key="k", now=now)
        job = take(now)
        leases.write(leases.lease_of(job), checkpoint=3)
        successor = enqueue("sample.nothing", {"n": 2}, key="k", now=now)
        attempts.requeue(leases.lease_of(job), failed("boom", at=now), run_at=now)

        assert Job.objects.get(pk=successor).checkpoint is None
