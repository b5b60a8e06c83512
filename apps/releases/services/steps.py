"""Where the results of the steps of a build lie until its release is decided; a killed build goes on after them.

A result is written aside and gets its name when it is whole; it counts only under the SHA-256 that the row of its
release has, so that what is damaged, or was left by an attempt that lost its job, is made anew.

They lie where artifacts lie. With object storage each result is uploaded, so that another machine goes on, and fetched
where this machine has no sound copy; of a result that is all value, as a snapshot is, no copy stays here.

A snapshot holds who read what. So these folders are their owner's only, are in no backup, are reached by the erasure of
a reader, and go when the release is decided or its build is dead (docs/adr/0022-builds-that-resume.md).
"""

import hashlib
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import scipy
from django.conf import settings
from django.core.files.storage import FileSystemStorage

from apps.platform.services.file_sums import file_sum
from apps.releases.artifacts import ArtifactCorruptError, ArtifactStorageError, load_arrays, save_arrays, storage_error
from apps.releases.storage import remote
from epicml.datasets.arrays import NamedArrays

ROOT = ".steps"
VALUES_FILE, ARRAYS_FILE, SERVED = "result.json", "result.npz", "served"
ASIDE = ".aside-"
SNAPSHOT, AUDIT, FIT, SEAL, EVALUATE = "snapshot", "audit", "fit", "seal", "evaluate"
NAMES = (SNAPSHOT, AUDIT, FIT, SEAL, EVALUATE)  # in their order; the gate ends the build and hands nothing over
CODE = ("epicml", "apps")  # any change of it may change a result

logger = logging.getLogger(__name__)


class ResultGoneError(Exception):
    """The result of this step was removed while it was being written: a reader was erased, or the build abandoned."""


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A result as it is written: a value of JSON, and arrays by name."""

    values: Mapping[str, Any]
    arrays: NamedArrays = field(default_factory=dict)


class StepResult(Protocol):
    """What one step hands to the next ones: it can be written, and read back as the same."""

    def stored(self) -> Stored:
        """Return it as it is written."""

    @classmethod
    def restored(cls, stored: Stored) -> Self:
        """Return the result that was written."""


def workplace(kind: str, key: str, step: str) -> Path:
    """Make an empty folder, of this attempt alone, to write the result of a step into."""
    try:
        _root(kind, key).mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{ASIDE}{step}-", dir=_root(kind, key)))
        (folder / SERVED).mkdir()
    except OSError as error:
        raise storage_error(error) from error
    return folder


def keep(kind: str, key: str, step: str, folder: Path, result: StepResult) -> str:
    """Write the result beside what the step wrote into its workplace, and name the whole after the step; its SHA-256.

    Raises:
        ResultGoneError: the workplace was removed meanwhile.
        ArtifactStorageError: the storage cannot be written.
    """
    stored = result.stored()
    named = place(kind, key, step)
    try:
        if stored.arrays:
            save_arrays(folder / ARRAYS_FILE, stored.arrays)
        (folder / VALUES_FILE).write_text(json.dumps(stored.values, default=_plain))
        sha256 = sum_of(files_in(folder))
        if remote.is_remote():
            remote.remove(_stored_kind(kind), f"{key}/{step}")  # of an earlier attempt: a mixture would be no result
            remote.upload(_stored_kind(kind), f"{key}/{step}", folder)
        shutil.rmtree(named, ignore_errors=True)
        folder.rename(named)
    except (OSError, ArtifactStorageError) as error:
        if not folder.exists():
            remove_result(kind, key, step)  # what was uploaded of it
            raise ResultGoneError(step) from error
        raise storage_error(error) if isinstance(error, OSError) else error from error
    drop_copy(kind, key, step)
    return sha256


def find(kind: str, key: str, step: str, sha256: str) -> Path | None:
    """Return the folder of the result that has this SHA-256, fetched if need be; None where it is gone or damaged.

    Raises:
        ArtifactStorageError: the storage that may have it does not answer.
    """
    folder = place(kind, key, step)
    try:
        if folder.is_dir() and sum_of(files_in(folder)) == sha256:
            return folder
    except OSError:
        logger.warning("The stored %s of %s %s cannot be read here.", step, kind, key)
    return _fetched(kind, key, step, sha256) if remote.is_remote() else None


def _fetched(kind: str, key: str, step: str, sha256: str) -> Path | None:
    """Bring a result from object storage to this machine."""
    if not remote.is_stored(_stored_kind(kind), f"{key}/{step}"):
        return None
    aside, named = workplace(kind, key, step), place(kind, key, step)
    try:
        remote.download(_stored_kind(kind), f"{key}/{step}", aside)
        if sum_of(files_in(aside)) != sha256:
            return None
        shutil.rmtree(named, ignore_errors=True)
        aside.rename(named)
    except ArtifactCorruptError:  # removed just now
        return None
    except OSError as error:
        raise storage_error(error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return named


def drop_copy(kind: str, key: str, step: str) -> None:
    """Remove this machine's copy of a result in object storage, unless it has files that are to be sealed."""
    folder = place(kind, key, step)
    if remote.is_remote() and not any((folder / SERVED).glob("*")):
        shutil.rmtree(folder, ignore_errors=True)


