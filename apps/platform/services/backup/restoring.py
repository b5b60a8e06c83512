"""Restoring a backup: checked whole, loaded where nobody sees it, put right, and only then the database."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from apps.platform.services.backup.carried import Carried, UnreadableDatabaseError, all_carried, later_backups
from apps.platform.services.backup.engine import DatabaseEngine, database_failed, engine
from apps.platform.services.backup.folders import megabytes, unused_folder, whole_backups
from apps.platform.services.backup.making import write_backup
from apps.platform.services.backup.manifest import (
    FILES,
    BackupDamagedError,
    BackupManifest,
    NotABackupError,
    check_files,
    read_manifest,
    table_lines,
)
from apps.platform.services.backup.parts import backup_parts
from apps.platform.services.backup.schema import (
    MIGRATIONS_TABLE,
    TableSchema,
    ephemeral_tables,
    installed_tables,
    known_migrations,
    last_of_each,
    tables,
    uninstalled_apps,
)
from apps.platform.services.backup.secret_key import check_key
from apps.platform.services.errors import ConflictError, EpicmlError, UnavailableError
from apps.platform.services.progress_printer import ReportRows

# Rows that every database has after its migrations: they say nothing of whether somebody works with it.
MADE_BY_MIGRATIONS = ("django_content_type", "auth_permission")
BEFORE_RESTORE = "before-restore"
ROWS_BETWEEN = 1000  # from one word on the progress to the next


class DatabaseNotEmptyError(ConflictError):
    """There are data that the restore would replace, and nobody said that it may."""

    code = "not_empty"

    def __init__(self, there: dict[str, int]) -> None:
        largest = sorted(there.items(), key=lambda table: -table[1])[:4]
        counts = ", ".join(f"{name} {rows:,}" for name, rows in largest)
        super().__init__(f"The database is not empty ({sum(there.values()):,} rows: {counts}): --replace replaces it.")


class DatabaseInUseError(ConflictError):
    """Somebody is connected to the database."""

    code = "in_use"

    def __init__(self) -> None:
        super().__init__(
            "Other processes are connected to the database: stop web workers, runners and relay first."
            " --force goes on, and what they write meanwhile is lost."
        )


class WrongUserError(ConflictError):
    """What is restored would belong to somebody else than the product."""

    code = "wrong_user"

    def __init__(self, owner: int) -> None:
        super().__init__(
            f"{settings.VAR_DIR} belongs to the user {owner} and this runs as {os.geteuid()}: run it as {owner},"
            " else the product could not write what is restored."
        )


class NotRestoredError(UnavailableError):
    """The restore failed on its way, and nothing came of it."""

    code = "not_restored"

    def __init__(self, sentence: str) -> None:
        super().__init__(f"{sentence} The database is as it was.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What the person at the screen allowed."""

    replace: bool = False
    in_use: bool = False
    other_key: bool = False
    discard: bool = False


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """A backup that was found whole, and what is there instead of it now."""

    folder: Path
    manifest: BackupManifest
    there: dict[str, int]


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What is there now, what was put right, and where that is which was there before."""

    manifest: BackupManifest
    notes: list[str]
    remarks: list[str]
    kept: Path | None


def plan_restore(folder: Path, *, allowed: Permissions) -> RestorePlan:
    """Check that the backup is whole and can be read, and its place free or to be taken. Nothing is changed.

    Raises:
        NotABackupError, BackupDamagedError, OtherVersionError, OtherKeyError: the backup, or the key, is not fit.
        DatabaseInUseError, DatabaseNotEmptyError, WrongUserError: its place is taken, or not this user's.
    """
    owner = Path(settings.VAR_DIR).stat().st_uid
    if owner != os.geteuid():
        raise WrongUserError(owner)
    manifest = checked_backup(folder)
    known_migrations(manifest.migrations, MigrationLoader(None), whose="The backup")
    if not allowed.other_key:
        check_key(folder, manifest)
    if not allowed.in_use and _is_in_use():
        raise DatabaseInUseError
    there = _rows_there(discard=allowed.discard)
    if there and not allowed.replace:
        raise DatabaseNotEmptyError(there)
    return RestorePlan(folder, manifest, there)


def checked_backup(folder: Path) -> BackupManifest:
    """Return what the backup in this folder holds, every file of it read through."""
    manifest = read_manifest(_one_backup(folder))
    check_files(folder, manifest)
    return manifest


def restore(
    plan: RestorePlan, *, later: Sequence[Path] = (), discard: bool = False, now: datetime, progress: ReportRows
) -> RestoreReport:
    """Replace the database by the backup, with all that must not be undone; until the end it is as it was.

    `later` are more backups, or folders of them, whose erasures are heeded too. With `discard` what was there is not
    kept, and need not be able to say what must not be undone, for it may be damaged.
    """
    database = engine()
    found = later_backups(plan.folder, plan.manifest, named=later)
    carried = all_carried(found, ask_database=bool(plan.there), discard=discard)
    kept = None if discard or not plan.there else _keep_what_is_there(database, now=now, progress=progress)
    try:
        with database.replacing(keep=kept):
            _load(plan, database, progress)
            notes = _restore_parts(plan.folder, carried, now)
    except EpicmlError as error:
        raise NotRestoredError(error.message) from error
    except DatabaseError as error:
        raise NotRestoredError(database_failed("The backup cannot be restored", error).message) from error
    except OSError as error:
        raise NotRestoredError(f"The backup cannot be restored: {error.strerror or error}.") from error
    finally:
        connection.close()
    left = uninstalled_apps(plan.manifest.migrations)
    remarks = [f"Tables of {app} are not restored: it is not installed here." for app in left]
    return RestoreReport(plan.manifest, notes, [*found.remarks, *carried.remarks, *remarks], kept)


def _is_in_use() -> bool:
    try:
        return engine().other_connections() > 0
    except DatabaseError as error:
        raise database_failed("The database does not answer", error) from error


def _one_backup(folder: Path) -> Path:
    """Return the folder itself; where it is one of many backups, the person shall name which."""
    found = whole_backups(folder)
    if found:
        raise NotABackupError(f"{folder} holds {len(found)} backups: name one, the newest is {found[-1]}.")
    return folder


def _rows_there(*, discard: bool) -> dict[str, int]:
    """Count the rows of each table, without the empty ones and those that migrations fill.

    By the names that the database itself has: after a return to an older version some are not known here.
    """
    passed_over = {*MADE_BY_MIGRATIONS, MIGRATIONS_TABLE, *ephemeral_tables()}
    counts = {}
    try:
        for name in sorted(installed_tables() - passed_over):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608
                counts[name] = int(cursor.fetchone()[0])
    except DatabaseError as error:
        if discard:
            return {}
        raise UnreadableDatabaseError(database_failed("It cannot be read", error).message) from error
    return {name: rows for name, rows in counts.items() if rows}


def _keep_what_is_there(database: DatabaseEngine, *, now: datetime, progress: ReportRows) -> Path:
    """Return where what was there is to be found; a database that is a file is moved there only at the end."""
    place = Path(settings.VAR_DIR) / BEFORE_RESTORE
    if database.name == "sqlite":
        return unused_folder(place, now)
    try:
        return write_backup(place, now=now, progress=progress).folder
    except EpicmlError as error:
        raise NotRestoredError(f"{error.message} --discard goes on without keeping what is there.") from error


def _load(plan: RestorePlan, database: DatabaseEngine, progress: ReportRows) -> None:
    """Load the rows into tables as they were, and bring the tables up to this version."""
    executor = MigrationExecutor(connection)
    migrations = known_migrations(plan.manifest.migrations, executor.loader, whose="The backup")
    executor.migrate(last_of_each(migrations, executor.loader))
    done = 0
    for table in tables(migrations):
        done += _load_table(plan, database, table, partial(_counted, done=done, progress=progress))
    database.check()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        executor.migrate(executor.loader.graph.leaf_nodes())
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def _counted(lines: Iterable[bytes], *, done: int, progress: ReportRows) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        if number % ROWS_BETWEEN == 0:
            progress(done + number)
        yield line


def _load_table(
    plan: RestorePlan,
    database: DatabaseEngine,
    table: TableSchema,
    counted: Callable[[Iterable[bytes]], Iterator[bytes]],
) -> int:
    kept = plan.manifest.tables.get(table.name)
    if kept is None or set(kept.columns) != set(table.columns):
        raise BackupDamagedError(f"{plan.folder} does not hold the columns of {table.name} that its migrations make.")
    kinds = dict(zip(table.columns, table.kinds, strict=True))
    ordered = TableSchema(
        table.name, tuple(kept.columns), tuple(kinds[column] for column in kept.columns), table.key, table.counted
    )
    try:
        rows = database.load(ordered, counted(table_lines(plan.folder, table.name)))
    except DatabaseError as error:
        raise database_failed(f"{table.name} does not take the rows of the backup", error) from error
    except ValueError as error:
        raise BackupDamagedError(f"The rows of {table.name} in {plan.folder} cannot be read: {error}.") from error
    if rows != kept.rows:
        raise BackupDamagedError(f"{table.name} has {rows:,} rows after the restore instead of {kept.rows:,}.")
    database.set_last_id(ordered, kept.last_id)
    return rows


def _restore_parts(folder: Path, carried: Carried, now: datetime) -> list[str]:
    """Put the files of every part in their place, then undo in the rows what the restore must not bring back.

    After the rows, for a file that is replaced does not come back.
    """
    parts = backup_parts()
    files = [(folder / FILES / name, part.put_back) for name, part in parts.items() if part.put_back]
    notes = [put_back(place) for place, put_back in files if place.is_dir()]
    after = [(name, part.after_restore) for name, part in parts.items() if part.after_restore]
    return notes + [note for name, reapply in after if (note := reapply(carried.by_part.get(name, []), now))]


def summary(report: RestoreReport, *, seconds: float) -> str:
    """Say what is there now, in one line."""
    manifest = report.manifest
    return (
        f"Restored {manifest.rows:,} rows of {len(manifest.tables)} tables and {megabytes(manifest.size)} of files,"
        f" as of {manifest.made_at}, in {seconds:.1f} s."
    )
