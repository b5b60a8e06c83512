"""The disks that this product writes on: how much room is left, and whether they take a write."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.platform.services.health import Health

# A rebuild writes a second index and a training its snapshot beside what is there.
LOW_BYTES = 1 << 30
LOW_SHARE = 0.05  # on a disk of less than 20 GiB
PROBE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is written, and what lies in it."""

    path: Path
    holds: str


def written_folders(*, var: Path, database: Mapping[str, Any]) -> list[Folder]:
    """Return EPICML_VAR, and where the database's file lies on SQLite."""
    folders = [Folder(var, "EPICML_VAR")]
    if "sqlite" in database["ENGINE"]:
        folders.append(Folder(Path(database["NAME"]).parent, "the database"))
    return folders


def free_bytes(folder: Folder) -> int:
    """Return how much may still be written there."""
    return shutil.disk_usage(folder.path).free


def disk_health(folders: Sequence[Folder]) -> Health:
    """Tell whether each of these folders has room and takes a write; the first that has not speaks.

    A disk that takes no write is not `down`: readers still get answers, and 503 would take this machine out of service.
    """
    found = (_folder_health(folder) for folder in folders)
    return next((health for health in found if health.state != "ok"), Health("ok"))


def _folder_health(folder: Folder) -> Health:
    try:
        # Without a name: disks that are full, read-only or not ours refuse it.
        with tempfile.TemporaryFile(dir=folder.path) as file:
            file.write(b"\0" * PROBE_BYTES)
            file.flush()
        usage = shutil.disk_usage(folder.path)
    except OSError as error:
        return Health(
            "degraded",
            f"Nothing can be written in {folder.path}, which holds {folder.holds}: {os.strerror(error.errno or 0)}.",
            impact="Reading goes on; nothing is saved there, and nothing new is built.",
            remedy="Make room, or mount the disk so that it can be written, as the user that runs this.",
        )
    if usage.free >= min(LOW_BYTES, usage.total * LOW_SHARE):
        return Health("ok")
    return Health(
        "degraded",
        f"{usage.free >> 20} MiB are free in {folder.path}, which holds {folder.holds}.",
        impact="Nothing yet; when it is full, nothing is saved any more.",
        remedy="Make room; old releases are deleted on their page.",
    )
