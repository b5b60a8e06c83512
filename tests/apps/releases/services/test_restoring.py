import shutil
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.platform.services.backup.making import BackupReport, write_backup
from apps.releases import artifacts
from apps.releases.models import Release
from apps.releases.services.making import make_release
from apps.releases.services.restoring import after_restore, kept_files, put_back
from apps.releases.storage import remote
from tests.apps.releases.numbers import KIND, NumberKind, damage
from tests.apps.releases.object_storage import ObjectStorage, storages_at

pytestmark = pytest.mark.django_db


def made(numbers: NumberKind, now: datetime) -> Release:
    row = make_release(KIND, created_by="ada", why="", clock=lambda: now, promote=True)
    return Release.objects.get(key=row.key)


def saved(to: Path) -> None:
    """What a backup does with the files."""
    for file in kept_files():
        (to / file.name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, to / file.name)


class TestKeptFiles:
    def test_are_those_that_rows_name_with_their_sums(self, numbers: NumberKind, now: datetime) -> None:
        release = made(numbers, now)
        found = kept_files()
        assert {file.name for file in found} == {f"{KIND}/{release.key}/{name}" for name in release.manifest["files"]}
        assert all(file.path.is_file() for file in found)

    def test_are_none_of_a_release_whose_files_were_removed(self, numbers: NumberKind, now: datetime) -> None:
        made(numbers, now)
        Release.objects.update(artifact_removed_at=now)
        assert kept_files() == []


class TestPutBack:
    def test_makes_the_release_load_again(self, numbers: NumberKind, now: datetime, tmp_path: Path) -> None:
        release = made(numbers, now)
        saved(tmp_path / "kept")
        artifacts.remove(KIND, release.key)

        assert put_back(tmp_path / "kept") == "The files of 1 releases are in their place."

        artifacts.open_verified(KIND, release.key, release.sha256)
        assert after_restore([], now) == ""

    @pytest.mark.parametrize("there", ["the same", "damaged"])
    def test_minds_what_lies_there(self, numbers: NumberKind, now: datetime, tmp_path: Path, there: str) -> None:
        release = made(numbers, now)
        saved(tmp_path / "kept")
        if there == "damaged":
            next(file.path for file in kept_files()).write_bytes(b"rotten")

        put_back(tmp_path / "kept")

        artifacts.open_verified(KIND, release.key, release.sha256)
        assert artifacts.building_folders() == []


@pytest.mark.django_db(transaction=True)
class TestObjectStorage:
    """A backup holds what object storage holds, and a restore brings it back there; both by the commands' own way."""

    def backed_up(self, folder: Path, now: datetime) -> BackupReport:
        return write_backup(folder, now=now, progress=lambda rows: None)

    @pytest.mark.parametrize("copy", ["none", "damaged"])
    def test_fetches_what_this_machine_has_no_sound_copy_of(
        self,
        numbers: NumberKind,
        object_storage: ObjectStorage,
        artifacts_dir: Path,
        now: datetime,
        tmp_path: Path,
        copy: str,
    ) -> None:
        release = made(numbers, now)
        if copy == "none":
            shutil.rmtree(artifacts_dir)
        else:
            damage(artifacts_dir, release.key)
        report = self.backed_up(tmp_path / "backups", now)
        assert report.remarks == []
        kept = report.folder / "files" / "releases"
        remote.remove(KIND, release.key)
        shutil.rmtree(artifacts_dir)

        assert put_back(kept) == "The files of 1 releases are in their place."

        artifacts.verify(KIND, release.key, release.sha256)
        assert after_restore([], now) == ""

    def test_is_made_without_the_files_where_the_storage_is_away(
        self,
        numbers: NumberKind,
        object_storage: ObjectStorage,
        artifacts_dir: Path,
        settings: Settings,
        now: datetime,
        tmp_path: Path,
    ) -> None:
        release = made(numbers, now)
        shutil.rmtree(artifacts_dir)
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        (remark,) = self.backed_up(tmp_path / "backups", now).remarks
        assert remark.startswith(f"Left out: releases/{KIND}/{release.key}/number.npz (Artifacts in s3://")
        said = after_restore([], now)
        assert said.endswith("Whether the files of all releases are there was not looked at.")
        assert Release.objects.get().artifact_removed_at is None


class TestAfterRestore:
    def test_forgets_damage_of_the_files_before(self, numbers: NumberKind, now: datetime) -> None:
        made(numbers, now)
        Release.objects.update(damage="It is cut.")
        after_restore([], now)
        assert Release.objects.get().damage == ""

    def test_fails_what_was_being_built(self, now: datetime) -> None:
        Release.objects.create(kind=KIND, key="1", created_by="ada", created_at=now)
        assert after_restore([], now) == "1 releases were being built and are failed."
        assert Release.objects.get().state == "failed"

    def test_says_that_a_live_one_has_no_files(self, numbers: NumberKind, now: datetime) -> None:
        release = made(numbers, now)
        artifacts.remove(KIND, release.key)
        assert after_restore([], now) == f"The files of {release} were not in the backup: build it anew."
        assert Release.objects.get().artifact_removed_at is None

    def test_takes_a_former_one_without_files_from_those_one_can_return_to(
        self, numbers: NumberKind, now: datetime
    ) -> None:
        first = made(numbers, now)
        made(numbers, now)
        artifacts.remove(KIND, first.key)
        assert after_restore([], now) == "1 former releases have no files any more."
        first.refresh_from_db()
        assert first.artifact_removed_at == now
