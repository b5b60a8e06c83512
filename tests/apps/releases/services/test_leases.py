import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.selectors.jobs import job_row
from apps.jobs.services.ledger.control import cancel_job
from apps.jobs.services.ledger.reconciliation import requeue_lost
from apps.jobs.services.ledger.schedules import Timetable
from apps.jobs.services.runner.execution import run_until_empty
from apps.releases.models import Release
from apps.releases.selectors.listing import releases
from apps.releases.services.leases import BUILD_JOB, LEASE_SECONDS, own_job
from tests.apps.jobs.processes import child_environment, wait_until
from tests.apps.releases.numbers import KIND, NOON, Clock, NumberKind, files_in, served_number
from tests.client import ApiClient

# A builder as a command starts one, which is in the midst of its fit until it is killed.
BUILDER = """
import sys, time
import django
django.setup()
from pathlib import Path
from django.conf import settings
from django.utils import timezone
from apps.releases.services.kinds import register_kind
from apps.releases.services.making import make_release
from tests.apps.releases.numbers import KIND, NumberKind
settings.ARTIFACTS_DIR = Path(sys.argv[1])
numbers = NumberKind()
numbers.next_number = 7.0
numbers.during_build = lambda: time.sleep(60)
register_kind(numbers.as_kind())
make_release(KIND, created_by="ada", why="by hand", clock=timezone.now, promote=True)
"""


@pytest.fixture
def killed_build(artifacts_dir: Path, transactional_db: None) -> Release:
    """What a builder left behind that was killed with SIGKILL in the midst of its work."""
    environment = child_environment(DJANGO_SETTINGS_MODULE="config.settings", EPICML_DEMO="0")
    command = [sys.executable, "-c", BUILDER, str(artifacts_dir)]
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        wait_until(lambda: any(artifacts_dir.glob(".steps/*/*/.aside-fit-*/served/*.npz")), process)
    finally:
        process.kill()
        process.communicate()
    return Release.objects.get()


class TestKilledCommand:
    def test_is_known_to_be_dead_two_minutes_later_and_a_runner_goes_on(
        self, killed_build: Release, numbers: NumberKind, api: ApiClient, artifacts_dir: Path
    ) -> None:
        job = Job.objects.get()
        assert (job.name, job.state, killed_build.job_id, killed_build.state) == (
            BUILD_JOB,
            "leased",
            job.pk,
            "building",
        )
        assert job.lease_expires_at is not None
        assert job.lease_expires_at - timezone.now() < timedelta(seconds=LEASE_SECONDS)
        assert requeue_lost(now=timezone.now()) == 0

        assert requeue_lost(now=timezone.now() + timedelta(seconds=LEASE_SECONDS)) == 1
        run_until_empty(clock=timezone.now)  # what a runner does

        row = releases(kind=KIND)[0]
        assert (row.key, row.state, row.created_by, row.why) == (killed_build.key, "live", "ada", "by hand")
        assert (served_number(), numbers.made) == (7.0, ["fit", "evaluate"])
        assert job_row(job.pk).state == "done"
        assert not any(".steps" in name for name in files_in(artifacts_dir))

    def test_is_shown_as_failed_and_cleared_away_where_somebody_cancels_its_job(
        self, killed_build: Release, api: ApiClient, artifacts_dir: Path
    ) -> None:
        cancel_job(killed_build.job_id or 0, now=timezone.now())
        out = StringIO()
        call_command("list_releases", stdout=out)
        shown = [
            api.get("/api/v1/releases").json()["items"][0],
            api.get(f"/api/v1/releases/{KIND}/{killed_build.key}").json(),
        ]
        assert "failed" in out.getvalue()
        assert [(each["state"], each["error"]) for each in shown] == [("failed", "Its builder died.")] * 2
        assert Release.objects.get().state == "building"  # nobody came by to record it

        Timetable().fire(now=timezone.now())  # a runner starts
        run_until_empty(clock=timezone.now)
        assert (Release.objects.get().state, Release.objects.get().error) == ("failed", "Its builder died.")
        assert files_in(artifacts_dir) == []


@pytest.mark.django_db
class TestDeadBuild:
    def test_does_not_stand_in_the_way_of_the_next(self, numbers: NumberKind) -> None:
        dead = Release.objects.create(kind=KIND, key="2026-11-24.1", created_by="ada", created_at=NOON)
        numbers.make()
        assert [release.state for release in Release.objects.order_by("id")] == ["failed", "live"]
        assert Release.objects.get(pk=dead.pk).error == "Its builder died."


@pytest.mark.django_db
class TestOwnJob:
    def test_is_done_after_the_block(self) -> None:
        with own_job(KIND, clock=Clock()) as run:
            assert job_row(run.id).state == "leased"
        assert job_row(run.id).state == "done"

    @pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt()], ids=["error", "interrupt"])
    def test_is_gone_on_with_by_nobody_after_an_error(self, error: BaseException) -> None:
        with pytest.raises(type(error)), own_job(KIND, clock=Clock()) as run:
            raise error
        row = job_row(run.id)
        assert (row.state, row.last_error) == ("cancelled", "The command that it was the work of ended before it.")

    def test_that_another_process_took_over_is_left_to_that(self) -> None:
        def sleep_too_long() -> None:
            requeue_lost(now=NOON + timedelta(minutes=3))
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), own_job(KIND, clock=Clock()) as run:
            sleep_too_long()
        assert job_row(run.id).state == "queued"
