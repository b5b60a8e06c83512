import pytest
from django.core.management import CommandError, call_command, load_command_class
from pytest_django import Settings

from apps.jobs.services.ledger.registry import register_job


class TestOptions:
    @pytest.mark.parametrize("text", ["slow", "quick,slow", "", "quick,,long"])
    def test_lane_that_is_none_is_named(self, capsys: pytest.CaptureFixture[str], text: str) -> None:
        with pytest.raises(SystemExit) as left:
            load_command_class("apps.jobs", "runworkers").run_from_argv(["manage.py", "runworkers", f"--queues={text}"])

        assert left.value.code == 2
        assert "argument --queues: must be of quick, long, not '" in capsys.readouterr().err


class TestStart:
    """That it runs workers, starts them anew and ends with them is shown in tests/apps/jobs/test_outages.py."""

    def test_without_a_broker_it_says_what_to_use_instead(self, settings: Settings) -> None:
        settings.REDIS_URL = ""

        with pytest.raises(CommandError) as refused:
            call_command("runworkers")
        assert (
            str(refused.value) == "REDIS_URL is not set: there are no messages to take. Use manage.py runjobs instead."
        )

    @pytest.mark.django_db
    def test_registered_path_without_a_task_stops_the_start(self, settings: Settings, only_sample_jobs: None) -> None:
        settings.REDIS_URL = "unix:///nowhere/redis.sock"
        register_job("sample.broken", "tests.absent.task")

        with pytest.raises(CommandError, match=r"^Job 'sample\.broken' names the task 'tests\.absent\.task'"):
            call_command("runworkers")
