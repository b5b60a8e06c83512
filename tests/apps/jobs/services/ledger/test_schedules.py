import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from apps.jobs.models import Job, ScheduleSlot
from apps.jobs.services.ledger import registry
from apps.jobs.services.ledger.registry import register_schedule, schedules
from apps.jobs.services.ledger.schedules import Timetable, fire_slot
from apps.jobs.services.runner.execution import run_until_empty
from tests.apps.jobs.clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs", "nightly")]

RUNNERS = 4


@pytest.fixture
def nightly(only_sample_jobs: None) -> None:
    """A schedule at 03:30 UTC."""
    register_schedule("nightly", "sample.nothing", daily_at=time(3, 30), arguments={"why": "night"})


@pytest.fixture
def clock(now: datetime) -> Clock:
    """Noon; the runners have been up since the day before."""
    Timetable().fire(now=now - timedelta(days=1))
    return Clock(now.replace(hour=3, minute=29))


class TestTimetable:
    def test_first_slot_of_a_new_schedule_is_only_noted(self, now: datetime) -> None:
        assert Timetable().fire(now=now) == 0
        assert not Job.objects.exists()
        assert [slot.slot_at for slot in ScheduleSlot.objects.all()] == [now.replace(hour=3, minute=30)]

    def test_slot_fires_once_when_its_time_has_come(self, clock: Clock) -> None:
        timetable = Timetable()

        assert timetable.fire(now=clock.time) == 0
        assert timetable.fire(now=clock.move(minutes=1)) == 1
        assert [timetable.fire(now=clock.move(minutes=1)) for _ in range(3)] == [0, 0, 0]
        job = Job.objects.get()
        assert (job.name, job.arguments, job.run_at) == (
            "sample.nothing",
            {"why": "night"},
            clock.time - timedelta(minutes=3),
        )
        assert ScheduleSlot.objects.latest("slot_at").job_id == job.pk

    def test_slot_fires_once_over_two_runners(self, clock: Clock) -> None:
        one, other = Timetable(), Timetable()
        clock.move(minutes=5)

        assert [runner.fire(now=clock.time) for runner in (one, other, one, other)] == [1, 0, 0, 0]
        assert Job.objects.count() == 1

    def test_slot_that_fired_is_not_fired_again_after_a_restart(self, clock: Clock) -> None:
        Timetable().fire(now=clock.move(minutes=5))
        run_until_empty(clock=clock)

        assert Timetable().fire(now=clock.move(hours=1)) == 0

    def test_after_a_time_without_runners_only_the_latest_slot_is_made_up_for(
        self, clock: Clock, now: datetime
    ) -> None:
        assert Timetable().fire(now=clock.move(days=9, hours=8)) == 1
        assert Job.objects.count() == 1
        assert ScheduleSlot.objects.latest("slot_at").slot_at == now.replace(hour=3, minute=30) + timedelta(days=9)

    def test_look_between_two_slots_costs_no_query(
        self, clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        timetable = Timetable()
        timetable.fire(now=clock.move(minutes=1))

        with django_assert_num_queries(0):
            timetable.fire(now=clock.move(hours=23))

    def test_every_night_has_its_job(self, clock: Clock) -> None:
        timetable = Timetable()
        clock.move(minutes=1)
        for _ in range(3):
            assert timetable.fire(now=clock.time) == 1
            assert run_until_empty(clock=clock) == 1
            clock.move(days=1)

        assert Job.objects.filter(state="done").count() == 3

    def test_job_of_the_last_slot_that_still_waits_is_not_doubled(self, clock: Clock) -> None:
        timetable = Timetable()
        timetable.fire(now=clock.move(minutes=1))
        timetable.fire(now=clock.move(days=1))

        assert Job.objects.count() == 1
        assert {slot.job_id for slot in ScheduleSlot.objects.order_by("-slot_at")[:2]} == {Job.objects.get().pk}

    def test_runner_whose_clock_is_behind_fires_nothing_again(self, clock: Clock) -> None:
        Timetable().fire(now=clock.move(minutes=2))

        assert Timetable().fire(now=clock.move(minutes=-3)) == 0
        assert Job.objects.count() == 1

    def test_what_must_be_done_at_a_start_is_done_by_each_runner_that_starts(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(registry, "_schedules", {})
        register_schedule("clear", "sample.nothing", every=timedelta(hours=1), at_start=True)
        timetable = Timetable()

        assert timetable.fire(now=clock.time) == 1
        assert run_until_empty(clock=clock) == 1
        assert timetable.fire(now=clock.move(minutes=1)) == 0
        assert Timetable().fire(now=clock.time) == 1
        assert Timetable().fire(now=clock.time) == 1  # the same job: it waits already
        assert run_until_empty(clock=clock) == 1


@pytest.mark.django_db(transaction=True)
class TestFireSlot:
    def test_one_of_many_runners_fires_it(self, now: datetime) -> None:
        schedule, slot = schedules()[0], now.replace(hour=3, minute=30)
        fire_slot(schedule, slot=slot - timedelta(days=1), now=now)
        together = threading.Barrier(RUNNERS)

        def fire() -> bool:
            together.wait()
            try:
                return fire_slot(schedule, slot=slot, now=now)
            finally:
                connection.close()

        with ThreadPoolExecutor(RUNNERS) as pool:
            fired = [future.result() for future in [pool.submit(fire) for _ in range(RUNNERS)]]

        assert sorted(fired) == [False, False, False, True]
        assert Job.objects.count() == 1
