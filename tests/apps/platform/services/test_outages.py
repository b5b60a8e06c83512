import errno
import logging
import sqlite3
from pathlib import Path

import psycopg
import pytest
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError

from apps.platform.services.outages import AWAY, BUSY, FULL, LOGGED_EVERY_SECONDS, OutageLog, outage_of, reason_of


def wrapped(error: Exception, by: type[Exception] = OperationalError) -> Exception:
    """The error as Django raises it."""
    raised = by(*error.args)
    raised.__cause__ = error
    return raised


def raised_by_sqlite(path: Path, *statements: str) -> sqlite3.Error:
    """What SQLite itself raises for the last of the statements."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
    except sqlite3.Error as error:
        return error
    finally:
        connection.close()
    raise AssertionError("It went well.")


FILL = (
    "CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9999) SELECT * FROM n"
)


class TestOutageOf:
    def test_sqlite_locked_full_read_only_and_damaged(self, tmp_path: Path) -> None:
        file, garbage = tmp_path / "a.sqlite3", tmp_path / "b.sqlite3"
        garbage.write_bytes(b"this is no database" * 100)
        holder = sqlite3.connect(file, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        found = [raised_by_sqlite(file, "CREATE TABLE a (b)")]
        holder.close()
        found += [
            raised_by_sqlite(file, "PRAGMA max_page_count=2", FILL),
            raised_by_sqlite(file, "PRAGMA query_only=1", "CREATE TABLE a (b)"),
            raised_by_sqlite(garbage, "SELECT * FROM sqlite_master"),
            raised_by_sqlite(tmp_path / "c", "ATTACH '/no/such/folder/x' AS x"),
        ]
        codes = [getattr(outage_of(wrapped(error)), "code", None) for error in found]
        assert codes == [
            "database_busy",
            "storage_full",
            "storage_read_only",
            "database_unavailable",
            "database_unavailable",
        ]
        assert [outage_of(error) for error in found] == [outage_of(wrapped(error)) for error in found]

    @pytest.mark.parametrize("statement", ["SELECT * FROM absent", "SELECT absent", "SELEKT", "SELECT absent(1)"])
    def test_a_statement_of_ours_that_is_wrong_is_a_fault(self, tmp_path: Path, statement: str) -> None:
        error = raised_by_sqlite(tmp_path / "a", statement)
        assert isinstance(error, sqlite3.OperationalError)
        assert outage_of(wrapped(error)) is None

    @pytest.mark.parametrize(
        ("state", "code"),
        [
            ("08006", "database_unavailable"),
            ("28P01", "database_unavailable"),
            ("53300", "database_unavailable"),
            ("57P01", "database_unavailable"),
            ("57P03", "database_unavailable"),
            ("58030", "database_unavailable"),
            ("XX001", "database_unavailable"),
            ("25P03", "database_unavailable"),
            ("57014", "database_busy"),
            ("55P03", "database_busy"),
            ("40001", "database_busy"),
            ("40P01", "database_busy"),
            ("53100", "storage_full"),
            ("25006", "storage_read_only"),
            ("42P01", None),
            ("23505", None),
            ("22003", None),
            ("25P02", None),
            ("54001", None),
        ],
    )
    def test_postgresql_by_its_code_whatever_the_class(self, state: str, code: str | None) -> None:
        error = psycopg.errors.lookup(state)("said the server")
        assert getattr(outage_of(error), "code", None) == code
        assert getattr(outage_of(wrapped(error, DatabaseError)), "code", None) == code

    @pytest.mark.parametrize(
        "error",
        [
            OperationalError("connection refused"),
            InterfaceError("connection already closed"),
            wrapped(psycopg.OperationalError("server closed the connection unexpectedly")),
            wrapped(psycopg.errors.ConnectionTimeout("connection timeout expired")),
            psycopg.OperationalError("consuming input failed"),
            DatabaseError("lost synchronization with server"),
        ],
    )
    def test_a_connection_that_is_lost_has_no_code(self, error: Exception) -> None:
        assert outage_of(error) == AWAY

    @pytest.mark.parametrize(
        "error",
        [None, ProgrammingError("x"), IntegrityError("x"), DataError("x"), ValueError("x"), OSError(), KeyError("x")],
    )
    def test_what_we_did_wrong_is_none(self, error: Exception | None) -> None:
        assert outage_of(error) is None

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    def test_a_disk_without_room(self, number: int) -> None:
        assert outage_of(OSError(number, "no room")) == FULL

    @pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES, errno.EPIPE])
    def test_a_file_that_is_not_there_is_a_fault(self, number: int) -> None:
        assert outage_of(OSError(number, "no file")) is None

    def test_a_session_that_could_not_be_saved(self) -> None:
        error = SessionInterrupted("The session was deleted.")
        error.__context__ = wrapped(psycopg.errors.lookup("40P01")("deadlock"))
        assert outage_of(error) == BUSY

    def test_a_session_that_was_deleted_is_none(self) -> None:
        assert outage_of(SessionInterrupted("The session was deleted.")) is None


class TestReasonOf:
    def test_has_no_values_of_rows(self) -> None:
        assert reason_of(OperationalError("deadlock detected\nDETAIL: Key (name)=(Ann)")) == (
            "OperationalError: deadlock detected"
        )


class TestOutageLog:
    def test_says_one_line_for_many_and_counts_them(self, caplog: pytest.LogCaptureFixture) -> None:
        seconds = [0.0]
        log = OutageLog(clock=lambda: seconds[0])
        caplog.set_level(logging.INFO)
        for _ in range(1000):
            log.add(AWAY, OperationalError("refused"))
        log.add(FULL, OSError(28, "No space left"))
        seconds[0] = LOGGED_EVERY_SECONDS
        log.add(AWAY, OperationalError("refused"))
        away = "database_unavailable (OperationalError: refused). Look at the database and at DATABASE_URL."
        assert [record.getMessage() for record in caplog.records] == [
            away,
            "storage_full (OSError: [Errno 28] No space left). Make room on the disk.",
            f"{away} 999 more since the last such line.",
        ]
        assert not any(record.exc_info for record in caplog.records)
