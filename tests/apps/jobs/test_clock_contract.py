"""What a clock that was wrong for a while must not leave behind, whichever way it was wrong."""

import logging
from datetime import datetime, time, timedelta

import pytest

from apps.jobs.models import Job, Runner, ScheduleSlot
from apps.jobs.selectors.runners import runners_seen
from apps.jobs.services.ledger import attempts, leases, registry
from apps.jobs.services.ledger.queue import InvalidJobError, enqueue, enqueue_many
from apps.jobs.services.ledger.reconciliation import correct_future_times, requeue_lost
from apps.jobs.services.ledger.registry import register_schedule, registrations
from apps.jobs.services.runner.execution import run_next
from apps.jobs.services.runner.loop import RunnerLoop
from apps.jobs.services.runner.process import Until, run_jobs
from apps.jobs.services.runner.stopping import StopRequest
from tests.apps.jobs.clock import Clock
from tests.apps.jobs.endings import failed

TWO_YEARS, YEAR = timedelta(days=731), timedelta(days=365)
MINUTE = timedelta(minutes=1)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("only_sample_jobs", "effects_table", "keep_signals"),
]


def work(clock: Clock) -> int:
    """What a runner does from its start until nothing is due."""
    return run_jobs(clock=clock, grace_seconds=60, quick_only=False, until=Until(empty=True))


def states() -> dict[str, int]:
    counted: dict[str, int] = {}
    for state in Job.objects.values_list("state", flat=True):
        counted[state] = counted.get(state, 0) + 1
    return counted


