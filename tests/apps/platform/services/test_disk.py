import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from apps.platform.services.disk import Folder, disk_health, free_bytes, written_folders

GIB = 1 << 30


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def usage_of(monkeypatch: pytest.MonkeyPatch, *, total: int, free: int) -> None:
    """A disk of this size: the operating system's answer is staged, for no test fills a disk."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(total, total - free, free))


class TestDiskHealth:
    def test_a_folder_with_room_is_well_and_left_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage_of(monkeypatch, total=100 * GIB, free=50 * GIB)
        assert disk_health([Folder(tmp_path, "EPICML_VAR")]).state == "ok"
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("total", "free", "state"),
        [
            (2000 * GIB, GIB - 1, "degraded"),  # under 1 GiB
            (2000 * GIB, GIB, "ok"),
            (10 * GIB, GIB // 2 - 1, "degraded"),  # under 5 %
            (10 * GIB, GIB // 2, "ok"),
            (GIB, 60 << 20, "ok"),  # a small volume with 6 % left
        ],
    )
    def test_room_that_runs_out_is_told_before_it_has(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, free: int, state: str
    ) -> None:
        usage_of(monkeypatch, total=total, free=free)
        health = disk_health([Folder(tmp_path, "the database")])
        assert health.state == state
        if state != "ok":
            assert f"{free >> 20} MiB are free in {tmp_path}, which holds the database." == health.detail
            assert health.impact
            assert health.remedy

    def test_a_folder_that_is_gone_takes_no_write(self, tmp_path: Path) -> None:
        health = disk_health([Folder(tmp_path, "EPICML_VAR"), Folder(tmp_path / "gone", "the database")])
        assert health.state == "degraded"
        assert health.detail == (
            f"Nothing can be written in {tmp_path / 'gone'}, which holds the database: No such file or directory."
        )
        assert health.impact
        assert health.remedy

    @pytest.mark.skipif(not os.path.ismount("/proc"), reason="needs a folder that nobody may write in")
    def test_a_folder_that_cannot_be_written_even_by_root(self) -> None:
        assert disk_health([Folder(Path("/proc/self"), "EPICML_VAR")]).state == "degraded"

    def test_a_disk_that_takes_no_more_bytes(self, tmp_path: Path) -> None:
        """The limit of a file's size stands for a disk that is full: a file is made, and no byte goes in."""
        code = (
            "import os, resource, signal\n"
            "os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n"
            "from pathlib import Path\n"
            "from apps.platform.services.disk import Folder, disk_health\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, (0, {resource.RLIM_INFINITY}))\n"
            f"print(disk_health([Folder(Path({str(tmp_path)!r}), 'EPICML_VAR')]).state)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "degraded"


class TestWrittenFolders:
    def test_are_var_and_the_place_of_the_database(self, tmp_path: Path) -> None:
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db" / "a.sqlite3")}
        assert written_folders(var=tmp_path, database=database) == [
            Folder(tmp_path, "EPICML_VAR"),
            Folder(tmp_path / "db", "the database"),
        ]

    def test_a_server_keeps_its_own_disk(self, tmp_path: Path) -> None:
        database = {"ENGINE": "config.postgresql", "NAME": "epicml"}
        assert written_folders(var=tmp_path, database=database) == [Folder(tmp_path, "EPICML_VAR")]


class TestFreeBytes:
    def test_is_what_the_operating_system_says(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        usage_of(monkeypatch, total=9, free=4)
        assert free_bytes(Folder(tmp_path, "EPICML_VAR")) == 4
