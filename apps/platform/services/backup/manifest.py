"""What a backup says of itself, and whether the folder holds just that."""

import gzip
import hashlib
import os
import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from apps.platform.services.errors import EpicmlError
from apps.platform.services.file_sums import FileSum, file_sum

FORMAT = 1
PRODUCT = "epicml"
MANIFEST = "manifest.json"
MANIFEST_SUM = "manifest.sha256"
CARRIED = "carried.json"
SECRET_KEY = "secret_key"  # noqa: S105 - the name of a file
TABLES, FILES = "tables", "files"
LARGEST_MANIFEST = 64 << 20
NAMED_AT_MOST = 3
_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NotABackupError(EpicmlError):
    """There is no backup of this software in the folder."""

    code = "not_a_backup"


class BackupDamagedError(EpicmlError):
    """The folder does not hold what was written into it."""

    code = "backup_damaged"


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A table of a backup: how many rows, the last number given out, and its columns in the order of each line."""

    rows: int
    last_id: int
    columns: list[str]


@dataclass(frozen=True, slots=True)
class KeyMark:
    """Which secret key the data were made under: a fingerprint, which does not tell it, and where it comes from."""

    fingerprint: str
    source: str
    included: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupManifest:
    """Everything that a restore must know of a backup."""

    made_at: str
    database: str
    secret_key: KeyMark
    migrations: dict[str, list[str]]
    tables: dict[str, KeptTable]
    files: dict[str, FileSum]
    left_out: list[str] = field(default_factory=list)
    product: str = PRODUCT
    format: int = FORMAT

    @property
    def rows(self) -> int:
        """Count the rows of all tables together."""
        return sum(table.rows for table in self.tables.values())

    @property
    def size(self) -> int:
        """Sum the bytes of all files together."""
        return sum(found.size for found in self.files.values())


def write_manifest(folder: Path, manifest: BackupManifest) -> None:
    """Write the manifest into the folder, and beside it its own SHA-256, in the form of sha256sum."""
    content = orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    (folder / MANIFEST).write_bytes(content)
    (folder / MANIFEST_SUM).write_text(f"{hashlib.sha256(content).hexdigest()}  {MANIFEST}\n")


def read_manifest(folder: Path) -> BackupManifest:
    """Return what the backup in this folder says of itself.

    Raises:
        NotABackupError: nothing in the folder is a backup of this software, or a newer version made it.
        BackupDamagedError: its manifest was changed.
    """
    if not os.path.isdir(folder):  # unlike Path's own it does not raise for a name that cannot be
        raise NotABackupError(f"{folder} is no folder.")
    if not _is_file(folder / MANIFEST):
        raise NotABackupError(f"{folder} holds no {MANIFEST}: it is no backup.")
    content = _bounded(folder / MANIFEST)
    fields = _json_object(content, folder)
    if fields.get("product") != PRODUCT:
        raise NotABackupError(f"{folder / MANIFEST} is not of a backup of {PRODUCT}.")
    if type(fields.get("format")) is int and fields["format"] > FORMAT:
        raise NotABackupError(
            f"{folder} is in format {fields['format']}, and this version reads up to {FORMAT}: update it."
        )
    found = hashlib.sha256(content).hexdigest().encode()
    if not _is_file(folder / MANIFEST_SUM) or _bounded(folder / MANIFEST_SUM).split()[:1] != [found]:
        raise BackupDamagedError(f"{folder / MANIFEST} is not as it was written: its SHA-256 differs.")
    try:
        return _manifest(fields)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BackupDamagedError(f"{folder / MANIFEST} does not say all that it must: {error}.") from error


def check_files(folder: Path, manifest: BackupManifest) -> None:
    """Refuse a backup of which a file is missing, changed or too many, or a table has other rows."""
    unknown = set(entries(folder)) - set(manifest.files) - {MANIFEST, MANIFEST_SUM}
    wrong = [f"{name} is not named in the manifest" for name in sorted(unknown)]
    wrong += [
        problem for name, expected in manifest.files.items() if (problem := _difference(folder / name, name, expected))
    ]
    if not wrong:
        wrong = [problem for name, table in manifest.tables.items() if (problem := _miscount(folder, name, table))]
    if wrong:
        more = f" and {len(wrong) - NAMED_AT_MOST} more" if len(wrong) > NAMED_AT_MOST else ""
        raise BackupDamagedError(f"{folder} is damaged: {'; '.join(wrong[:NAMED_AT_MOST])}{more}.")


def table_file(name: str) -> str:
    """Return the name of the file with the rows of a table."""
    return f"{TABLES}/{name}.copy.gz"


def table_lines(folder: Path, name: str) -> Iterator[bytes]:
    """Read the rows of a table, one line each."""
    with gzip.open(folder / table_file(name), "rb") as file:
        yield from file


def entries(folder: Path) -> Iterator[str]:
    """List the names of everything in a folder that is no folder itself, links included."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix()


def _manifest(fields: dict[str, Any]) -> BackupManifest:
    tables = {str(name): KeptTable(**table) for name, table in fields["tables"].items()}
    files = {name: FileSum(**found) for name, found in fields["files"].items()}
    for name, found in files.items():
        if not _NAME.fullmatch(name) or {".", ".."} & set(name.split("/")):
            raise ValueError(f"{name!r} is no name of a file in a backup")
        if type(found.size) is not int or not _SHA256.fullmatch(found.sha256):
            raise ValueError(f"{name} has no sum")
    for name, table in tables.items():
        if table_file(name) not in files or type(table.rows) is not int or type(table.last_id) is not int:
            raise ValueError(f"the table {name} has no file or no count")
    return BackupManifest(
        made_at=str(fields["made_at"]),
        database=str(fields["database"]),
        secret_key=KeyMark(**fields["secret_key"]),
        migrations={app: [str(name) for name in names] for app, names in fields["migrations"].items()},
        tables=tables,
        files=files,
        left_out=list(fields["left_out"]),
    )


def _difference(path: Path, name: str, expected: FileSum) -> str:
    if path.is_symlink():
        return f"{name} is a link"
    if not _is_file(path):
        return f"{name} is missing"
    try:
        found = file_sum(path)
    except OSError as error:
        return f"{name} cannot be read ({error.strerror})"
    if found.size != expected.size:
        return f"{name} has {found.size:,} bytes instead of {expected.size:,}"
    return "" if found == expected else f"the SHA-256 of {name} differs"


def _miscount(folder: Path, name: str, table: KeptTable) -> str:
    try:
        rows = sum(1 for _ in table_lines(folder, name))
    except (OSError, EOFError, zlib.error) as error:
        return f"{table_file(name)} cannot be unpacked ({error})"
    return "" if rows == table.rows else f"{table_file(name)} has {rows:,} rows instead of {table.rows:,}"


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_MANIFEST)
    except OSError as error:
        raise BackupDamagedError(f"{path} cannot be read: {error.strerror}.") from error


def _json_object(content: bytes, folder: Path) -> dict[str, Any]:
    try:
        fields = orjson.loads(content)
    except ValueError as error:
        raise BackupDamagedError(f"{folder / MANIFEST} is not JSON.") from error
    if not isinstance(fields, dict):
        raise NotABackupError(f"{folder / MANIFEST} is not of a backup of {PRODUCT}.")
    return fields
