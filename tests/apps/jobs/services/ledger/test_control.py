from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Job
from apps.jobs.selectors.jobs import JobNotFoundError
from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.control import JobStateError, cancel_job, retry_job
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import registrations
from tests.apps.jobs.endings import failed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]


def take(now: datetime) -> leases.Lease:
    job = leases.claim(owner="a", registrations=registrations(), now=now)
    assert job is not None
    return leases.lease_of(job)


def dead(now: datetime, *, key: str | None = None) -> int:
    """A job that died at its fifth attempt, with a checkpoint."""
    job_id = enqueue("sample.nothing", key=key, now=now)
    Job.objects.filter(pk=job_id).update(attempt=4)
    lease = take(now)
    leases.write(lease, checkpoint=7)
    attempts.mark_dead(lease, failed("ValueError", at=now, outcome=attempts.Outcome.DEAD))
    return job_id


class TestCancelJob:
    def test_waiting_job_is_not_run(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        cancel_job(job_id, now=now)

        assert (Job.objects.get().state, Job.objects.get().finished_at) == ("cancelled", now)
        assert leases.claim(owner="a", registrations=registrations(), now=now) is None

    def test_running_job_cannot_record_its_result(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        lease = take(now)
        cancel_job(job_id, now=now)

        with pytest.raises(leases.LeaseLostError):
            attempts.finish(lease, now=now)
        assert (Job.objects.get().state, Job.objects.get().lease_expires_at) == ("cancelled", None)

    def test_key_is_free_again(self, now: datetime) -> None:
        first = enqueue("sample.nothing", key="k", now=now)
        cancel_job(first, now=now)

        assert enqueue("sample.nothing", key="k", now=now) != first

    @pytest.mark.parametrize(("state", "word"), [("done", "done"), ("dead", "dead"), ("cancelled", "cancelled")])
    def test_ended_job_is_refused(self, now: datetime, state: str, word: str) -> None:
        job_id = enqueue("sample.nothing", now=now)
        Job.objects.update(state=state, finished_at=now - timedelta(days=1))

        with pytest.raises(JobStateError) as refused:
            cancel_job(job_id, now=now)
        assert refused.value.message == f"Job {job_id} is {word}; there is nothing to cancel."
        assert Job.objects.get().finished_at == now - timedelta(days=1)

    def test_job_that_is_not_there_is_not_found(self, now: datetime) -> None:
        with pytest.raises(JobNotFoundError, match=r"There is no job 12\."):
            cancel_job(12, now=now)


class TestRetryJob:
    def test_dead_job_waits_with_all_its_attempts_and_its_checkpoint(self, now: datetime) -> None:
        job_id = dead(now)
        retry_job(job_id, now=now + timedelta(days=1))

        job = Job.objects.get()
        assert (job.state, job.attempt, job.checkpoint, job.finished_at) == ("queued", 0, 7, None)
        assert job.run_at == now + timedelta(days=1)
        assert take(now + timedelta(days=1)).attempt == 1

    def test_cancelled_job_waits_again(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        cancel_job(job_id, now=now)
        retry_job(job_id, now=now)

        assert take(now).job_id == job_id

    def test_attempt_that_was_cancelled_cannot_write_into_the_retried_job(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        old = take(now)
        cancel_job(job_id, now=now)
        retry_job(job_id, now=now)
        leases.claim(owner="b", registrations=registrations(), now=now)

        with pytest.raises(leases.LeaseLostError):
            attempts.finish(old, now=now)

    def test_work_that_waits_already_under_its_key_is_not_doubled(self, now: datetime) -> None:
        job_id = dead(now, key="k")
        enqueue("sample.nothing", key="k", now=now)

        with pytest.raises(JobStateError) as refused:
            retry_job(job_id, now=now)
        assert refused.value.message == f"The work of job {job_id} waits already, under the same key."
        assert Job.objects.get(pk=job_id).state == "dead"

    @pytest.mark.parametrize(("state", "word"), [("queued", "waiting"), ("done", "done")])
    def test_job_that_did_not_end_badly_is_refused(self, now: datetime, state: str, word: str) -> None:
        job_id = enqueue("sample.nothing", now=now)
        Job.objects.update(state=state)

        with pytest.raises(JobStateError) as refused:
            retry_job(job_id, now=now)
        assert refused.value.message == (f"Job {job_id} is {word}; only a dead or cancelled job can be retried.")

    def test_job_that_is_not_there_is_not_found(self, now: datetime) -> None:
        with pytest.raises(JobNotFoundError):
            retry_job(12, now=now)
