import gzip
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from apps.platform.services.backup.folders import whole_backups
from apps.platform.services.backup.manifest import read_manifest
from apps.platform.services.backup.sqlite import SqliteEngine
from tests.apps.jobs.processes import child_environment, wait_until
from tests.apps.platform.backups import TITLES, backup, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("library")]


class TestBackup:
    def test_says_in_one_line_what_it_did_and_where_the_key_is(self, root: Path) -> None:
        said = run("backup", str(root)).splitlines()

        folder = whole_backups(root)[0]
        counts = rf"\d+ rows of \d+ tables of {connection.vendor}, \d+ files, [\d.]+ MB"
        assert re.fullmatch(rf"Backup {re.escape(str(folder))}: {counts}, checked, in [\d.]+ s\.", said[-1])
        assert re.fullmatch(
            r"The secret key is not in the backup: keep \S+ \(fingerprint [0-9a-f]{16}\) in .*", said[-2]
        )

    def test_holds_every_row(self, root: Path) -> None:
        backup(root)
        folder = whole_backups(root)[0]
        lines = gzip.decompress((folder / "tables" / "catalog_book.copy.gz").read_bytes()).decode().splitlines()
        assert len(lines) == len(TITLES)
        assert "Ünïcödé 龍" in lines[3]
        counts = {name: table.rows for name, table in read_manifest(folder).tables.items()}
        assert (counts["events_event"], counts["readers_reader"]) == (20, 4)

    def test_holds_rows_that_are_in_the_log_of_sqlite_only(self, root: Path) -> None:
        """A copy of the database file alone misses them: 227 acknowledged rows, once."""
        if connection.vendor != "sqlite":
            pytest.skip("needs SQLite")
        path = Path(connection.settings_dict["NAME"])
        assert path.with_name(path.name + "-wal").stat().st_size > 0

        assert backup(root)["rows"] >= 20 + 4 + 5

    def test_is_readable_by_its_owner_only(self, root: Path) -> None:
        backup(root)
        for path in root.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)

    def test_lets_a_writer_write_while_it_reads(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, now: datetime
    ) -> None:
        """On SQLite Django's own transactions would keep the writer waiting for 20 seconds."""
        if connection.vendor != "sqlite":
            pytest.skip("needs SQLite")
        writer = sqlite3.connect(connection.settings_dict["NAME"], timeout=0.2, isolation_level=None)
        dumped = SqliteEngine.dump

        def write_meanwhile(self: object, table: object, write: object) -> int:
            writer.execute("UPDATE catalog_book SET title = 'changed meanwhile'")
            return dumped(self, table, write)  # type: ignore[arg-type]

        monkeypatch.setattr(SqliteEngine, "dump", write_meanwhile)
        backup(root)
        writer.close()

        content = gzip.decompress((whole_backups(root)[0] / "tables" / "catalog_book.copy.gz").read_bytes())
        assert b"changed meanwhile" not in content

    def test_keeps_the_newest_so_many(self, root: Path) -> None:
        for day in range(1, 4):
            older = root / f"2025010{day}T000000Z"
            older.mkdir(parents=True)
            (older / "manifest.json").touch()

        said = backup(root, "--keep", "2")

        assert said["removed"] == ["20250101T000000Z", "20250102T000000Z"]
        assert len(whole_backups(root)) == 2

    @pytest.mark.parametrize("count", ["0", "-1", "1.5", "many", ""])
    def test_number_to_keep_that_makes_no_sense_is_named(self, root: Path, count: str) -> None:
        with pytest.raises(CommandError, match="must be a whole number from 1"):
            call_command("backup", str(root), f"--keep={count}")

    def test_says_that_it_lies_on_the_disk_of_the_data(self, root: Path) -> None:
        assert backup(root)["remarks"] == [f"{root} is on the same disk as the data: copy it to another machine."]


class TestSecretKey:
    def test_is_put_in_when_asked(self, root: Path) -> None:
        assert "is in the backup" in run("backup", str(root), "--with-secret-key")
        path = whole_backups(root)[0] / "secret_key"
        assert path.read_text() == django_settings.SECRET_KEY
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_is_nowhere_in_a_backup_otherwise(self, root: Path) -> None:
        backup(root)
        held = [
            path for path in root.rglob("*") if path.is_file() and django_settings.SECRET_KEY.encode() in content(path)
        ]
        assert held == []

    def test_of_the_environment_is_not_taken_along(self, root: Path, settings: Settings) -> None:
        settings.SECRET_KEY_FILE = None
        with pytest.raises(CommandError, match="SECRET_KEY comes from the environment: keep it there"):
            call_command("backup", str(root), "--with-secret-key")
        assert not root.exists()
        assert "keep SECRET_KEY of the environment (fingerprint" in run("backup", str(root))