def place(kind: str, key: str, step: str) -> Path:
    """Return where the result of this step lies on this machine once it is whole."""
    return _root(kind, key) / step


def read(folder: Path) -> Stored:
    """Read the result in this folder."""
    arrays = load_arrays(folder / ARRAYS_FILE) if (folder / ARRAYS_FILE).exists() else {}
    return Stored(json.loads((folder / VALUES_FILE).read_text()), arrays)


def remove(kind: str, key: str) -> None:
    """Remove the results of all steps of this build; what object storage keeps on is removed by a later `reconcile`."""
    shutil.rmtree(_root(kind, key), ignore_errors=True)
    if remote.is_remote():
        try:
            remote.remove(_stored_kind(kind), key)
        except ArtifactStorageError as error:
            logger.warning("%s What is left of the steps of %s %s is removed later.", error.message, kind, key)


def remove_result(kind: str, key: str, step: str) -> bool:
    """Remove the result of this step, and those of it that are just being written; tell whether there was any.

    Raises:
        ArtifactStorageError: something of it cannot be removed.
    """
    uploaded = remote.is_remote() and remote.is_stored(_stored_kind(kind), f"{key}/{step}")
    if uploaded:
        remote.remove(_stored_kind(kind), f"{key}/{step}")
    return _remove_here(kind, key, step) or uploaded


def _remove_here(kind: str, key: str, step: str) -> bool:
    root = _root(kind, key)
    found = [path for path in (place(kind, key, step), *root.glob(f"{ASIDE}{step}-*")) if path.exists()]
    try:
        for path in found:
            shutil.rmtree(path)
    except FileNotFoundError:  # another process removes, or renames, it at this moment
        return _remove_here(kind, key, step)
    except OSError as error:
        raise storage_error(error) from error
    return bool(found)


def builds_with_results() -> list[tuple[str, str]]:
    """Return kind and key of every build of which some result is stored.

    Raises:
        ArtifactStorageError: the storage does not answer.
    """
    found = {(path.parent.name, path.name) for path in (Path(settings.ARTIFACTS_DIR) / ROOT).glob("*/*")}
    if remote.is_remote():
        found |= {(kind, key) for kind in remote.keys(ROOT) for key in remote.keys(_stored_kind(kind))}
    return sorted(found)


def files_in(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of each file in a folder, by name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = {path.relative_to(folder).as_posix(): file_sum(path) for path in files}
    return {name: {"size": found.size, "sha256": found.sha256} for name, found in sums.items()}


def sum_of(files: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the one SHA-256 over names and contents of these files, as a sealed artifact of them has it."""
    lines = "".join(f"{entry['sha256']}  {name}\n" for name, entry in files.items())
    return hashlib.sha256(lines.encode()).hexdigest()


@cache
def code_version() -> str:
    """Return the hash of text and libraries, by which programs differ whose steps may give other results."""
    digest = hashlib.sha256(f"{sys.version} {np.__version__} {scipy.__version__}".encode())
    base = Path(settings.BASE_DIR)
    for path in (path for room in CODE for path in sorted((base / room).rglob("*.py"))):
        digest.update(f"{path.relative_to(base)} {file_sum(path).sha256}".encode())
    return digest.hexdigest()


def _stored_kind(kind: str) -> str:
    """Return under what object storage has the results of this kind, beside its artifacts."""
    return f"{ROOT}/{kind}"


def _root(kind: str, key: str) -> Path:
    # FileSystemStorage refuses a name that would lead out of the folder.
    return Path(FileSystemStorage(location=settings.ARTIFACTS_DIR).path(f"{ROOT}/{kind}/{key}"))


def _plain(value: Any) -> Any:
    """Write numbers of numpy as JSON has them."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"A result cannot be written as JSON: {type(value).__name__}.")
