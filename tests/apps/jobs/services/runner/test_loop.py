from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from django.db import OperationalError

from apps.jobs.models import Job, Runner
from apps.jobs.services.ledger import leases
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import register_schedule, registrations
from apps.jobs.services.ledger.schedules import Timetable
from apps.jobs.services.runner import loop
from apps.jobs.services.runner.loop import RunnerLoop, new_owner
from apps.jobs.services.runner.stopping import StopRequest
from tests.apps.jobs.clock import Clock

# The loop closes connections that became old, as no test inside a transaction would survive.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("only_sample_jobs")]


class Work:
    """Does what each of these says, one after the other, and then asks to stop."""

    def __init__(self, *turns: Callable[[], bool]) -> None:
        self.stop = StopRequest()
        self._turns = list(turns)
        self.done = 0

    def __call__(self) -> bool:
        if not self._turns:
            self.stop.ask()
            return False
        self.done += 1
        return self._turns.pop(0)()

    def loop(self, clock: Clock, *, poll_seconds: float = 0.0) -> RunnerLoop:
        return RunnerLoop("a", Runner.Kind.RUNNER, work=self, clock=clock, stop=self.stop, poll_seconds=poll_seconds)


def some() -> bool:
    return True


def none() -> bool:
    return False


class TestNewOwner:
    def test_is_never_the_same_twice_and_fits_the_column(self) -> None:
        assert new_owner("runner") != new_owner("runner")
        assert len(new_owner("runner")) <= 100


class TestRun:
    def test_works_until_it_is_asked_to_stop(self, now: datetime) -> None:
        assert Work(some, none, some, some).loop(Clock(now)).run() == 3

    def test_does_nothing_when_it_is_asked_before(self, now: datetime) -> None:
        work = Work(some)
        work.stop.ask()

        assert work.loop(Clock(now)).run() == 0
        assert work.done == 0

    @pytest.mark.parametrize(("turn", "count"), [(some, 1), (none, 0)])
    def test_once_is_one_turn(self, now: datetime, turn: Callable[[], bool], count: int) -> None:
        work = Work(turn, some)

        assert work.loop(Clock(now)).run(once=True) == count
        assert work.done == 1

    def test_until_empty_ends_at_the_first_turn_without_work(self, now: datetime) -> None:
        work = Work(some, some, none, some)

        assert work.loop(Clock(now)).run(until_empty=True) == 2
        assert work.done == 3

    def test_request_to_stop_ends_the_pause(self, now: datetime) -> None:
        work = Work()

        assert work.loop(Clock(now), poll_seconds=3600).run() == 0


class TestSignsOfLife:
    def test_runner_is_seen_while_it_runs_and_gone_afterwards(self, now: datetime) -> None:
        clock, seen = Clock(now), list[tuple[str, str, datetime, datetime]]()

        def look() -> bool:
            seen.extend(Runner.objects.values_list("owner", "kind", "started_at", "seen_at"))
            clock.move(seconds=5)
            return True

        Work(look, look).loop(clock).run()

        later = now + timedelta(seconds=5)
        assert seen == [("a", Runner.Kind.RUNNER, now, now), ("a", Runner.Kind.RUNNER, now, later)]
        assert not Runner.objects.exists()

    def test_sign_is_given_every_five_seconds_only(self, now: datetime) -> None:
        clock, seen = Clock(now), list[timedelta]()

        def look() -> bool:
            seen.append(Runner.objects.get().seen_at - now)
            clock.move(seconds=2)
            return True

        Work(look, look, look, look).loop(clock).run()

        assert [gap.total_seconds() for gap in seen] == [0, 0, 0, 6]


class TestMaintenance:
    def test_lost_jobs_are_requeued_in_between(self, now: datetime) -> None:
        before = now - timedelta(minutes=2)
        enqueue("sample.nothing", now=before)
        leases.claim(owner="gone", registrations=registrations(), now=before)
        Work(some).loop(Clock(now)).run()

        assert (Job.objects.get().state, Job.objects.get().attempt) == ("queued", 1)

    def test_schedules_are_fired_in_between(self, now: datetime) -> None:
        register_schedule("noon", "sample.nothing", daily_at=time(12))
        Timetable().fire(now=now - timedelta(days=1))
        Work(some).loop(Clock(now)).run()

        assert Job.objects.get().key == "schedule:noon"

    def test_is_done_once_a_second_however_fast_the_turns_are(self, now: datetime) -> None:
        clock = Clock(now)

        def lose() -> bool:
            enqueue("sample.nothing", now=clock.time)
            leases.claim(owner="gone", registrations=registrations(), now=clock.time)
            Job.objects.update(lease_expires_at=clock.time - timedelta(seconds=1))
            clock.move(seconds=0.5)
            return True

        def is_still_held() -> bool:
            assert Job.objects.get().state == "leased"
            clock.move(seconds=0.5)
            return True

        def waits_again() -> bool:
            assert Job.objects.get().state == "queued"
            return True

        assert Work(lose, is_still_held, waits_again).loop(clock).run() == 3


class TestDatabaseAway:
    def test_is_waited_for(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loop, "DATABASE_PAUSE_SECONDS", 0.0)

        def away() -> bool:
            raise OperationalError("the connection is closed")

        assert Work(some, away, some).loop(Clock(now)).run() == 2