class TestClockThatWasAhead:
    """It was two years ahead for a while, and is set back: nothing waits for 2028."""

    @pytest.fixture
    def ahead(self, now: datetime) -> datetime:
        return now + TWO_YEARS

    def test_jobs_queued_meanwhile_are_done_now(self, now: datetime, ahead: datetime) -> None:
        enqueue("sample.nothing", now=ahead)
        enqueue("sample.nothing", key="k", now=ahead)
        enqueue_many("sample.nothing", [{}] * 3, now=ahead)

        work(Clock(now))
        assert states() == {"done": 5}

    def test_job_that_failed_meanwhile_is_tried_again_now(self, now: datetime, ahead: datetime) -> None:
        enqueue("sample.nothing", now=now)
        job = leases.claim(owner="a", registrations=registrations(), now=ahead)
        assert job is not None
        attempts.requeue(leases.lease_of(job), failed("ValueError", at=now), run_at=ahead + MINUTE)

        work(Clock(now))
        assert states() == {"done": 1}

    def test_job_held_by_a_runner_that_died_meanwhile_goes_on_now(self, now: datetime, ahead: datetime) -> None:
        enqueue("sample.nothing", now=now)
        leases.claim(owner="dead", registrations=registrations(), now=ahead)

        assert requeue_lost(now=now) == 1
        work(Clock(now))
        assert states() == {"done": 1}

    def test_lease_that_is_too_long_is_none(self, now: datetime, ahead: datetime) -> None:
        enqueue("sample.nothing", now=now)
        leases.claim(owner="dead", registrations=registrations(), now=now)
        Job.objects.update(lease_expires_at=ahead)

        assert requeue_lost(now=now) == 1

    def test_lease_of_a_clock_that_is_seconds_ahead_is_respected(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        leases.claim(owner="a", registrations=registrations(), now=now + timedelta(seconds=50))

        assert requeue_lost(now=now) == 0

    def test_change_of_now_does_not_wait_for_the_job_of_then(self, now: datetime, ahead: datetime) -> None:
        job_id = enqueue("sample.nothing", key="k", now=ahead)
        failed = enqueue("sample.nothing", key="f", now=ahead)
        Job.objects.filter(pk=failed).update(attempt=2)

        assert enqueue("sample.nothing", key="k", now=now) == job_id
        assert enqueue("sample.nothing", key="f", now=now) == failed
        assert set(Job.objects.values_list("run_at", flat=True)) == {now}

    def test_marks_of_the_future_are_put_right_with_one_line(
        self, now: datetime, ahead: datetime, caplog: pytest.LogCaptureFixture
    ) -> None:
        enqueue("sample.nothing", now=ahead)
        work(Clock(ahead))
        enqueue("sample.nothing", now=ahead)
        Job.objects.filter(state="queued").update(relayed_at=ahead)
        Runner.objects.create(owner="of 2028", kind="runner", started_at=ahead, seen_at=ahead)
        ScheduleSlot.objects.create(schedule="nightly", slot_at=ahead)
        with caplog.at_level(logging.WARNING):
            assert correct_future_times(now=now) == 5

        assert "(1 waiting jobs, 1 ended jobs, 1 attempts, 1 slots, 1 runners)" in caplog.text
        assert correct_future_times(now=now) == 0
        marks = ("run_at", "created_at", "started_at", "finished_at", "progress_at", "relayed_at")
        for job in Job.objects.all():
            assert all(getattr(job, mark) is None or getattr(job, mark) <= now for mark in marks)
        assert (Runner.objects.count(), ScheduleSlot.objects.count()) == (0, 0)

    def test_runner_of_then_is_not_alive(self, now: datetime, ahead: datetime) -> None:
        Runner.objects.create(owner="of 2028", kind="runner", started_at=ahead, seen_at=ahead)

        assert runners_seen(now) == []

    def test_schedules_go_on_at_their_next_slot(
        self, now: datetime, ahead: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(registry, "_schedules", {})
        register_schedule("nightly", "sample.nothing", daily_at=time(3, 30))
        for moment in (now, ahead, now, now + timedelta(days=1), now + timedelta(days=2)):
            work(Clock(moment))

        # Noted, fired in 2028, nothing of today again, and both nights after it.
        assert states() == {"done": 3}
        assert Job.objects.latest("pk").finished_at == now + timedelta(days=2)

    def test_job_for_later_stays_for_later(self, now: datetime) -> None:
        later = now + timedelta(days=30)
        enqueue("sample.nothing", run_at=later, now=now)
        correct_future_times(now=now)

        assert Job.objects.get().run_at == later


class TestClockThatWasBehind:
    """It was a year behind for a while, and is set right."""

    def test_runner_that_runs_meanwhile_goes_on_through_both_changes(self, now: datetime) -> None:
        clock = Clock(now)
        stop, done = StopRequest(), list[datetime]()
        moments = [now - YEAR, now - YEAR + MINUTE, now, now + MINUTE]

        def turn() -> bool:
            done.append(Runner.objects.get(owner="a").seen_at)
            enqueue("sample.nothing", now=clock())
            worked = run_next(owner="a", clock=clock)
            if moments:
                clock.time = moments.pop(0)
            else:
                stop.ask()
            return worked

        RunnerLoop("a", Runner.Kind.RUNNER, work=turn, clock=clock, stop=stop, poll_seconds=0.01).run()
        assert done == [now, now - YEAR, now - YEAR + MINUTE, now, now + MINUTE]
        assert states() == {"done": 5}

    def test_jobs_of_before_and_of_meanwhile_are_done(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        work(Clock(now - YEAR))
        enqueue("sample.nothing", now=now - YEAR)
        leases.claim(owner="dead", registrations=registrations(), now=now - YEAR)
        work(Clock(now))

        assert states() == {"done": 2}

    def test_schedules_go_on_at_their_next_slot(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(registry, "_schedules", {})
        register_schedule("often", "sample.nothing", every=MINUTE)
        work(Clock(now))
        before = Job.objects.count()
        for minutes in range(3):
            work(Clock(now - YEAR + minutes * MINUTE))
        assert Job.objects.count() == before + 3

        work(Clock(now + MINUTE))
        assert Job.objects.latest("pk").run_at == now + MINUTE


class TestFarAhead:
    @pytest.mark.parametrize("far", [timedelta(days=31, seconds=1), TWO_YEARS])
    def test_moment_that_nobody_can_mean_is_refused(self, now: datetime, far: timedelta) -> None:
        with pytest.raises(InvalidJobError, match=r"at most 31 days from now; 'sample\.nothing' was to run at 20"):
            enqueue("sample.nothing", run_at=now + far, now=now)
        with pytest.raises(InvalidJobError):
            enqueue_many("sample.nothing", [{}], run_at=now + far, now=now)

    def test_last_moment_is_taken(self, now: datetime) -> None:
        enqueue("sample.nothing", run_at=now + timedelta(days=31), now=now)

        assert Job.objects.exists()
