import os
import signal
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command, load_command_class
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from apps.jobs.models import Job, Runner
from apps.jobs.services.ledger.queue import enqueue, enqueue_many
from apps.jobs.services.ledger.registry import register_job, register_schedule
from tests.apps.jobs.processes import PATIENCE_SECONDS, start, wait_until


class TestOptions:
    @pytest.mark.parametrize(
        ("option", "sentence"),
        [
            ("--concurrency=0", "argument --concurrency: must be a whole number from 1 to 64, not '0'"),
            ("--concurrency=-2", "argument --concurrency: must be a whole number from 1 to 64, not '-2'"),
            ("--concurrency=many", "argument --concurrency: must be a whole number from 1 to 64, not 'many'"),
            ("--grace=-1", "argument --grace: must be seconds from 0 to 3600, not '-1'"),
            ("--grace=nan", "argument --grace: must be seconds from 0 to 3600, not 'nan'"),
            ("--grace=soon", "argument --grace: must be seconds from 0 to 3600, not 'soon'"),
        ],
    )
    def test_number_that_makes_no_sense_is_named_and_nothing_runs(
        self, capsys: pytest.CaptureFixture[str], option: str, sentence: str
    ) -> None:
        with pytest.raises(SystemExit) as left:
            load_command_class("apps.jobs", "runjobs").run_from_argv(["manage.py", "runjobs", option])

        assert left.value.code == 2
        assert capsys.readouterr().err.splitlines()[-1] == f"manage.py runjobs: error: {sentence}"

    @pytest.mark.django_db
    @pytest.mark.parametrize("option", ["--once", "--until-empty"])
    def test_several_processes_stay_so_they_cannot_end_by_themselves(self, option: str) -> None:
        with pytest.raises(CommandError) as refused:
            call_command("runjobs", "--concurrency", "2", option)
        assert str(refused.value) == ("--concurrency is for a runner that stays; leave out --once and --until-empty.")


@pytest.mark.django_db
class TestStart:
    def test_database_without_its_migrations_says_what_to_do(self) -> None:
        newest = MigrationLoader(connection).graph.leaf_nodes("jobs")[0]
        MigrationRecorder(connection).record_unapplied(*newest)

        with pytest.raises(CommandError, match=r"^The database lacks \d+ migrations: run manage\.py migrate\.$"):
            call_command("runjobs", "--once")

    def test_registered_path_without_a_task_is_named(self, only_sample_jobs: None) -> None:
        register_job("sample.broken", "tests.absent.task")

        with pytest.raises(CommandError) as refused:
            call_command("runjobs", "--once")
        assert str(refused.value) == (
            "Job 'sample.broken' names the task 'tests.absent.task', which cannot be imported."
        )

    def test_schedule_of_a_job_that_nobody_registered_is_named(self, only_sample_jobs: None) -> None:
        register_schedule("nightly", "sample.absent", every=timedelta(hours=1))

        with pytest.raises(CommandError, match=r"^No job is called 'sample\.absent'; registered are: sample\.deaf"):
            call_command("runjobs", "--once")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("only_sample_jobs", "keep_signals")
class TestRun:
    @pytest.mark.parametrize(("option", "count"), [("--once", 1), ("--until-empty", 3)])
    def test_says_how_many_jobs_it_ran(self, option: str, count: int) -> None:
        enqueue_many("sample.nothing", [{}] * 3, now=timezone.now())
        out = StringIO()
        call_command("runjobs", option, stdout=out)

        assert out.getvalue().startswith(f"Jobs: {count} run in ")
        assert Job.objects.filter(state="done").count() == count

    def test_nothing_to_do_is_no_failure(self) -> None:
        out = StringIO()
        call_command("runjobs", "--until-empty", stdout=out)

        assert out.getvalue().startswith("Jobs: 0 run in ")


def processes_at_work() -> set[int]:
    """The processes that gave a sign of life: runner@machine:process:random."""
    return {int(owner.split(":")[-2]) for owner in Runner.objects.values_list("owner", flat=True)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("only_sample_jobs")
class TestConcurrency:
    def test_killed_runner_is_replaced_and_stopping_one_stops_all(self) -> None:
        process = start("runjobs", "--concurrency", "2", "--grace", "10")
        try:
            wait_until(lambda: len(processes_at_work()) == 2, process)
            killed = min(processes_at_work())
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: len(processes_at_work()) == 3, process)
            enqueue("sample.nothing", now=timezone.now())
            wait_until(lambda: Job.objects.get().state == "done", process)
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=PATIENCE_SECONDS)[0]
        finally:
            process.kill()
            process.communicate()

        assert process.returncode == 0
        assert "The job runner has ended (exit code -9); starting it again." in said
        assert processes_at_work() == {killed}  # the others signed off
