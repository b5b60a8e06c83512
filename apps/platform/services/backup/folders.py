"""Where backups lie: one folder each, named by its moment, written aside and renamed when it is whole."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from django.conf import settings

from apps.platform.services.backup.manifest import MANIFEST
from apps.platform.services.errors import ConflictError, UnavailableError
from apps.platform.services.file_sums import flush

MAKING, REMOVING = ".making-", ".removing-"
LOCK = ".lock"
MOMENT = "%Y%m%dT%H%M%SZ"
_WHOLE = re.compile(r"\d{8}T\d{6}Z(-\d+)?")


class BackupFolderError(UnavailableError):
    """Backups cannot be written there."""

    code = "backup_folder"


class BackupRunningError(ConflictError):
    """Another backup is being written into the same folder."""

    code = "backup_running"

    def __init__(self, root: Path) -> None:
        super().__init__(f"Another backup into {root} is running; wait for it to end.")


def unused_folder(root: Path, moment: datetime) -> Path:
    """Return where a backup of this moment goes; the second one of a second has a 2 behind it."""
    name = moment.astimezone(UTC).strftime(MOMENT)
    places = chain([root / name], (root / f"{name}-{number}" for number in count(2)))
    return next(place for place in places if not place.exists())


def whole_backups(root: Path) -> list[Path]:
    """List every backup in the folder that was completed, the oldest first."""
    found = [path for path in root.iterdir() if _WHOLE.fullmatch(path.name)] if os.path.isdir(root) else []
    return sorted(path for path in found if not path.is_symlink() and (path / MANIFEST).is_file())


@contextmanager
def backup_lock(root: Path) -> Iterator[None]:
    """Make the folder for the block, let nobody else write backups into it, and remove what a killed one left."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise folder_error(root, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system lets go of it when a process dies
        except BlockingIOError as error:
            raise BackupRunningError(root) from error
        _remove_unfinished(root)
        yield
    finally:
        os.close(handle)


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Open a folder to write in; it has its name when the block ends well, and is gone when it does not."""
    root, aside = target.parent, target.with_name(f"{MAKING}{target.name}")
    try:
        aside.mkdir(mode=0o700)
        yield aside
        _flush_all(aside)
        aside.rename(target)
        flush(root)
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        if isinstance(error, OSError):
            raise folder_error(root, error) from error
        raise


def remove_older(root: Path, *, keep: int) -> list[str]:
    """Leave only the newest so many of the whole backups; returns the names of the others."""
    outdated = whole_backups(root)[:-keep]
    for path in outdated:
        path.rename(root / f"{REMOVING}{path.name}")  # first, so that half of one is never taken for a whole one
    _remove_unfinished(root)
    return [path.name for path in outdated]


def check_root(root: Path) -> None:
    """Refuse in one sentence a folder in which no backups may be kept."""
    real, var = (Path(os.path.realpath(path)) for path in (root, settings.VAR_DIR))
    if real == var or var in real.parents:
        raise BackupFolderError(
            f"{root} lies in {var}, with the data that it shall outlive: choose a folder elsewhere."
        )
    if os.path.isfile(root):  # unlike Path's own it does not raise for a name that cannot be
        raise BackupFolderError(f"{root} is a file, not a folder.")


def check_space(root: Path, *, needed: int) -> None:
    """Refuse a folder whose disk has not so many bytes left."""
    free = shutil.disk_usage(root).free
    if free < needed:
        raise BackupFolderError(
            f"The backup may need {megabytes(needed)} and the disk of {root} has {megabytes(free)} left:"
            " nothing was written."
        )


def shares_disk(root: Path) -> bool:
    """Tell whether the backups would be lost together with the data."""
    return root.stat().st_dev == Path(settings.VAR_DIR).stat().st_dev


def folder_error(root: Path, error: OSError) -> BackupFolderError:
    """Say what the operating system said, as a sentence."""
    reason = error.strerror or str(error)
    return BackupFolderError(
        f"The backup cannot be written in {root}: {reason}. Nothing of it is kept; older ones are."
    )


def megabytes(size: int) -> str:
    """Write a size for people.

    >>> megabytes(2_500_000)
    '2.5 MB'
    """
    return f"{size / 1e6:,.1f} MB"


def _remove_unfinished(root: Path) -> None:
    for path in root.iterdir():
        if path.name.startswith((MAKING, REMOVING)) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def _flush_all(folder: Path) -> None:
    """Write everything in the folder to disk, readable by its owner only."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o700 if path.is_dir() else 0o600)
        flush(path)
    flush(folder)
