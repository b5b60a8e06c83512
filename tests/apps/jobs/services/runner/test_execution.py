import errno
import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import NoReturn

import pytest

from apps.jobs.models import Job
from apps.jobs.services.ledger import leases
from apps.jobs.services.ledger.attempts import Failure
from apps.jobs.services.ledger.control import cancel_job
from apps.jobs.services.ledger.leases import Lease
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import register_job, registrations
from apps.jobs.services.runner.execution import backoff, execute, failure_of, run_next, run_until_empty
from apps.jobs.services.runner.running import RunningJob
from apps.platform.services.errors import EpicmlError
from tests.apps.jobs.clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]


def attempt(clock: Clock, *, jitter: float = 0.0, stopping: Callable[[], bool] = lambda: False) -> bool:
    return run_next(owner="a", clock=clock, random=lambda: jitter, stopping=stopping)


def wrong(run: RunningJob) -> NoReturn:
    raise ValueError("the reader Ada Lovelace")


def effect_then_wrong(run: RunningJob) -> NoReturn:
    enqueue("sample.nothing", now=run.now())
    raise ValueError


def effect(run: RunningJob) -> None:
    enqueue("sample.nothing", now=run.now())


def finished_then_wrong(run: RunningJob) -> NoReturn:
    run.finish()
    raise ValueError


def taken_over(run: RunningJob) -> None:
    Job.objects.filter(pk=run.id).update(lease_owner="b", attempt=run.attempt + 1)
    run.save_checkpoint("from the past")


def one_step(run: RunningJob) -> None:
    run.save_checkpoint("kept")
    raise AssertionError("The task was not stopped.")


def shut_down(run: RunningJob) -> NoReturn:
    raise SystemExit(1)


def register(task: Callable[[RunningJob], None], *, atomic: bool = False) -> str:
    name = f"test.{task.__name__}"
    register_job(name, f"{__name__}.{task.__name__}", atomic=atomic)
    return name


def only_job(name: str) -> Job:
    return Job.objects.get(name=name)


class TestBackoff:
    def test_grows_fourfold_up_to_an_hour(self) -> None:
        assert [backoff(count, jitter=0.0).total_seconds() for count in (1, 2, 3, 4, 5, 6, 7)] == [
            5,
            20,
            80,
            320,
            1280,
            3600,
            3600,
        ]

    def test_jitter_adds_at_most_half(self) -> None:
        assert backoff(2, jitter=1.0) == timedelta(seconds=30)


