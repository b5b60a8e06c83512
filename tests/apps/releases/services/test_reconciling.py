from datetime import timedelta
from pathlib import Path

import pytest

from apps.releases import artifacts
from apps.releases.models import LEASE, Release
from apps.releases.services.reconciling import fail_dead_builds, remove_abandoned_folders
from tests.apps.releases.numbers import KIND, NOON, NumberKind

pytestmark = pytest.mark.django_db


def begun(key: str, *, state: str = "building", **fields: object) -> Release:
    artifacts.new_folder(KIND, key)
    sha256 = "" if state == "building" else "0" * 64
    return Release.objects.create(
        kind=KIND,
        key=key,
        state=state,
        created_by="ada",
        created_at=NOON,
        lease_until=NOON + LEASE,
        sha256=sha256,
        **fields,
    )


class TestFailDeadBuilds:
    @pytest.mark.parametrize("state", ["building", "built", "evaluated"])
    def test_fails_what_was_silent_for_longer_than_the_lease(self, artifacts_dir: Path, state: str) -> None:
        release = begun("1", state=state)
        assert fail_dead_builds(now=NOON + LEASE + timedelta(seconds=1)) == ["numbers 1"]
        release.refresh_from_db()
        assert (release.state, release.error) == ("failed", "Its builder died.")
        assert list((artifacts_dir / KIND).iterdir()) == []

    def test_leaves_what_may_still_be_at_work(self) -> None:
        begun("1")
        assert fail_dead_builds(now=NOON + LEASE - timedelta(seconds=1)) == []

    def test_leaves_other_kinds_when_asked_for_one(self) -> None:
        begun("1")
        assert fail_dead_builds(now=NOON + 2 * LEASE, kind="soup") == []

    def test_leaves_finished_releases(self, numbers: NumberKind) -> None:
        key = numbers.make().key
        fail_dead_builds(now=NOON + 100 * LEASE)
        assert Release.objects.get(key=key).state == "live"


class TestRemoveAbandonedFolders:
    def test_removes_folders_that_nobody_builds_in(self, artifacts_dir: Path) -> None:
        artifacts.new_folder(KIND, "9")
        begun("1")
        assert remove_abandoned_folders() == ["numbers 9"]
        assert [path.name for path in (artifacts_dir / KIND).iterdir()] == [".building-1"]