class TestPlaces:
    def test_in_the_folder_of_the_data_is_refused(self, settings: Settings) -> None:
        with pytest.raises(CommandError, match="choose a folder elsewhere"):
            call_command("backup", str(Path(settings.VAR_DIR) / "backups"))

    def test_that_is_a_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(CommandError, match="is a file, not a folder"):
            call_command("backup", str(tmp_path / "file"))

    @pytest.mark.parametrize("folder", ["/proc/backups", "/dev/null/x", "x" * 300])
    def test_that_cannot_be_written_is_one_sentence(self, folder: str) -> None:
        with pytest.raises(CommandError, match=r"^The backup cannot be written in .*: .*\. Nothing of it is kept"):
            call_command("backup", folder)

    @pytest.mark.parametrize("folder", ["", " "])
    def test_without_a_name_is_refused(self, folder: str) -> None:
        with pytest.raises(CommandError, match="must name a folder"):
            call_command("backup", folder)


class TestTrouble:
    def test_full_disk_leaves_nothing_and_older_backups_alone(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        older = root / "20250101T000000Z"
        older.mkdir(parents=True)
        (older / "manifest.json").touch()
        full = "/dev/full"  # every write to it fails with ENOSPC
        monkeypatch.setattr("apps.platform.services.backup.making.table_file", lambda _: full)

        with pytest.raises(
            CommandError, match=r"cannot be written in .*: No space left on device\. Nothing of it is kept"
        ):
            call_command("backup", str(root), "--keep", "1")

        assert [path.name for path in root.iterdir() if path.name != ".lock"] == [older.name]

    def test_killed_in_the_middle_is_never_taken_for_a_whole_one(self, root: Path) -> None:
        """Killed while it waits for a pipe that nobody reads, which stands for a slow disk."""
        root.mkdir()
        script = (
            "import django; django.setup()\n"
            "from apps.platform.services.backup import making\n"
            "name = making.table_file\n"
            f"making.table_file = lambda table: {str(root / 'pipe')!r} if table == 'events_event' else name(table)\n"
            "from django.core.management import call_command\n"
            f"call_command('backup', {str(root)!r})\n"
        )
        os.mkfifo(root / "pipe")
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=django_settings.BASE_DIR,
            env=child_environment(DJANGO_SETTINGS_MODULE="config.settings"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            wait_until(lambda: any(root.glob(".making-*/tables/catalog_book*")), process)
            with pytest.raises(CommandError, match=r"Another backup into .* is running"):
                call_command("backup", str(root))
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        (root / "pipe").unlink()
        assert whole_backups(root) == []

        backup(root)

        assert len(whole_backups(root)) == 1
        assert list(root.glob(".making-*")) == []

    def test_database_without_tables_is_hardly_the_right_one(self, root: Path, tmp_path: Path) -> None:
        """A timetable that does not know DATABASE_URL would save nothing every night, and drop the good ones."""
        if connection.vendor != "sqlite":
            pytest.skip("needs SQLite")
        name = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = str(tmp_path / "new.sqlite3")
        try:
            with pytest.raises(CommandError, match="has no tables: is this the right one"):
                call_command("backup", str(root), "--keep", "1")
        finally:
            connection.close()
            connection.settings_dict["NAME"] = name
        assert whole_backups(root) == []

    def test_database_that_does_not_answer_is_one_sentence(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        backup(root)
        connection.close()
        with monkeypatch.context() as broken:
            if connection.vendor == "sqlite":
                broken.setitem(connection.settings_dict, "NAME", "/proc/none/db.sqlite3")
            else:
                broken.setitem(connection.settings_dict, "HOST", str(root))
            with pytest.raises(CommandError, match=r"^The database cannot be read: "):
                call_command("backup", str(root))
            with pytest.raises(CommandError, match=r"does not answer|cannot be read|cannot be restored"):
                call_command("restore", str(whole_backups(root)[0]))
            connection.close()

    def test_value_that_no_restore_could_read_is_said_at_once(self, root: Path) -> None:
        """SQLite lets any value into any column."""
        if connection.vendor != "sqlite":
            pytest.skip("needs SQLite")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_book SET updated_at = 'yesterday' WHERE key = 'b1'")
        with pytest.raises(
            CommandError, match=r"among the rows 1 to 5 of catalog_book by id a value is not of its column"
        ):
            call_command("backup", str(root))
        assert whole_backups(root) == []

    def test_database_of_a_newer_version_is_refused(self, root: Path) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('readers', '0999_x', '2026-01-01')"
            )
        try:
            with pytest.raises(CommandError, match=r"newer version of this software: readers\.0999_x"):
                call_command("backup", str(root))
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM django_migrations WHERE name = '0999_x'")


def content(path: Path) -> bytes:
    read = path.read_bytes()
    return gzip.decompress(read) if path.suffix == ".gz" else read
