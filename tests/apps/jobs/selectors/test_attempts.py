from datetime import UTC, datetime, timedelta

import pytest

from apps.jobs.models import Attempt, Job
from apps.jobs.selectors.attempts import (
    attempts_by_outcome,
    attempts_of,
    faults,
    job_detail,
    work_by_name,
)
from apps.jobs.services.ledger import leases
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import registrations

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ended(at: datetime, *, name: str = "train", job_id: int = 1, **values: object) -> Attempt:
    """An attempt of an hour that ended at this moment."""
    columns = {"number": 1, "owner": "a", "outcome": "done", "work_seconds": 3600.0, "lost_seconds": 0.0, **values}
    return Attempt.objects.create(name=name, job_id=job_id, started_at=at - HOUR, ended_at=at, **columns)


class TestAttemptsOf:
    def test_newest_first_and_the_running_one_before_all(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        leases.claim(owner="runner@library-2:4711:9f3a", registrations=registrations(), now=now)
        Job.objects.update(attempt=3, worked_seconds=12.5)
        ended(now - DAY, job_id=job_id, number=1, outcome="failed")
        ended(now - HOUR, job_id=job_id, number=2, outcome="lost", lost_seconds=60.0)
        ended(now, job_id=job_id + 1)
        rows = attempts_of(job_id)

        assert [(row.number, row.outcome, row.lost_seconds) for row in rows] == [
            (3, "running", 0),
            (2, "lost", 60),
            (1, "failed", 0),
        ]
        assert (rows[0].host, rows[0].started_at, rows[0].ended_at, rows[0].work_seconds) == (
            "library-2",
            now,
            None,
            12.5,
        )

    def test_no_more_than_asked_for_with_the_running_one(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        leases.claim(owner="a", registrations=registrations(), now=now)
        for number in range(30):
            ended(now, job_id=job_id, number=number)

        assert [row.number for row in attempts_of(job_id, limit=3)] == [1, 29, 28]
        assert len(job_detail(job_id).attempts) == 20

    def test_of_a_job_that_was_purged_are_still_there(self, now: datetime) -> None:
        ended(now, job_id=77)

        assert [row.outcome for row in attempts_of(77)] == ["done"]


class TestSums:
    """Two days of two jobs, by hand."""

    @pytest.fixture(autouse=True)
    def two_days(self, db: None) -> None:
        ended(MONDAY - timedelta(microseconds=1))  # Sunday
        ended(MONDAY, outcome="lost", lost_seconds=600.0, fingerprint="RunnerLost", error="The runner stopped.")
        ended(MONDAY + 23 * HOUR)
        ended(MONDAY + 23 * HOUR, name="index", work_seconds=0.5)
        fault = "ValueError in a.py fit"
        ended(MONDAY + DAY, outcome="failed", fingerprint=fault, error="ValueError at a.py:7 in fit")
        ended(
            MONDAY + DAY + HOUR, name="index", outcome="failed", fingerprint=fault, error="ValueError at a.py:8 in fit"
        )
        ended(MONDAY + 2 * DAY)  # Wednesday

    def test_work_and_lost_by_name(self) -> None:
        assert work_by_name(MONDAY, MONDAY + 2 * DAY) == {"index": (3600.5, 0.0), "train": (10800.0, 600.0)}

    def test_attempts_by_outcome(self) -> None:
        assert attempts_by_outcome(MONDAY, MONDAY + 2 * DAY) == {
            ("index", "done"): 1,
            ("index", "failed"): 1,
            ("train", "done"): 1,
            ("train", "failed"): 1,
            ("train", "lost"): 1,
        }

    def test_faults_by_fingerprint_the_most_frequent_first(self) -> None:
        first, second = faults(MONDAY, MONDAY + 2 * DAY)

        assert (first.fingerprint, first.names, first.attempts) == ("ValueError in a.py fit", ["index", "train"], 2)
        assert first.last_error == "ValueError at a.py:8 in fit"
        assert (second.fingerprint, second.names, second.attempts) == ("RunnerLost", ["train"], 1)
        assert len(faults(MONDAY, MONDAY + 2 * DAY, limit=1)) == 1

    def test_empty_range_has_none(self) -> None:
        assert work_by_name(MONDAY + 5 * DAY, MONDAY + 6 * DAY) == {}
        assert attempts_by_outcome(MONDAY, MONDAY) == {}
        assert faults(MONDAY, MONDAY) == []
