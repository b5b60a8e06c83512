"""What each app adds to a backup, and what it puts right after a restore. Apps register themselves in `ready()`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

JSON = Any  # what json.dumps takes


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that rows of the database name: where it is, its name in the backup, size and SHA-256 by the rows.

    `fetch`, one for all files that come together, fetches a copy that is missing or damaged.
    """

    path: Path
    name: str
    sha256: str
    size: int = 0
    fetch: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPart:
    """What one app adds; each of its functions may be missing.

    `ephemeral` names models whose rows are worth nothing after a restore, such as who was at work.
    `files` lists files, asked in the same snapshot as the rows; `put_back` brings them from a folder to their place.
    `carry` reads what a restore must not undo; `after_restore` is given all that was carried, from
    the database that was replaced and from other backups, and says in a sentence what it did to the restored database.
    """

    ephemeral: tuple[str, ...] = ()
    files: Callable[[], Sequence[KeptFile]] | None = None
    put_back: Callable[[Path], str] | None = None
    carry: Callable[[], JSON] | None = None
    after_restore: Callable[[Sequence[JSON], datetime], str] | None = None


_parts: dict[str, BackupPart] = {}


def register_backup_part(name: str, part: BackupPart) -> None:
    """Add this part to every backup and restore from now on."""
    _parts[name] = part


def backup_parts() -> dict[str, BackupPart]:
    """Return every part by name, in the order of the apps."""
    return dict(_parts)
