"""The ledger of the version before is brought up with every row, and its jobs go on."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps

from apps.jobs.models import Attempt, Job
from apps.jobs.selectors.attempts import attempts_of
from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.reconciliation import requeue_lost
from apps.jobs.services.ledger.registry import registrations

BEFORE = ("jobs", "0004_purges")


def migrate(target: tuple[str, str]) -> StateApps:
    executor = MigrationExecutor(connection)
    return executor.migrate([target]).apps


@pytest.fixture
def old(transactional_db: None) -> Iterator[StateApps]:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("jobs")[0]
    yield migrate(BEFORE)
    migrate(newest)


@pytest.mark.usefixtures("only_sample_jobs")
class TestAttempts:
    def test_jobs_of_before_are_kept_and_have_no_attempts(self, old: StateApps, now: datetime) -> None:
        jobs = old.get_model("jobs", "Job").objects
        common = {"name": "sample.nothing", "run_at": now, "created_at": now}
        done = jobs.create(**common, state="done", finished_at=now, last_error="ValueError").pk
        waits = jobs.create(**common, checkpoint={"row": 7}, attempt=2).pk
        held = {"lease_owner": "runner@old:12:ab", "attempt": 1, "heartbeat_at": now, "lease_expires_at": now}
        runs = jobs.create(**common, state="leased", **held).pk
        migrate(MigrationExecutor(connection).loader.graph.leaf_nodes("jobs")[0])

        assert list(Job.objects.order_by("pk").values_list("pk", "state", "last_error", "checkpoint", "attempt")) == [
            (done, "done", "ValueError", None, 0),
            (waits, "queued", "", {"row": 7}, 2),
            (runs, "leased", "", None, 1),
        ]
        assert (attempts_of(done), attempts_of(waits), [row.outcome for row in attempts_of(runs)]) == (
            [],
            [],
            ["running"],
        )
        self.go_on(waits, runs, now + timedelta(minutes=2))

    def go_on(self, waits: int, runs: int, now: datetime) -> None:
        """What the version before had begun is accounted for as far as it was written down."""
        assert requeue_lost(now=now) == 1
        lost = Attempt.objects.get(job_id=runs)
        assert (lost.outcome, lost.host, lost.work_seconds, lost.lost_seconds) == ("lost", "old", 0, 0)
        job = leases.claim(owner="new", registrations=registrations(), now=now, job_id=waits)
        assert job is not None
        assert (job.attempt, job.checkpoint) == (3, {"row": 7})
        attempts.finish(leases.lease_of(job), now=now)
        assert [(row.number, row.outcome) for row in attempts_of(waits)] == [(3, "done")]
