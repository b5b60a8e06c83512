from datetime import timedelta
from pathlib import Path

import pytest

from apps.jobs.models import Job
from apps.releases import artifacts
from apps.releases.models import Release
from apps.releases.services import steps
from apps.releases.services.reconciling import fail_dead_builds, reconcile, remove_abandoned_folders
from tests.apps.releases.numbers import KIND, NOON, Number, NumberKind, files_in

pytestmark = pytest.mark.django_db


def job(state: str = "leased") -> int:
    lease = {"lease_expires_at": NOON + timedelta(minutes=2)} if state == "leased" else {}
    return Job.objects.create(name="releases.build", state=state, run_at=NOON, created_at=NOON, **lease).pk


def begun(key: str, *, state: str = "building", **fields: object) -> Release:
    """A build with something in each of its folders."""
    artifacts.new_folder(KIND, key)
    for step in ("snapshot", "fit"):
        steps.keep(KIND, key, step, steps.workplace(KIND, key, step), Number(1.0))
    sha256 = "" if state == "building" else "0" * 64
    return Release.objects.create(
        kind=KIND, key=key, state=state, created_by="ada", created_at=NOON, sha256=sha256, **fields
    )


class TestFailDeadBuilds:
    @pytest.mark.parametrize("state", ["building", "built", "evaluated"])
    @pytest.mark.parametrize("ended", ["done", "dead", "cancelled"])
    def test_fails_what_no_job_goes_on_with(self, artifacts_dir: Path, state: str, ended: str) -> None:
        release = begun("1", state=state, job_id=job(ended))
        assert fail_dead_builds(now=NOON) == ["numbers 1"]
        release.refresh_from_db()
        assert (release.state, release.error) == ("failed", "Its builder died.")
        assert files_in(artifacts_dir) == []
        assert list((artifacts_dir / KIND).iterdir()) == []

    @pytest.mark.parametrize("number", [None, 10**9], ids=["no job", "a job that was purged"])
    def test_fails_what_has_no_job(self, number: int | None) -> None:
        begun("1", job_id=number)
        assert fail_dead_builds(now=NOON) == ["numbers 1"]

    @pytest.mark.parametrize("state", ["leased", "queued"])
    def test_leaves_what_is_at_work_and_what_will_go_on(self, state: str) -> None:
        begun("1", job_id=job(state))
        assert fail_dead_builds(now=NOON + timedelta(days=9)) == []

    def test_leaves_other_kinds_when_asked_for_one(self) -> None:
        begun("1")
        assert fail_dead_builds(now=NOON, kind="soup") == []

    def test_leaves_finished_releases(self, numbers: NumberKind) -> None:
        key = numbers.make().key
        fail_dead_builds(now=NOON + timedelta(days=9))
        assert Release.objects.get(key=key).state == "live"


class TestRemoveAbandonedFolders:
    def test_removes_folders_that_nobody_builds_in(self, artifacts_dir: Path) -> None:
        artifacts.new_folder(KIND, "9")
        steps.keep(KIND, "8", "fit", steps.workplace(KIND, "8", "fit"), Number(1.0))
        begun("1", job_id=job())
        assert remove_abandoned_folders() == ["numbers 8", "numbers 9"]
        assert [path.name for path in (artifacts_dir / KIND).iterdir()] == [".building-1"]
        assert [path.name for path in (artifacts_dir / ".steps" / KIND).iterdir()] == ["1"]


class TestRemoveOldSnapshots:
    def test_removes_those_of_builds_that_wait_for_more_than_a_day(self, artifacts_dir: Path) -> None:
        begun("1", job_id=job("queued"))
        reconcile(now=NOON + timedelta(hours=23))
        assert len(files_in(artifacts_dir)) == 4
        reconcile(now=NOON + timedelta(hours=25))
        assert [name.split("/")[3] for name in files_in(artifacts_dir)] == ["fit", "fit"]
