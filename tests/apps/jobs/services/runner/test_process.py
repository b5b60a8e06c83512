import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from apps.jobs.models import Attempt, Job, Runner
from apps.jobs.services.ledger.queue import enqueue, enqueue_many
from apps.jobs.services.ledger.registry import BrokenTaskError, register_job
from apps.jobs.services.runner.process import NotReadyError, Until, check_migrated, run_jobs
from tests.apps.jobs.clock import Clock
from tests.apps.jobs.processes import PATIENCE_SECONDS, start, wait_until
from tests.apps.jobs.sample import effects

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("only_sample_jobs", "keep_signals")]


def run(now: datetime, *, quick_only: bool = False, once: bool = False) -> int:
    return run_jobs(clock=Clock(now), grace_seconds=60, quick_only=quick_only, until=Until(once=once, empty=not once))


class TestRunJobs:
    def test_runs_until_no_job_is_due_and_signs_off(self, now: datetime) -> None:
        enqueue_many("sample.nothing", [{}] * 3, now=now)

        assert run(now) == 3
        assert {job.state for job in Job.objects.all()} == {"done"}
        assert not Runner.objects.exists()

    def test_runs_one_job_when_told_so(self, now: datetime) -> None:
        enqueue_many("sample.nothing", [{}] * 3, now=now)

        assert run(now, once=True) == 1
        assert Job.objects.filter(state="queued").count() == 2

    def test_quick_runner_leaves_the_long_jobs(self, now: datetime) -> None:
        enqueue("sample.deaf", {"seconds": 0}, now=now)
        enqueue("sample.nothing", now=now)

        assert run(now, quick_only=True) == 1
        assert Job.objects.get(state="queued").name == "sample.deaf"

    def test_job_of_a_name_that_nobody_registered_is_left_for_who_knows_it(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        Job.objects.update(name="next.version")

        assert run(now) == 0
        assert Job.objects.get().state == "queued"

    def test_registered_path_without_a_task_stops_the_start(self, now: datetime) -> None:
        register_job("sample.broken", "tests.absent.task")

        with pytest.raises(BrokenTaskError, match=r"Job 'sample\.broken' names the task"):
            run(now)


@contextmanager
def runner_with_a_job(*options: str) -> Iterator["subprocess.Popen[str]"]:
    """`manage.py runjobs`, which has a job in hand."""
    process = start("runjobs", *options)
    try:
        wait_until(lambda: Job.objects.filter(state="leased").exists(), process)
        yield process
    finally:
        process.kill()
        process.communicate()


def terminated(process: "subprocess.Popen[str]") -> str:
    """What the process said until it ended by itself after SIGTERM."""
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=PATIENCE_SECONDS)[0]


@pytest.mark.usefixtures("effects_table")
class TestTerminatedRunner:
    def test_gives_a_job_in_steps_back_with_its_checkpoint_and_signs_off(self) -> None:
        enqueue("sample.steps", {"steps": 1000, "seconds": 0.05}, now=timezone.now())
        with runner_with_a_job("--grace", "20") as process:
            wait_until(lambda: Job.objects.get().checkpoint is not None, process)
            said = terminated(process)

        job = Job.objects.get()
        assert process.returncode == 0
        assert said.startswith("Jobs: 1 run in ")
        assert (job.state, job.attempt, job.lease_expires_at, job.last_error) == ("queued", 0, None, "")
        assert [step for _, step in effects.all_effects()] == list(range(job.checkpoint or 0))
        assert not Runner.objects.exists()
        given_back = Attempt.objects.get()
        assert (given_back.outcome, given_back.error) == ("released", "")
        assert given_back.work_seconds > given_back.lost_seconds >= 0

    def test_gives_a_job_that_hears_nothing_back_after_the_grace(self) -> None:
        enqueue("sample.deaf", {"seconds": 60}, now=timezone.now())
        with runner_with_a_job("--grace", "0.2") as process:
            terminated(process)

        job = Job.objects.get()
        assert process.returncode == 0
        assert (job.state, job.attempt, job.lease_expires_at) == ("queued", 0, None)
        given_back = Attempt.objects.get()
        assert (given_back.outcome, given_back.number, given_back.lane) == ("released", 1, "long")
        assert 0.2 <= given_back.lost_seconds == given_back.work_seconds < PATIENCE_SECONDS


@pytest.mark.django_db
class TestCheckMigrated:
    def test_database_with_every_migration_is_ready(self) -> None:
        check_migrated()

    def test_database_that_lacks_one_says_what_to_do(self) -> None:
        newest = MigrationLoader(connection).graph.leaf_nodes("jobs")[0]
        MigrationRecorder(connection).record_unapplied(*newest)

        with pytest.raises(NotReadyError) as refused:
            check_migrated()
        lacks, _, to_do = refused.value.message.partition(": ")
        assert lacks.startswith("The database lacks ")
        assert to_do == "run manage.py migrate."

    def test_database_that_does_not_answer_is_one_sentence_of_the_command(self, tmp_path: Path) -> None:
        (tmp_path / "a.sqlite3").write_bytes(b"this is no database" * 100)
        process = start("runjobs", "--once", DATABASE_URL=f"sqlite:///{tmp_path}/a.sqlite3")

        assert process.communicate(timeout=30)[0] == (
            "CommandError: The database does not answer (DatabaseError): look at DATABASE_URL.\n"
        )
        assert process.returncode == 1