class TestFailedAttempt:
    def test_is_tried_again_later_and_later_and_dead_after_five(self, now: datetime) -> None:
        clock, name = Clock(now), register(wrong)
        enqueue(name, now=now)
        waits = []
        for count in (1, 2, 3, 4):
            assert attempt(clock)
            job = only_job(name)
            assert (job.state, job.attempt, job.lease_expires_at) == ("queued", count, None)
            waits.append((job.run_at - clock.time).total_seconds())
            clock.move(seconds=waits[-1] - 1)
            assert not attempt(clock)
            clock.move(seconds=1)
        assert attempt(clock)

        job = only_job(name)
        assert waits == [5, 20, 80, 320]
        assert (job.state, job.attempt, job.finished_at) == ("dead", 5, clock.time)
        clock.move(days=30)
        assert not attempt(clock)

    def test_jobs_that_failed_together_are_spread(self, now: datetime) -> None:
        name = register(wrong)
        first, second = enqueue(name, now=now), enqueue(name, now=now)
        attempt(Clock(now), jitter=0.0)
        attempt(Clock(now), jitter=0.5)

        assert Job.objects.get(pk=first).run_at == now + timedelta(seconds=5)
        assert Job.objects.get(pk=second).run_at == now + timedelta(seconds=6.25)

    def test_says_where_and_keeps_no_data(self, now: datetime) -> None:
        name = register(wrong)
        enqueue(name, now=now)
        attempt(Clock(now))

        assert only_job(name).last_error.startswith("ValueError at test_execution.py:")
        assert only_job(name).last_error.endswith(" in wrong")

    def test_success_keeps_the_error_before_it(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        Job.objects.update(last_error="ValueError", attempt=1)
        attempt(Clock(now))

        job = Job.objects.get(pk=job_id)
        assert (job.state, job.last_error, job.attempt) == ("done", "ValueError", 2)

    def test_atomic_job_leaves_nothing_behind(self, now: datetime) -> None:
        name = register(effect_then_wrong, atomic=True)
        enqueue(name, now=now)
        attempt(Clock(now))

        assert (only_job(name).state, only_job(name).attempt) == ("queued", 1)
        assert not Job.objects.filter(name="sample.nothing").exists()

    def test_job_in_steps_keeps_what_it_had_done(self, now: datetime) -> None:
        enqueue(register(effect_then_wrong), now=now)
        attempt(Clock(now))

        assert Job.objects.filter(name="sample.nothing").count() == 1

    def test_error_after_the_job_was_finished_does_not_open_it_again(self, now: datetime) -> None:
        name = register(finished_then_wrong)
        enqueue(name, now=now)
        attempt(Clock(now))

        assert (only_job(name).state, only_job(name).finished_at) == ("done", now)


class TestLostAttempt:
    @pytest.mark.parametrize(("atomic", "effects"), [(True, 0), (False, 1)])
    def test_job_that_was_cancelled_meanwhile_stays_so(self, now: datetime, atomic: bool, effects: int) -> None:
        name = register(effect, atomic=atomic)
        enqueue(name, now=now)
        job = leases.claim(owner="a", registrations=registrations(), now=now)
        assert job is not None
        cancel_job(job.pk, now=now)
        done = execute(job, clock=Clock(now), random=lambda: 0.0, alive=lambda lease: nullcontext())

        assert not done
        assert (only_job(name).state, only_job(name).last_error) == ("cancelled", "")
        assert Job.objects.filter(name="sample.nothing").count() == effects

    def test_attempt_that_was_taken_over_writes_nothing(self, now: datetime) -> None:
        name = register(taken_over)
        enqueue(name, now=now)
        attempt(Clock(now))

        job = only_job(name)
        assert (job.state, job.lease_owner, job.checkpoint) == ("leased", "b", None)


@pytest.mark.django_db(transaction=True)
class TestGivenBackAttempt:
    def test_job_of_a_runner_that_stops_waits_as_before(self, now: datetime) -> None:
        name = register(one_step)
        enqueue(name, run_at=now - timedelta(minutes=1), now=now)
        attempt(Clock(now), stopping=lambda: True)

        job = only_job(name)
        assert (job.state, job.attempt, job.checkpoint, job.last_error) == ("queued", 0, "kept", "")
        assert job.run_at == now - timedelta(minutes=1)

    def test_shutdown_of_a_worker_gives_the_job_back_and_goes_on(self, now: datetime) -> None:
        name = register(shut_down)
        enqueue(name, now=now)
        with pytest.raises(SystemExit):
            attempt(Clock(now))

        assert (only_job(name).state, only_job(name).attempt) == ("queued", 0)


def raised(task: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is
        task()
    return caught.value


class TestFailureOf:
    def sentence(self, task: Callable[[], object]) -> str:
        return failure_of(raised(task)).sentence

    def test_own_error_has_a_sentence_without_data(self) -> None:
        def refuse() -> None:
            raise EpicmlError("The index is not there.")

        assert self.sentence(refuse).startswith("EpicmlError: The index is not there. at test_execution.py:")

    def test_system_says_what_it_refused_but_not_which_file(self) -> None:
        said = self.sentence(lambda: os.stat("/nowhere/ada"))

        assert said.startswith(f"FileNotFoundError: {os.strerror(errno.ENOENT)} at test_execution.py:")
        assert "ada" not in said

    def test_place_is_our_line_although_the_standard_library_raised(self) -> None:
        assert self.sentence(lambda: json.loads("ada")).startswith("JSONDecodeError at test_execution.py:")

    def test_place_is_our_line_although_an_installed_package_raised(self) -> None:
        assert self.sentence(lambda: Job.objects.get(pk=0)).startswith("DoesNotExist at test_execution.py:")

    def test_is_as_long_as_the_column(self) -> None:
        def refuse() -> None:
            raise EpicmlError("e" * 900)

        assert len(self.sentence(refuse)) == 500

    def test_error_without_a_place_is_its_type(self) -> None:
        assert failure_of(ValueError("ada")) == Failure("ValueError", "ValueError")

    @pytest.mark.parametrize("text", ["the reader Ada", "row 17 of 4,211"])
    def test_fingerprint_is_type_and_place_whatever_the_error_says(self, text: str) -> None:
        def refuse() -> None:
            raise EpicmlError(text)

        def refuse_lines_later() -> None:
            assert text

            raise EpicmlError(text)

        refuse_lines_later.__code__ = refuse_lines_later.__code__.replace(co_name="refuse")
        file = "tests/apps/jobs/services/runner/test_execution.py"
        assert {failure_of(raised(task)).fingerprint for task in (refuse, refuse_lines_later)} == {
            f"EpicmlError in {file} refuse"
        }

    def test_fingerprint_tells_types_and_places_apart(self) -> None:
        prints = {
            failure_of(raised(task)).fingerprint
            for task in (lambda: json.loads("ada"), lambda: Job.objects.get(pk=0), lambda: describe_nothing())
        }
        assert len(prints) == 3


def describe_nothing() -> NoReturn:
    raise json.JSONDecodeError("nothing", "", 0)


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
