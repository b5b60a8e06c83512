from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Job, Runner
from apps.jobs.services.ledger import leases
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import registrations
from apps.jobs.services.runner.diagnosis import diagnose

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NO_RELAY = "Nobody hands jobs to the Celery workers: no relay was seen in the last 30 s."
NO_WORKER = "Nobody runs the jobs that are handed over: no Celery worker was seen in the last 30 s."
NO_LONG_WORKER = "No Celery worker takes long jobs (trainings and index builds)."


def sign(kind: str, at: datetime, *, lanes: str = "", problem: str = "", since: timedelta = timedelta(hours=1)) -> None:
    owner = f"{kind}-{lanes}-{problem}"
    Runner.objects.create(owner=owner, kind=kind, lanes=lanes, problem=problem, started_at=at - since, seen_at=at)


def told(now: datetime, *, broker: bool = False) -> list[str]:
    return [finding.detail for finding in diagnose(now=now, local=now, broker=broker)]


def remedies(now: datetime, *, broker: bool = False) -> list[str]:
    return [finding.remedy for finding in diagnose(now=now, local=now, broker=broker)]


class TestOnOneMachine:
    def test_without_a_runner_nobody_works(self, now: datetime) -> None:
        sign("relay", now)
        sign("celery", now, lanes="quick,long")
        Runner.objects.filter(kind="relay").delete()

        assert told(now) == ["Nobody does the background work: no runner was seen in the last 30 s."]
        assert remedies(now) == ["Start manage.py serve or manage.py runjobs."]

    def test_quick_runner_alone_leaves_the_long_jobs(self, now: datetime) -> None:
        sign("runner", now, lanes="quick")

        assert told(now) == ["No runner takes long jobs (trainings and index builds)."]

    def test_runner_of_all_jobs_is_enough(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")

        assert told(now) == []


class TestWithCelery:
    def test_relay_alone_is_told_by_the_missing_workers(self, now: datetime) -> None:
        sign("relay", now)

        assert told(now, broker=True) == [NO_WORKER]
        assert remedies(now, broker=True) == ["Start manage.py runworkers."]

    def test_workers_alone_are_told_by_the_missing_relay(self, now: datetime) -> None:
        sign("celery", now, lanes="quick,long")

        assert told(now, broker=True) == [NO_RELAY]
        assert remedies(now, broker=True) == ["Start manage.py serve or manage.py relayjobs."]

    def test_nobody_at_all_is_two_findings(self, now: datetime) -> None:
        assert told(now, broker=True) == [NO_RELAY, NO_WORKER]

    def test_lane_without_a_worker_is_named(self, now: datetime) -> None:
        sign("relay", now)
        sign("celery", now, lanes="quick")

        assert told(now, broker=True) == [NO_LONG_WORKER]
        assert remedies(now, broker=True) == ["Start manage.py runworkers --queues long."]

    def test_lane_whose_only_worker_cannot_work_is_named(self, now: datetime) -> None:
        sign("relay", now)
        sign("celery", now, lanes="quick")
        sign("celery", now, lanes="long", problem="its loop stands still")

        assert told(now, broker=True) == [NO_LONG_WORKER]

    def test_all_there_is_well(self, now: datetime) -> None:
        sign("relay", now)
        sign("celery", now, lanes="quick")
        sign("celery", now, lanes="long")

        assert told(now, broker=True) == []

    def test_runner_beside_celery_is_enough(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")

        assert told(now, broker=True) == []

    def test_redis_that_is_away_is_named_for_both(self, now: datetime) -> None:
        sign("relay", now, problem="Redis does not answer")
        sign("celery", now, lanes="quick,long", problem="Redis does not answer")

        assert told(now, broker=True) == [
            "The relay hands no jobs over: Redis does not answer.",
            "Celery workers are there and cannot work: Redis does not answer.",
        ]

    def test_nothing_claims_to_mend_itself_that_does_not(self, now: datetime) -> None:
        assert not any("mends itself" in remedy for remedy in remedies(now, broker=True))


class TestWaiting:
    def test_pile_that_shrinks_is_behind(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")
        enqueue("sample.nothing", run_at=now - 5 * MINUTE, now=now)
        enqueue("sample.nothing", run_at=now - 4 * MINUTE, now=now)
        leases.claim(owner="a", registrations=registrations(), now=now - 30 * SECOND)

        assert told(now) == ["A job has been waiting for 240 s; runners are at work but behind."]

    def test_pile_that_nobody_touches_is_stuck(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")
        enqueue("sample.nothing", run_at=now - 5 * MINUTE, now=now)

        assert told(now) == ["A job has been waiting for 300 s; 1 runners are alive and nothing was done for 60 s."]
        assert remedies(now) == ["They are stuck: end them (kill -9 loses nothing) and start them again."]

    def test_runner_that_has_just_come_is_given_time(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long", since=10 * SECOND)
        enqueue("sample.nothing", run_at=now - 5 * MINUTE, now=now)

        assert told(now) == ["A job has been waiting for 300 s; runners are at work but behind."]

    def test_lanes_are_looked_at_one_by_one(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")
        enqueue("sample.deaf", run_at=now - 5 * MINUTE, now=now)
        enqueue("sample.nothing", run_at=now - MINUTE, now=now)
        leases.claim(owner="a", registrations=registrations(quick_only=True), now=now)

        assert told(now) == ["A job has been waiting for 300 s; 1 runners are alive and nothing was done for 60 s."]

    def test_wait_of_a_minute_is_usual(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")
        enqueue("sample.nothing", run_at=now - MINUTE, now=now)

        assert told(now) == []

    def test_job_of_another_version_is_named(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")
        enqueue("sample.nothing", now=now)
        Job.objects.update(name="next.version")

        assert told(now) == ["Jobs wait that this version does not know: next.version."]


class TestSilent:
    def test_job_that_gets_no_further_is_named_with_its_process(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")
        job_id = enqueue("sample.deaf", now=now - 20 * MINUTE)
        job = leases.claim(owner="runner@host:71:ab", registrations=registrations(), now=now - 20 * MINUTE)
        assert job is not None
        leases.heartbeat(leases.lease_of(job), now=now - SECOND, worked=0.0)

        assert told(now) == [
            f"Job {job_id} (sample.deaf) has got no further for 20 minutes; process 71 on host holds it."
        ]

    def test_job_that_reports_progress_is_at_work(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")
        enqueue("sample.deaf", now=now - 20 * MINUTE)
        job = leases.claim(owner="runner@host:71:ab", registrations=registrations(), now=now - 20 * MINUTE)
        assert job is not None
        leases.heartbeat(leases.lease_of(job), now=now - SECOND, worked=0.0)
        Job.objects.update(progress_at=now - 14 * MINUTE)

        assert told(now) == []


class TestGivenUp:
    def test_jobs_that_died_lately_are_counted_by_name(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")
        for name, hours in (("sample.fail", 1), ("sample.fail", 23), ("sample.nothing", 2), ("sample.effect", 25)):
            job_id = enqueue(name, now=now)
            Job.objects.filter(pk=job_id).update(state="dead", finished_at=now - timedelta(hours=hours))

        assert told(now) == ["Jobs died in the last day: sample.fail (2), sample.nothing (1)."]

    def test_job_that_is_retried_is_none(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")
        enqueue("sample.fail", now=now)
        Job.objects.update(state="dead", finished_at=now)
        Job.objects.update(state="queued", finished_at=None)

        assert told(now) == []


class TestClocks:
    @pytest.mark.parametrize(("seconds", "how"), [(600, "600 s ahead of"), (-60, "60 s behind")])
    def test_machine_that_is_far_from_the_database_is_told(self, now: datetime, seconds: int, how: str) -> None:
        sign("runner", now, lanes="quick,long")
        found = diagnose(now=now, local=now + seconds * SECOND, broker=False)

        assert [finding.detail for finding in found] == [f"The clock of this machine is {how} the database's."]

    def test_seconds_are_usual(self, now: datetime) -> None:
        sign("runner", now, lanes="quick,long")

        assert diagnose(now=now, local=now + 5 * SECOND, broker=False) == []
