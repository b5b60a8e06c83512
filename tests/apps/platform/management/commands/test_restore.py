import json
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from apps.catalog.models import Book
from apps.events.models import Event
from apps.jobs.services.ledger.queue import enqueue
from apps.platform.services.backup.folders import whole_backups
from tests.apps.platform.backups import add_events, backup, forge, next_ids, replace_rows, restore, rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("library")]


class TestRestore:
    def test_brings_back_every_row_and_the_numbers_that_come_next(self, made: Path, now: datetime) -> None:
        before, numbers = rows(), next_ids()
        Book.objects.update(title="lost")
        Event.objects.all().delete()
        add_events("later", now)

        restore(made, "--replace")

        found = rows()
        queued = found.pop("jobs_job")  # the index is to be made anew
        assert (len(queued), found) == (len(before.pop("jobs_job")), before)
        assert next_ids() | {"jobs_job": 0} == numbers | {"jobs_job": 0}

    def test_gives_no_number_of_a_row_that_was_removed_before_the_backup(self, root: Path, now: datetime) -> None:
        """What others keep by number (a broker, an index) must not mean another row later."""
        last = Event.objects.order_by("-id")[0].id
        Event.objects.filter(id=last).delete()
        backup(root)

        restore(whole_backups(root)[0], "--replace")

        add_events("later", now)
        assert Event.objects.filter(event_id__startswith="later").order_by("id")[0].id == last + 1

    def test_says_what_is_there_and_what_to_do_next_and_can_be_run_again(self, made: Path) -> None:
        restore(made, "--replace")
        said = restore(made, "--replace").splitlines()
        assert re.fullmatch(
            r"Restored \d+ rows of \d+ tables and [\d.]+ MB of files, as of 20\S+, in [\d.]+ s\.", said[-1]
        )
        assert said[-2].startswith("Start manage.py serve")
        assert Event.objects.count() == 20

    def test_into_an_empty_database_needs_no_leave(self, made: Path) -> None:
        call_command("flush", "--no-input", verbosity=0)
        restore(made)
        assert Event.objects.count() == 20

    def test_ends_sessions_and_runners_of_before_and_requeues_what_they_held(self, root: Path, now: datetime) -> None:
        job_id = enqueue("jobs.purge", now=now)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO django_session VALUES ('abc', 'x', '2030-01-01')")
            cursor.execute(
                "INSERT INTO jobs_runner (owner, kind, started_at, seen_at) VALUES ('a', 'runner', %s, %s)", [now, now]
            )
            cursor.execute(
                "UPDATE jobs_job SET state = 'leased', lease_expires_at = %s, attempt = 1 WHERE id = %s", [now, job_id]
            )
        backup(root)

        assert "1 jobs that were running wait again." in restore(whole_backups(root)[0], "--replace")

        with connection.cursor() as cursor:
            cursor.execute("SELECT (SELECT count(*) FROM django_session) + (SELECT count(*) FROM jobs_runner)")
            assert cursor.fetchone()[0] == 0


