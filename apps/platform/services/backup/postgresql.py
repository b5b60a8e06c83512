"""A PostgreSQL database: COPY in one repeatable read, and replaced in one transaction."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from apps.platform.services.backup.schema import TableSchema, installed_tables

LOCK_SECONDS = 10
LINES_AT_ONCE = 1000
# How values are written as text, whatever the server or the role has set.
FORM = ("timezone = 'UTC'", "datestyle = 'ISO'", "intervalstyle = 'postgres'", "extra_float_digits = 1")


class PostgresqlEngine:
    """The database behind DATABASE_URL. No program of PostgreSQL is needed, so none can be of the wrong version."""

    name = "postgresql"

    def size(self) -> int:
        return int(_one("SELECT pg_database_size(current_database())"))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            _set_form(cursor)
            yield

    def dump(self, table: TableSchema, write: Callable[[bytes], object]) -> int:
        columns = ", ".join(_quoted(column) for column in table.columns)
        rows = f"SELECT {columns} FROM {_quoted(table.name)} ORDER BY {_quoted(table.key)}"  # noqa: S608
        dump = f"COPY ({rows}) TO STDOUT"
        count = 0
        with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(dump) as copy:
            for data in copy:
                write(line := bytes(data))
                count += line.count(b"\n")
        return count

    def load(self, table: TableSchema, lines: Iterable[bytes]) -> int:
        columns = ", ".join(_quoted(column) for column in table.columns)
        with connection.cursor() as cursor:
            # Migrations of this transaction leave some immediate, and tables come in no order that suits them.
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(f"DELETE FROM {_quoted(table.name)}")  # noqa: S608 - what migrations may have put there
            into = f"COPY {_quoted(table.name)} ({columns}) FROM STDIN"
            with connection.wrap_database_errors, cursor.copy(into) as copy:
                waiting = iter(lines)
                while some := b"".join(islice(waiting, LINES_AT_ONCE)):
                    copy.write(some)
        return int(_one(f"SELECT count(*) FROM {_quoted(table.name)}"))  # noqa: S608

    def last_id(self, table: TableSchema) -> int:
        sequence = _sequence(table)
        if sequence is None:
            return 0
        return int(_one(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"))  # noqa: S608

    def set_last_id(self, table: TableSchema, last: int) -> None:
        sequence = _sequence(table)
        if sequence is None:
            return
        highest = int(_one(f"SELECT coalesce(max({_quoted(table.key)}), 0) FROM {_quoted(table.name)}"))  # noqa: S608
        highest = max(last, highest)
        _one("SELECT setval(%s, %s, %s)", sequence, max(highest, 1), highest > 0)

    def other_connections(self) -> int:
        return int(
            _one(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )

    @contextmanager
    def replacing(self, *, keep: Path | None) -> Iterator[None]:
        with transaction.atomic(), connection.cursor() as cursor:
            _set_form(cursor)
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            names = sorted(installed_tables())
            if names:
                cursor.execute(f"DROP TABLE {', '.join(_quoted(name) for name in names)}")
            yield

    def check(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ANALYZE")


def _set_form(cursor: Any) -> None:
    for setting in FORM:
        cursor.execute(f"SET LOCAL {setting}")


def _sequence(table: TableSchema) -> str | None:
    if not table.counted:
        return None
    found: str | None = _one("SELECT pg_get_serial_sequence(%s, %s)", _quoted(table.name), table.key)
    return found


def _one(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchone()[0]


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
