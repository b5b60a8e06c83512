import errno
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.platform.services.backup.folders import (
    BackupFolderError,
    BackupRunningError,
    atomic_folder,
    backup_lock,
    check_root,
    check_space,
    remove_older,
    unused_folder,
    whole_backups,
)


def whole(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    return folder


def names(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


def fail_halfway(folder: Path, error: BaseException) -> None:
    (folder / "half").touch()
    raise error


class TestUnusedFolder:
    def test_is_the_moment_in_utc(self, tmp_path: Path) -> None:
        assert unused_folder(tmp_path, datetime(2026, 11, 24, 3, 5, 7, tzinfo=UTC)) == tmp_path / "20261124T030507Z"

    def test_of_a_second_that_has_one_is_another(self, tmp_path: Path) -> None:
        moment = datetime(2026, 11, 24, 3, 5, 7, tzinfo=UTC)
        for _ in range(3):
            whole(tmp_path, unused_folder(tmp_path, moment).name)
        expected = ["20261124T030507Z", "20261124T030507Z-2", "20261124T030507Z-3"]
        assert [path.name for path in whole_backups(tmp_path)] == expected


class TestWholeBackups:
    def test_are_the_completed_ones_oldest_first(self, tmp_path: Path) -> None:
        for name in ("20261124T030507Z", "20251124T030507Z", ".making-20261125T030507Z", "notes"):
            whole(tmp_path, name)
        (tmp_path / "20261126T030507Z").mkdir()
        (tmp_path / "20261127T030507Z").symlink_to(tmp_path / "20261124T030507Z")

        assert [path.name for path in whole_backups(tmp_path)] == ["20251124T030507Z", "20261124T030507Z"]


class TestBackupLock:
    def test_makes_the_folder_for_its_owner_only(self, tmp_path: Path) -> None:
        with backup_lock(tmp_path / "a" / "backups"):
            assert stat.S_IMODE((tmp_path / "a" / "backups").stat().st_mode) == 0o700

    def test_refuses_a_second_one(self, tmp_path: Path) -> None:
        with backup_lock(tmp_path), pytest.raises(BackupRunningError), backup_lock(tmp_path):
            pass

    def test_removes_what_killed_ones_left_and_nothing_else(self, tmp_path: Path) -> None:
        for name in (".making-20261124T030507Z", ".removing-20261123T030507Z", "20261122T030507Z", ".ssh"):
            whole(tmp_path, name)
        with backup_lock(tmp_path):
            assert names(tmp_path) == {"20261122T030507Z", ".ssh", ".lock"}

    def test_follows_no_link_that_stands_for_a_leftover(self, tmp_path: Path) -> None:
        precious = whole(tmp_path, "precious")
        (tmp_path / "root").mkdir()
        (tmp_path / "root" / ".making-x").symlink_to(precious)
        with backup_lock(tmp_path / "root"):
            assert (precious / "manifest.json").exists()

    def test_says_when_the_folder_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(BackupFolderError, match="Not a directory"), backup_lock(tmp_path / "file" / "backups"):
            pass


class TestAtomicFolder:
    def test_has_its_name_only_when_it_is_whole(self, tmp_path: Path) -> None:
        with atomic_folder(tmp_path / "20261124T030507Z") as folder:
            (folder / "tables").mkdir()
            (folder / "tables" / "a").write_text("x")
            assert names(tmp_path) == {".making-20261124T030507Z"}
        assert names(tmp_path) == {"20261124T030507Z"}
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
        assert modes == {0o700, 0o600}

    @pytest.mark.parametrize(
        "error", [KeyboardInterrupt(), ValueError(), OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))]
    )
    def test_leaves_nothing_when_it_fails(self, tmp_path: Path, error: BaseException) -> None:
        with pytest.raises((BackupFolderError, type(error))), atomic_folder(tmp_path / "20261124T030507Z") as folder:
            fail_halfway(folder, error)
        assert names(tmp_path) == set()

    def test_says_that_the_disk_is_full(self, tmp_path: Path) -> None:
        with pytest.raises(BackupFolderError, match="No space left on device"), atomic_folder(tmp_path / "x"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class TestRemoveOlder:
    def test_counts_whole_ones_only(self, tmp_path: Path) -> None:
        for day in (1, 2, 3):
            whole(tmp_path, f"2026110{day}T000000Z")
        (tmp_path / "20261104T000000Z").mkdir()  # half of one, from elsewhere

        assert remove_older(tmp_path, keep=2) == ["20261101T000000Z"]
        assert names(tmp_path) == {"20261102T000000Z", "20261103T000000Z", "20261104T000000Z"}

    def test_removes_nothing_where_there_are_fewer(self, tmp_path: Path) -> None:
        whole(tmp_path, "20261101T000000Z")
        assert remove_older(tmp_path, keep=7) == []


class TestCheckRoot:
    @pytest.mark.parametrize("place", ["var", "var/backups", "var/artifacts/x", "link"])
    def test_refuses_the_folder_of_the_data(self, tmp_path: Path, settings: Settings, place: str) -> None:
        settings.VAR_DIR = tmp_path / "var"
        (tmp_path / "var").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "var")
        with pytest.raises(BackupFolderError, match="with the data that it shall outlive"):
            check_root(tmp_path / place)

    def test_refuses_a_file(self, tmp_path: Path, settings: Settings) -> None:
        settings.VAR_DIR = tmp_path / "var"
        (tmp_path / "file").touch()
        with pytest.raises(BackupFolderError, match="is a file, not a folder"):
            check_root(tmp_path / "file")


class TestCheckSpace:
    def test_refuses_before_anything_is_written(self, tmp_path: Path) -> None:
        with pytest.raises(BackupFolderError, match=r"may need 1,000,000,000\.0 MB and the disk of .* left"):
            check_space(tmp_path, needed=10**15)
        check_space(tmp_path, needed=1)
