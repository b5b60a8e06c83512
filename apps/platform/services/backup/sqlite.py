"""A SQLite database: read in one transaction, written aside as a new file, and swapped by renaming it."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, OperationalError, connection

from apps.platform.services.backup.copy_text import line_reader, line_writer
from apps.platform.services.backup.schema import TableSchema
from apps.platform.services.file_sums import flush

SIDE_FILES = ("-wal", "-shm", "-journal")
RESTORING = ".restoring"
ROWS_AT_ONCE = 1000
LOCKED = "locked"


class SqliteEngine:
    """The database file of this process."""

    name = "sqlite"

    @property
    def path(self) -> Path:
        return Path(connection.settings_dict["NAME"])

    def size(self) -> int:
        return sum(path.stat().st_size for path in (self.path, _beside(self.path, "-wal")) if path.exists())

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        # By hand: Django's transactions begin IMMEDIATE, and that would keep every writer waiting until the end.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                cursor.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on nothing moves
                yield
            finally:
                cursor.execute("ROLLBACK")

    def dump(self, table: TableSchema, write: Callable[[bytes], object]) -> int:
        # "+" keeps Python's sqlite3 from converting by declared type: the values come as they are stored.
        columns = ", ".join(f"+{_quoted(column)}" for column in table.columns)
        rows = _raw().execute(f"SELECT {columns} FROM {_quoted(table.name)} ORDER BY {_quoted(table.key)}")  # noqa: S608
        line, count = line_writer(table.kinds), 0
        try:
            while batch := rows.fetchmany(ROWS_AT_ONCE):
                write(b"".join(map(line, batch)))
                count += len(batch)
        except (TypeError, ValueError) as error:
            # Better now than at the restore. The value itself may name a reader, so it is not told.
            place = f"among the rows {count + 1:,} to {count + len(batch):,} of {table.name} by {table.key}"
            raise DataError(f"{place} a value is not of its column's kind") from error
        return count

    def load(self, table: TableSchema, lines: Iterable[bytes]) -> int:
        columns = ", ".join(_quoted(column) for column in table.columns)
        places = ", ".join("?" * len(table.columns))
        rows = map(line_reader(table.kinds), lines)
        insert = f"INSERT INTO {_quoted(table.name)} ({columns}) VALUES ({places})"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys=OFF")  # migrations switched it on; check() looks at all of them at once
            cursor.execute("BEGIN")
            cursor.execute(f"DELETE FROM {_quoted(table.name)}")  # noqa: S608 - what migrations may have put there
            with connection.wrap_database_errors:
                _raw().executemany(insert, rows)
            cursor.execute("COMMIT")
            return int(cursor.execute(f"SELECT count(*) FROM {_quoted(table.name)}").fetchone()[0])  # noqa: S608

    def last_id(self, table: TableSchema) -> int:
        if not table.counted:
            return 0
        row = _raw().execute("SELECT seq FROM sqlite_sequence WHERE name = ?", [table.name]).fetchone()
        return int(row[0]) if row else 0

    def set_last_id(self, table: TableSchema, last: int) -> None:
        if not table.counted:
            return
        key, name = _quoted(table.key), _quoted(table.name)
        highest = _raw().execute(f"SELECT coalesce(max({key}), 0) FROM {name}").fetchone()[0]  # noqa: S608
        _raw().execute("DELETE FROM sqlite_sequence WHERE name = ?", [table.name])
        _raw().execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [table.name, max(last, highest)])

    def other_connections(self) -> int:
        """Return 1 where anybody else has the file open; to end the log, which shows it, needs to be alone."""
        if not self.path.exists():
            return 0
        connection.close()
        try:
            # A connection without Django's own settings: those would wait 20 s and switch the log on.
            with closing(sqlite3.connect(self.path, timeout=1)) as alone:
                alone.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.OperationalError as error:
            return int(LOCKED in str(error))
        except sqlite3.DatabaseError:
            return 0  # not readable as a database: then nobody works with it either
        return 0

    @contextmanager
    def replacing(self, *, keep: Path | None) -> Iterator[None]:
        target, aside = self.path, _beside(self.path, RESTORING)
        _remove(aside)
        try:
            with _connected_to(aside), connection.cursor() as cursor:
                # Whatever goes wrong, this file is thrown away: nothing need be safe before the end.
                cursor.execute("PRAGMA journal_mode=MEMORY")
                cursor.execute("PRAGMA synchronous=OFF")
                yield
                cursor.execute("PRAGMA journal_mode=WAL")
            os.chmod(aside, 0o600)
            flush(aside)
            _swap(aside, target, keep)
        except BaseException:
            _remove(aside)
            raise

    def check(self) -> None:
        with connection.cursor() as cursor:
            broken = cursor.execute("PRAGMA foreign_key_check").fetchone()
            if broken is not None:
                raise IntegrityError(f"a row of {broken[0]} points at a row of {broken[2]} that is not there")
            found = cursor.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise OperationalError(found)
            cursor.execute("PRAGMA foreign_keys=ON")


def _raw() -> sqlite3.Connection:
    connection.ensure_connection()
    raw: sqlite3.Connection = connection.connection
    return raw


@contextmanager
def _connected_to(path: Path) -> Iterator[None]:
    """Let all of Django work on this file for the block."""
    settings: dict[str, Any] = connection.settings_dict
    before = settings["NAME"]
    connection.close()
    settings["NAME"] = str(path)
    try:
        yield
    finally:
        connection.close()
        settings["NAME"] = before


def _swap(aside: Path, target: Path, keep: Path | None) -> None:
    """Exchange the files so that at every moment there is a database of that name, the old one or the new one."""
    if keep is not None and target.exists():
        keep.mkdir(mode=0o700, parents=True)
        for path in (target, *(_beside(target, end) for end in SIDE_FILES)):
            if path.exists():
                _keep(path, keep / path.name)
    # The log of the old file must not be read into the new one.
    for end in SIDE_FILES:
        _beside(target, end).unlink(missing_ok=True)
    aside.replace(target)
    flush(target.parent)


def _keep(path: Path, kept: Path) -> None:
    try:
        os.link(path, kept)
    except OSError:  # a file system without links
        shutil.copy2(path, kept)


def _remove(path: Path) -> None:
    for end in ("", *SIDE_FILES):
        with suppress(FileNotFoundError):
            _beside(path, end).unlink()


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