class TestLeave:
    """What is there is not replaced by mistake."""

    def test_a_database_with_rows_is_refused(self, made: Path) -> None:
        with pytest.raises(CommandError, match=r"not empty \(\d+ rows: events_event 20, .*\): --replace replaces it"):
            restore(made)

    @pytest.mark.parametrize(("typed", "done"), [("replace", True), ("yes", False)])
    def test_the_word_must_be_typed(self, made: Path, monkeypatch: pytest.MonkeyPatch, typed: str, done: bool) -> None:
        Book.objects.update(title="later")
        monkeypatch.setattr("builtins.input", lambda _: typed)
        if done:
            call_command("restore", str(made), "--replace", "--force")
        else:
            with pytest.raises(CommandError, match=r"Nothing was changed\."):
                call_command("restore", str(made), "--replace", "--force")
        assert Book.objects.filter(title="later").exists() != done

    def test_somebody_who_is_connected_is_noticed(self, made: Path) -> None:
        with other_connection():
            with pytest.raises(CommandError, match="Other processes are connected to the database: stop web workers"):
                call_command("restore", str(made), "--replace", "--no-input")
            assert Event.objects.count() == 20

    def test_forced_beside_somebody_who_holds_a_table_ends_soon(
        self, made: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("needs PostgreSQL")
        monkeypatch.setattr("apps.platform.services.backup.postgresql.LOCK_SECONDS", 1)
        with (
            other_connection("BEGIN"),
            pytest.raises(CommandError, match=r"due to lock timeout\. The database is as it was\."),
        ):
            restore(made, "--replace")
        assert Event.objects.count() == 20

    def test_what_was_there_can_be_had_back(self, made: Path, now: datetime) -> None:
        add_events("later", now)
        said = restore(made, "--replace")
        kept = Path(re.search(r"What was there is in (\S+):", said)[1])  # type: ignore[index]
        assert Event.objects.count() == 20
        if connection.vendor == "sqlite":
            with sqlite3.connect(kept / Path(connection.settings_dict["NAME"]).name) as old:
                assert old.execute("SELECT count(*) FROM events_event").fetchone() == (40,)
            old.close()
        else:
            restore(kept, "--replace")
            assert Event.objects.count() == 40

    def test_discard_keeps_nothing(self, made: Path, settings: Settings) -> None:
        assert "What was there" not in restore(made, "--replace", "--discard")
        assert not (Path(settings.VAR_DIR) / "before-restore").exists()


class TestDamagedBackup:
    @pytest.mark.parametrize(
        "damage",
        [
            lambda folder: (folder / "tables/events_event.copy.gz").write_bytes(b"half"),
            lambda folder: (folder / "manifest.json").write_text("{"),
        ],
    )
    def test_changes_nothing(self, made: Path, damage: Callable[[Path], object], now: datetime) -> None:
        damage(made)
        add_events("later", now)
        before = rows()
        with pytest.raises(CommandError, match=r"damaged|not JSON"):
            restore(made, "--replace")
        with pytest.raises(CommandError, match=r"damaged|not JSON"):
            call_command("check_backup", str(made))
        assert rows() == before

    @pytest.mark.parametrize(
        ("table", "lines", "reason"),
        [
            ("events_event", b"1\tx\n", r"cannot be read|does not take the rows"),
            (
                "catalog_isbn",
                b"9780306406157\t999999\n",
                r"(points at a row of|violates foreign key).*The database is as it was\.",
            ),
        ],
    )
    def test_rows_that_do_not_fit_under_sums_that_do_change_nothing(
        self, made: Path, table: str, lines: bytes, reason: str
    ) -> None:
        before = rows()
        replace_rows(made, table, lines)
        with pytest.raises(CommandError, match=reason):
            restore(made, "--replace")
        assert rows() == before

    def test_of_a_newer_version_is_refused(self, made: Path) -> None:
        said = json.loads((made / "manifest.json").read_text())
        said["migrations"]["readers"].append("0999_hair_colour")
        forge(made, said)
        with pytest.raises(CommandError, match="The backup was made by a newer version of this software"):
            restore(made, "--replace")

    def test_folder_of_many_backups_names_the_newest(self, made: Path, root: Path) -> None:
        with pytest.raises(CommandError, match=rf"holds 1 backups: name one, the newest is {re.escape(str(made))}"):
            restore(root, "--replace")

    @pytest.mark.parametrize("place", ["/etc/passwd", "x" * 300, "/proc"])
    def test_folder_that_holds_none_is_one_sentence(self, place: str) -> None:
        with pytest.raises(CommandError, match=r"is no folder|holds no manifest\.json"):
            restore(place)


class TestSecretKey:
    def test_another_one_stops_the_restore_and_says_where_it_belongs(self, made: Path, settings: Settings) -> None:
        settings.SECRET_KEY = "another"
        with pytest.raises(CommandError, match=rf"Put that key into {re.escape(str(settings.SECRET_KEY_FILE))}\."):
            restore(made, "--replace")
        restore(made, "--replace", "--other-key")

    def test_one_that_the_backup_holds_is_named(self, root: Path, settings: Settings) -> None:
        backup(root, "--with-secret-key")
        settings.SECRET_KEY = "another"
        with pytest.raises(CommandError, match=r"The backup holds it: copy \S+/secret_key to \S+/secret_key\."):
            restore(whole_backups(root)[0], "--replace")


class TestOtherVersions:
    def test_an_older_backup_is_brought_up_to_this_version(self, made: Path) -> None:
        """As it would be had it been made before the later migrations of releases, which changed columns."""
        said = json.loads((made / "manifest.json").read_text())
        said["migrations"]["releases"] = ["0001_releases_and_decisions"]
        later, gone = (
            {"accepted", "refusals", "damage", "build_steps", "request"},
            {"releases_release": ["lease_until"]},
        )
        for table in ("releases_release", "releases_decision"):
            columns = said["tables"][table]["columns"]
            said["tables"][table]["columns"] = [name for name in columns if name not in later] + gone.get(table, [])
        forge(made, said)

        restore(made, "--replace")

        assert Event.objects.count() == 20
        assert ("releases", "0002_accepted_refusals") in MigrationRecorder(connection).applied_migrations()
        call_command("migrate", "--check", verbosity=0)

    def test_returns_from_a_newer_version_whose_tables_are_not_known_here(self, made: Path) -> None:
        """The way back after an upgrade: the older image restores the backup that was made before it."""
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE catalog_shelfmark (book_id bigint REFERENCES catalog_book (id))")
            cursor.execute("INSERT INTO catalog_shelfmark SELECT id FROM catalog_book")
        MigrationRecorder(connection).record_applied("catalog", "0999_shelfmarks")

        with pytest.raises(CommandError, match=r"not empty \(46 rows"):
            restore(made)
        restore(made, "--replace", "--discard")

        assert "catalog_shelfmark" not in connection.introspection.table_names()
        assert ("catalog", "0999_shelfmarks") not in MigrationRecorder(connection).applied_migrations()

    def test_an_app_that_is_not_installed_here_is_left_out_with_a_word(self, made: Path, settings: Settings) -> None:
        settings.DISPENSABLE_APPS = ["show"]
        said = json.loads((made / "manifest.json").read_text())
        said["migrations"]["show"] = ["0001_window"]
        forge(made, said)
        assert "Tables of show are not restored: it is not installed here." in restore(made, "--replace")


class TestWrongUser:
    def test_is_told_before_the_product_cannot_read_its_own_database(
        self, made: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As root in a container whose product runs as somebody else."""
        monkeypatch.setattr("os.geteuid", lambda: 10001)
        with pytest.raises(CommandError, match=r"belongs to the user \d+ and this runs as 10001: run it as \d+"):
            restore(made, "--replace")


class TestKilledRestore:
    def test_leaves_nothing_that_the_next_one_minds(self, made: Path) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("needs SQLite")
        path = Path(connection.settings_dict["NAME"])
        for end in (".restoring", ".restoring-wal", ".restoring-journal"):
            path.with_name(path.name + end).write_bytes(b"half of a restore")

        restore(made, "--replace")

        assert Event.objects.count() == 20
        assert list(path.parent.glob(f"{path.name}.restoring*")) == []


class TestDamagedDatabase:
    def test_is_replaced_when_it_may_be_discarded(self, made: Path) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("needs SQLite")
        path = Path(connection.settings_dict["NAME"])
        connection.close()
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        whole = shutil.copy(path, path.with_suffix(".whole"))
        path.write_bytes(b"This is no database at all." * 1000)
        try:
            with pytest.raises(CommandError, match=r"file is not a database.*--discard"):
                restore(made, "--replace")
            restore(made, "--discard")
            assert Event.objects.count() == 20
        finally:
            Path(whole).unlink()


class other_connection:  # noqa: N801 - reads as the block that it is
    """Inside, another thread, as another process would, holds a connection of its own."""

    def __init__(self, before: str = "SELECT 1") -> None:
        self._before = before

    def __enter__(self) -> None:
        self._ready, self._done = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold)
        self._thread.start()
        assert self._ready.wait(10)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _hold(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self._before)
            cursor.execute("SELECT count(*) FROM events_event")
        self._ready.set()
        self._done.wait(30)
        connection.close()
