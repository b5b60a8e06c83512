from datetime import datetime

import pytest
from django.db import transaction

from apps.jobs.models import Attempt, Job
from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.control import cancel_job
from apps.jobs.services.ledger.queue import InvalidJobError, enqueue
from apps.jobs.services.ledger.registry import registrations
from apps.jobs.services.runner.running import JobStoppedError, RunningJob
from tests.apps.jobs.clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]


@pytest.fixture
def run(now: datetime) -> RunningJob:
    """The first attempt at a job."""
    return started(now)


def started(now: datetime, *, stopping: bool = False) -> RunningJob:
    enqueue("sample.nothing", {"book": 7}, now=now)
    job = leases.claim(owner="a", registrations=registrations(), now=now)
    assert job is not None
    return RunningJob(job, clock=Clock(now), stopping=lambda: stopping)


def row(run: RunningJob) -> Job:
    return Job.objects.get(pk=run.id)


class TestRunningJob:
    def test_knows_what_it_is(self, run: RunningJob, now: datetime) -> None:
        assert (run.name, run.arguments, run.attempt, run.checkpoint) == ("sample.nothing", {"book": 7}, 1, None)
        assert run.now() == now


class TestSeconds:
    """Counted by a clock that nobody sets, while the ledger's is set back by a year."""

    def test_of_work_and_of_what_is_safe_are_told_with_each_word(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        job = leases.claim(owner="a", registrations=registrations(), now=now)
        assert job is not None
        clock, ticks = Clock(now), iter([100.0, 110.0, 115.0, 117.5])
        run = RunningJob(job, clock=clock, monotonic=lambda: next(ticks))
        clock.move(days=-365)
        run.save_checkpoint(1)
        assert (row(run).worked_seconds, row(run).saved_seconds) == (10.0, 10.0)
        run.report_progress(1, 2)
        assert (row(run).worked_seconds, row(run).saved_seconds) == (15.0, 10.0)
        run.finish()

        done = Attempt.objects.get()
        assert (done.work_seconds, done.lost_seconds, done.started_at, done.ended_at) == (17.5, 0.0, now, now)

    def test_of_a_step_that_is_undone_are_not_safe(self, run: RunningJob) -> None:
        with transaction.atomic():
            run.save_checkpoint(1)
            transaction.set_rollback(True)

        assert (row(run).checkpoint, row(run).saved_seconds) == (None, 0.0)


class TestSaveCheckpoint:
    @pytest.mark.parametrize("value", [3, "book-7", {"row": 7, "seen": [1, 2]}, [], 0, False])
    def test_next_attempt_begins_with_it(self, run: RunningJob, now: datetime, value: object) -> None:
        run.save_checkpoint(value)
        attempts.release(run.lease, now=now)
        again = leases.claim(owner="b", registrations=registrations(), now=now)

        assert again is not None
        assert RunningJob(again, clock=Clock(now)).checkpoint == value == run.checkpoint

    @pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}])
    def test_what_is_no_json_is_refused(self, run: RunningJob, value: object) -> None:
        with pytest.raises(InvalidJobError, match=r"The checkpoint is no JSON"):
            run.save_checkpoint(value)
        assert row(run).checkpoint is None

    def test_step_of_a_lost_job_is_undone(self, run: RunningJob, now: datetime) -> None:
        cancel_job(run.id, now=now)

        @transaction.atomic
        def step() -> None:
            enqueue("sample.nothing", now=now)
            run.save_checkpoint(1)

        with pytest.raises(leases.LeaseLostError):
            step()
        assert Job.objects.count() == 1


class TestReportProgress:
    def test_staff_see_it(self, run: RunningJob) -> None:
        run.report_progress(3, 10, "books read")

        assert (row(run).progress_done, row(run).progress_total, row(run).progress_text) == (3, 10, "books read")

    def test_sentence_is_cut_to_the_column(self, run: RunningJob) -> None:
        run.report_progress(3, 10, "t" * 300)

        assert row(run).progress_text == "t" * 200

    def test_cancelled_job_learns_it_here(self, run: RunningJob, now: datetime) -> None:
        cancel_job(run.id, now=now)

        with pytest.raises(leases.LeaseLostError):
            run.report_progress(3, 10)
        assert row(run).progress_done == 0


@pytest.mark.django_db(transaction=True)
class TestStop:
    def test_checkpoint_is_saved_before_the_task_is_left(self, now: datetime) -> None:
        run = started(now, stopping=True)

        with pytest.raises(JobStoppedError):
            run.save_checkpoint(4)
        assert row(run).checkpoint == 4

    def test_task_is_left_at_its_next_report(self, now: datetime) -> None:
        with pytest.raises(JobStoppedError):
            started(now, stopping=True).report_progress(1, 2)

    def test_transaction_is_finished_first(self, now: datetime) -> None:
        run = started(now, stopping=True)
        with transaction.atomic():
            run.save_checkpoint(1)

        assert row(run).checkpoint == 1
        with pytest.raises(JobStoppedError):
            run.stop_if_asked()


class TestFinish:
    def test_is_recorded_once(self, run: RunningJob, now: datetime) -> None:
        run.finish()
        run.finish()

        assert (row(run).state, row(run).finished_at, row(run).lease_expires_at) == ("done", now, None)

    def test_result_of_a_lost_job_is_undone(self, run: RunningJob, now: datetime) -> None:
        cancel_job(run.id, now=now)

        @transaction.atomic
        def result() -> None:
            enqueue("sample.nothing", now=now)
            run.finish()

        with pytest.raises(leases.LeaseLostError):
            result()
        assert not run.finished
        assert [job.state for job in Job.objects.all()] == ["cancelled"]
