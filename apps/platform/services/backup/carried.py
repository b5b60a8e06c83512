"""What a restore must not undo, from the database that it replaces and from every later backup within reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from django.db import DatabaseError

from apps.platform.services.backup.engine import database_failed
from apps.platform.services.backup.folders import whole_backups
from apps.platform.services.backup.manifest import CARRIED, BackupDamagedError, BackupManifest, read_manifest
from apps.platform.services.backup.parts import JSON, backup_parts
from apps.platform.services.backup.secret_key import fingerprint
from apps.platform.services.errors import ConflictError, EpicmlError
from apps.platform.services.file_sums import file_sum


class UnreadableDatabaseError(ConflictError):
    """The database that is there cannot say what the restore must know of it."""

    code = "database_unreadable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} (the database that is there). --discard goes on without asking or keeping it.")


@dataclass(frozen=True, slots=True)
class LaterBackups:
    """Backups that were made after the one to restore, the oldest first, and what could not be read."""

    folders: list[Path]
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class Carried:
    """What each part carries, the newest last, and what could not be read."""

    by_part: dict[str, list[JSON]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(self, source: Mapping[str, JSON]) -> None:
        """Add a source, the newest so far."""
        for name, value in source.items():
            self.by_part.setdefault(name, []).append(value)


def later_backups(folder: Path, manifest: BackupManifest, *, named: Sequence[Path]) -> LaterBackups:
    """Find the backups beside this one and those that were named, as far as they were made after it."""
    places = [path for place in named for path in (whole_backups(place) or [place])]
    dated: dict[Path, str] = {}
    remarks = []
    for path in [*whole_backups(folder.resolve().parent), *places]:
        try:
            dated[path.resolve()] = read_manifest(path).made_at
        except EpicmlError as error:
            remarks.append(_unread(path, error))
    later = [path for path, made_at in dated.items() if made_at > manifest.made_at]
    return LaterBackups(sorted(later, key=dated.__getitem__), remarks)


def all_carried(later: LaterBackups, *, ask_database: bool, discard: bool) -> Carried:
    """Read what the later backups carry, and the database that is there.

    Raises:
        UnreadableDatabaseError: that database cannot be asked, and nobody said that it may be discarded.
    """
    carried = Carried()
    for folder in later.folders:
        try:
            carried.add(_carried_of(folder, carried.remarks))
        except (EpicmlError, OSError, ValueError) as error:
            carried.remarks.append(_unread(folder, error))
    if ask_database:
        try:
            carried.add({name: part.carry() for name, part in backup_parts().items() if part.carry})
        except DatabaseError as error:
            failed = UnreadableDatabaseError(database_failed("It does not say who was erased", error).message)
            if not discard:
                raise failed from error
            carried.remarks.append(failed.message)
    return carried


def _carried_of(folder: Path, remarks: list[str]) -> dict[str, JSON]:
    manifest = read_manifest(folder)
    if file_sum(folder / CARRIED) != manifest.files.get(CARRIED):
        raise BackupDamagedError(f"the SHA-256 of {CARRIED} differs.")
    if manifest.secret_key.fingerprint != fingerprint():
        remarks.append(f"{folder} names erased readers under another secret key: they cannot be recognised.")
    carried: dict[str, JSON] = orjson.loads((folder / CARRIED).read_bytes())
    return carried


def _unread(folder: Path, error: Exception) -> str:
    return f"Not heeded which readers {folder} says were erased: {error}"
