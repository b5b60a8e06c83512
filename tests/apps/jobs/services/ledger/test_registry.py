from datetime import UTC, datetime, time, timedelta

import pytest

from apps.jobs.services.ledger.registry import (
    BrokenTaskError,
    DuplicateNameError,
    InvalidScheduleError,
    Schedule,
    UnknownJobError,
    check_registered,
    register_job,
    register_schedule,
    registrations,
)


class TestRegisteredByTheProduct:
    def test_every_path_leads_to_a_task(self) -> None:
        check_registered()

    def test_every_task_can_be_run_twice_under_a_lease_that_heartbeats_can_keep(self) -> None:
        assert all(job.lease_seconds >= 10 and job.max_attempts >= 1 for job in registrations())


@pytest.mark.usefixtures("only_sample_jobs")
class TestRegisterJob:
    def test_same_registration_twice_is_one(self) -> None:
        before = registrations()
        register_job("sample.nothing", "tests.apps.jobs.sample.tasks.nothing")

        assert registrations() == before

    def test_other_task_under_a_taken_name_is_refused(self) -> None:
        with pytest.raises(DuplicateNameError, match=r"'sample\.nothing' is registered twice"):
            register_job("sample.nothing", "tests.apps.jobs.sample.tasks.effect")

    @pytest.mark.parametrize("path", ["tests.apps.jobs.sample.tasks.absent", "tests.absent.task", "nodots"])
    def test_path_without_a_task_is_named_at_start(self, path: str) -> None:
        register_job("sample.broken", path)

        with pytest.raises(BrokenTaskError) as raised:
            check_registered()
        assert raised.value.message == f"Job 'sample.broken' names the task '{path}', which cannot be imported."


@pytest.mark.usefixtures("only_sample_jobs")
class TestRegisterSchedule:
    def test_schedule_of_an_unknown_job_is_named_at_start(self) -> None:
        register_schedule("nightly", "sample.absent", daily_at=time(3))

        with pytest.raises(UnknownJobError, match=r"sample\.absent"):
            check_registered()

    @pytest.mark.parametrize(("every", "daily_at"), [(None, None), (timedelta(hours=1), time(3)), (timedelta(), None)])
    def test_needs_exactly_one_rhythm(self, every: timedelta | None, daily_at: time | None) -> None:
        with pytest.raises(InvalidScheduleError, match="'nightly' needs either every"):
            register_schedule("nightly", "sample.nothing", every=every, daily_at=daily_at)


class TestSlot:
    @pytest.mark.parametrize(
        ("at", "slot"),
        [
            (datetime(2026, 11, 24, 12, 0, tzinfo=UTC), datetime(2026, 11, 24, 3, 30, tzinfo=UTC)),
            (datetime(2026, 11, 24, 3, 30, tzinfo=UTC), datetime(2026, 11, 24, 3, 30, tzinfo=UTC)),
            (datetime(2026, 11, 24, 3, 29, 59, tzinfo=UTC), datetime(2026, 11, 23, 3, 30, tzinfo=UTC)),
        ],
    )
    def test_daily_slot_is_the_latest_that_has_come(self, at: datetime, slot: datetime) -> None:
        assert Schedule("s", "j", None, time(3, 30)).slot(at) == slot

    def test_slots_of_an_interval_are_the_same_for_every_runner(self) -> None:
        schedule = Schedule("s", "j", timedelta(minutes=15), None)

        assert schedule.slot(datetime(2026, 11, 24, 12, 14, 59, tzinfo=UTC)) == datetime(2026, 11, 24, 12, tzinfo=UTC)
        assert schedule.slot(datetime(2026, 11, 24, 12, 15, tzinfo=UTC)) == datetime(2026, 11, 24, 12, 15, tzinfo=UTC)
