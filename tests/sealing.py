"""Make once what many tests begin with, and put its rows and files back for each of them as they were."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction

Made = TypeVar("Made")
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of a table, and its rows."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Seal:
    """What a call returned, stored and wrote."""

    made: Any
    added: tuple[Table, ...]
    files: Path | None


class ChangedRowsError(Exception):
    """What is to be sealed changed or deleted rows that were there before; only what is added can be put back."""


class Seals:
    """What was made in this run of the tests, by who made it and how many rows were there before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seals: dict[tuple[object, Row], Seal] = {}

    def open(self, make: Callable[[], Made], *, files: Path | None = None) -> Made:
        """Return what `make` returns, and have its rows, and all it wrote into the folder, in place.

        It is called once, and afterwards only where it meets another number of rows in some table. It must depend on
        nothing but what is stored: no clock, no patched function, no setting of one test.
        """
        key = (make, _counts())
        if key in self._seals:
            self._put_back(self._seals[key], files)
        else:
            self._seals[key] = self._made(make, files)
        made: Made = self._seals[key].made
        return made

    def _made(self, make: Callable[[], Any], files: Path | None) -> Seal:
        before = {table.name: set(map(repr, table.rows)) for table in _tables()}
        made = make()
        added = []
        for table in _tables():
            new = tuple(row for row in table.rows if repr(row) not in before[table.name])
            if len(new) != len(table.rows) - len(before[table.name]):
                raise ChangedRowsError(table.name)
            added += [Table(table.name, table.columns, new)] if new else []
        kept = self._folder / str(len(self._seals)) if files else None
        if files and kept:
            shutil.copytree(files, kept)
        return Seal(made, tuple(added), kept)

    def _put_back(self, seal: Seal, files: Path | None) -> None:
        with transaction.atomic(), connection.cursor() as cursor:  # foreign keys are looked at when it ends
            for table in seal.added:
                names = ", ".join(map(connection.ops.quote_name, table.columns))
                places = ", ".join(["%s"] * len(table.columns))
                statement = f"INSERT INTO {connection.ops.quote_name(table.name)} ({names}) VALUES ({places})"
                cursor.executemany(statement, table.rows)
            # Else numbering would go on where the last test ended, and leave a gap that nothing made.
            names_added = {table.name for table in seal.added}
            models = [m for m in apps.get_models(include_auto_created=True) if m._meta.db_table in names_added]
            for statement in connection.ops.sequence_reset_sql(no_style(), models):
                cursor.execute(statement)
            if connection.vendor == "sqlite":  # Django resets no sequence there
                for name in names_added:
                    quoted = connection.ops.quote_name(name)
                    cursor.execute(
                        f"UPDATE sqlite_sequence SET seq = (SELECT max(rowid) FROM {quoted}) WHERE name = %s",
                        [name],
                    )
        if files and seal.files:
            shutil.copytree(seal.files, files, dirs_exist_ok=True)


def _counts() -> Row:
    names = map(connection.ops.quote_name, connection.introspection.django_table_names())
    counts = ", ".join(f"(SELECT count(*) FROM {name})" for name in sorted(names))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        found: Row = cursor.fetchone()
        return found


def _tables() -> list[Table]:
    found = []
    with connection.cursor() as cursor:
        for name in sorted(connection.introspection.django_table_names()):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            columns = tuple(column[0] for column in cursor.description)
            found.append(Table(name, columns, tuple(cursor.fetchall())))
    return found
