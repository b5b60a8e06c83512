"""Making a backup: all rows as of one moment, the files that they name, and what a later restore must not undo."""

import gzip
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from django.conf import settings
from django.db import DatabaseError

from apps.platform.services.backup.engine import DatabaseEngine, database_failed, engine
from apps.platform.services.backup.folders import (
    atomic_folder,
    backup_lock,
    check_root,
    check_space,
    remove_older,
    shares_disk,
    unused_folder,
)
from apps.platform.services.backup.manifest import (
    CARRIED,
    FILES,
    SECRET_KEY,
    TABLES,
    BackupManifest,
    KeptTable,
    check_files,
    entries,
    read_manifest,
    table_file,
    write_manifest,
)
from apps.platform.services.backup.parts import JSON, KeptFile, backup_parts
from apps.platform.services.backup.schema import TableSchema, applied_migrations, tables
from apps.platform.services.backup.secret_key import key_mark
from apps.platform.services.errors import ConflictError, EpicmlError
from apps.platform.services.file_sums import file_sum
from apps.platform.services.progress_printer import ReportRows

FASTEST = 1  # of gzip: a fifth of the text is left; slower levels take twice the time for a sixth less
# The packed rows take less than this share of what the database takes with its indexes.
SHARE_OF_DATABASE = 0.3


class NothingToBackUpError(ConflictError):
    """The database has no tables: it is hardly the one that was meant."""

    code = "nothing_to_back_up"

    def __init__(self) -> None:
        super().__init__(
            "The database has no tables: is this the right one? DATABASE_URL and EPICML_VAR say which,"
            " and a timetable such as cron does not know them by itself."
        )


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup that was made and read through, older ones that were removed, and what a person should know."""

    folder: Path
    manifest: BackupManifest
    removed: list[str]
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read in the snapshot, besides the rows, which are written already."""

    tables: dict[str, KeptTable]
    migrations: dict[str, list[str]]
    carried: dict[str, JSON]
    files: dict[str, Sequence[KeptFile]]


def make_backup(
    root: Path, *, now: datetime, keep: int | None = None, with_secret_key: bool = False, progress: ReportRows
) -> BackupReport:
    """Make one more whole backup in the folder, read through; of all in it the newest `keep` are left.

    Raises:
        BackupFolderError: nothing can be written there; nothing half is left and older backups are as they were.
        DatabaseFailedError, NothingToBackUpError: the database could not be read, or is empty.
    """
    check_root(root)
    report = write_backup(root, now=now, with_secret_key=with_secret_key, progress=progress, keep=keep)
    if shares_disk(root):
        report.remarks.append(f"{root} is on the same disk as the data: copy it to another machine.")
    return report


def write_backup(
    root: Path, *, now: datetime, keep: int | None = None, with_secret_key: bool = False, progress: ReportRows
) -> BackupReport:
    """Make the same, wherever the folder lies."""
    key, database = key_mark(included=with_secret_key), engine()
    with backup_lock(root):
        place = unused_folder(root, now)
        with atomic_folder(place) as folder:
            read = _read_all(folder, database, progress)
            left_out = _copy_files(folder, read.files)
            (folder / CARRIED).write_bytes(orjson.dumps(read.carried, option=orjson.OPT_INDENT_2))
            if with_secret_key:
                (folder / SECRET_KEY).write_text(settings.SECRET_KEY)
            manifest = BackupManifest(
                made_at=now.isoformat(),
                database=database.name,
                secret_key=key,
                migrations=read.migrations,
                tables=read.tables,
                files={name: file_sum(folder / name) for name in entries(folder)},
                left_out=left_out,
            )
            write_manifest(folder, manifest)
            check_files(folder, read_manifest(folder))  # as it would be read at a restore
        removed = remove_older(root, keep=keep) if keep else []
    return BackupReport(place, manifest, removed, [f"Left out: {name}." for name in left_out])


def _read_all(folder: Path, database: DatabaseEngine, progress: ReportRows) -> _Read:
    (folder / TABLES).mkdir()
    try:
        with database.snapshot():
            migrations = applied_migrations()  # in here too: somebody may be migrating
            if not migrations:
                raise NothingToBackUpError
            kept = tables(migrations)
            parts = backup_parts()
            files = {name: part.files() for name, part in parts.items() if part.files}
            every = [file for some in files.values() for file in some]
            known = sum(file.path.stat().st_size if file.path.exists() else file.size for file in every)
            check_space(folder, needed=known + int(database.size() * SHARE_OF_DATABASE))
            carried = {name: part.carry() for name, part in parts.items() if part.carry}
            rows = _dump_all(folder, database, kept, progress)
    except DatabaseError as error:
        raise database_failed("The database cannot be read", error) from error
    return _Read(rows, migrations, carried, files)


def _dump_all(
    folder: Path, database: DatabaseEngine, kept: Sequence[TableSchema], progress: ReportRows
) -> dict[str, KeptTable]:
    done = 0
    found: dict[str, KeptTable] = {}
    for table in kept:
        found[table.name] = _dump(folder, database, table, done=done, progress=progress)
        done += found[table.name].rows
    return found


def _dump(folder: Path, database: DatabaseEngine, table: TableSchema, *, done: int, progress: ReportRows) -> KeptTable:
    written = 0
    with gzip.GzipFile(folder / table_file(table.name), "wb", compresslevel=FASTEST, mtime=0) as file:

        def write(lines: bytes) -> None:
            nonlocal written
            file.write(lines)
            written += lines.count(b"\n")
            progress(done + written)

        rows = database.dump(table, write)
    return KeptTable(rows, database.last_id(table), list(table.columns))


def _copy_files(folder: Path, files: dict[str, Sequence[KeptFile]]) -> list[str]:
    """Copy the files that are what the rows say; the others are named, and why.

    They can be made anew from the rows, and a damaged one must not keep the rows from being saved.
    """
    left_out = []
    fetched: dict[Callable[[], object], str] = {}  # once for all files of a release, whether it helped or not
    for part, some in files.items():
        for file in some:
            target = folder / FILES / part / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            problem = _copy(file, target)
            if problem and file.fetch is not None:
                if file.fetch not in fetched:
                    fetched[file.fetch] = _fetched(file.fetch)
                problem = fetched[file.fetch] or _copy(file, target)
            if problem:
                target.unlink(missing_ok=True)
                left_out.append(f"{part}/{file.name} ({problem})")
    return left_out


def _fetched(fetch: Callable[[], object]) -> str:
    try:
        fetch()
    except EpicmlError as error:
        return error.message.rstrip(".")
    return ""


def _copy(file: KeptFile, target: Path) -> str:
    """Copy it, and return why that is not the file of the rows; "" where it is."""
    try:
        shutil.copyfile(file.path, target)
    except FileNotFoundError:
        return "it is not there any more"
    return "" if file_sum(target).sha256 == file.sha256 else "it is not what the database says"
