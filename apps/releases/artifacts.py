"""The door to the files of releases: written aside, sealed under a manifest of SHA-256 sums, verified at every load."""

import hashlib
import shutil
import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import orjson
from django.conf import settings
from django.core.files.storage import FileSystemStorage

from apps.platform.services.errors import EpicmlError, UnavailableError
from apps.platform.services.file_sums import file_sum, flush

MANIFEST = "manifest.json"
BUILDING = ".building-"
# What numpy and zipfile raise for damaged archives, whichever byte it is.
UNREADABLE = (ValueError, OSError, EOFError, BadZipFile, RuntimeError, MemoryError, KeyError, struct.error, zlib.error)


class ArtifactCorruptError(EpicmlError):
    """The files of a release are not those that were sealed."""

    code = "artifact_corrupt"
    status = 409


class ArtifactStorageError(UnavailableError):
    """The storage of artifacts cannot be written."""

    code = "artifact_storage"


class FolderTakenError(ArtifactStorageError):
    """The folder of this key holds the files of another release, which are never written over."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is there already, with the files of another release; build again under a new key.")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Each file of a sealed artifact with size and SHA-256, and the one sum over all of them."""

    files: dict[str, dict[str, Any]]
    sha256: str


def new_folder(kind: str, key: str) -> Path:
    """An empty folder to build in; nothing is served from it until it is sealed."""
    folder = _building(kind, key)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise storage_error(error) from error
    return folder


def seal(kind: str, key: str) -> Manifest:
    """The folder that was built has its manifest, is safe on disk, and has its final name, all or nothing."""
    folder = _building(kind, key)
    if _sealed(kind, key).exists():
        raise FolderTakenError(_sealed(kind, key))
    try:
        manifest = _manifest_of(folder)
        (folder / MANIFEST).write_bytes(orjson.dumps({"files": manifest.files, "sha256": manifest.sha256}))
        for path in sorted(folder.rglob("*")):
            flush(path)
        flush(folder)
        folder.rename(_sealed(kind, key))
        flush(folder.parent)
    except OSError as error:
        remove(kind, key)
        raise storage_error(error) from error
    return manifest


def open_verified(kind: str, key: str, sha256: str) -> Path:
    """The folder of a sealed artifact, each of its files read through and found to be what was sealed."""
    folder = _sealed(kind, key)
    if not folder.is_dir():
        raise ArtifactCorruptError(f"The files of {kind} {key} are missing.")
    try:
        found = _manifest_of(folder)
    except OSError as error:
        raise ArtifactCorruptError(f"The files of {kind} {key} cannot be read: {error.strerror}.") from error
    if found.sha256 != sha256:
        name = _first_difference(folder, found)
        raise ArtifactCorruptError(f"{name} of {kind} {key} is not what was sealed: its SHA-256 differs.")
    return folder


def file_path(kind: str, key: str, name: str) -> Path:
    """Where this file of a sealed artifact lies."""
    return _sealed(kind, key) / name


def put_back(kind: str, key: str, source: Path) -> Manifest:
    """The files of the source are sealed under this key; what lay there stays if it is the same, else it is gone."""
    folder = new_folder(kind, key)
    try:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)  # in a backup they are their owner's only
    except OSError as error:
        remove_building(kind, key)
        raise storage_error(error) from error
    found = _manifest_of(folder)
    if _is_sealed(kind, key, found.sha256):
        remove_building(kind, key)
        return found
    shutil.rmtree(_sealed(kind, key), ignore_errors=True)
    return seal(kind, key)


def _is_sealed(kind: str, key: str, sha256: str) -> bool:
    try:
        open_verified(kind, key, sha256)
    except ArtifactCorruptError:
        return False
    return True


def mend_manifest(kind: str, key: str) -> None:
    """The list of the files beside sealed files that were verified is what they say; nothing is loaded by it."""
    folder = _sealed(kind, key)
    manifest = _manifest_of(folder)
    content = orjson.dumps({"files": manifest.files, "sha256": manifest.sha256})
    try:
        is_sound = (folder / MANIFEST).read_bytes() == content
    except OSError:
        is_sound = False
    if not is_sound:
        aside = folder.parent / f"{BUILDING}{MANIFEST}"
        aside.write_bytes(content)
        aside.rename(folder / MANIFEST)


def note_damage(kind: str, found: str) -> None:
    """What the last look at the live release of this kind found is on record; "" where all was sound."""
    path = _damage_note(kind)
    if not found:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found)


def noted_damage(kind: str) -> str:
    """What is on record."""
    try:
        return _damage_note(kind).read_text()
    except OSError:
        return ""


def sealed_keys(kind: str) -> list[str]:
    """The keys under which something lies in the storage, known to the database or not: a restore leaves strangers."""
    root = Path(FileSystemStorage(location=settings.ARTIFACTS_DIR).path(kind))
    return sorted(path.name for path in root.glob("*")) if root.is_dir() else []


def remove(kind: str, key: str) -> None:
    """Neither the sealed folder nor the one being built is there any more."""
    for folder in (_sealed(kind, key), _building(kind, key)):
        shutil.rmtree(folder, ignore_errors=True)


def building_folders() -> list[tuple[str, str]]:
    """Kind and key of every folder that is being built, or was when its builder died."""
    root = Path(settings.ARTIFACTS_DIR)
    return [(path.parent.name, path.name.removeprefix(BUILDING)) for path in sorted(root.glob(f"*/{BUILDING}*"))]


def remove_building(kind: str, key: str) -> None:
    """The folder in which this was being built is gone; a sealed one stays."""
    shutil.rmtree(_building(kind, key), ignore_errors=True)


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """The arrays are in an .npz whose bytes depend on nothing but them; an array of objects is refused."""
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ArtifactStorageError(f"{name} is an array of objects; those need pickle, which is never loaded.")
    try:
        with path.open("wb") as file:
            np.savez(file, **{name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)})  # type: ignore[arg-type]
    except OSError as error:
        raise storage_error(error) from error


def load_arrays(path: Path, *, only: Collection[str] | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of an .npz, or those of these names; what would need pickle is refused."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if only is None or name in only}
    except UNREADABLE as error:
        raise ArtifactCorruptError(f"{path.name} cannot be read as plain arrays: {error}") from error


def storage_error(error: OSError) -> ArtifactStorageError:
    """What the operating system said, as a sentence with the place."""
    return ArtifactStorageError(f"Artifacts cannot be written in {settings.ARTIFACTS_DIR}: {error.strerror or error}.")


def _sealed(kind: str, key: str) -> Path:
    # FileSystemStorage refuses a name that would lead out of the folder.
    return Path(FileSystemStorage(location=settings.ARTIFACTS_DIR).path(f"{kind}/{key}"))


def _damage_note(kind: str) -> Path:
    return Path(FileSystemStorage(location=settings.ARTIFACTS_DIR).path(f"damaged-{kind}.txt"))


def _building(kind: str, key: str) -> Path:
    return _sealed(kind, BUILDING + key)


def _manifest_of(folder: Path) -> Manifest:
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise ArtifactCorruptError(f"{name} is a link; an artifact holds files only.")
        if path.is_file() and name != MANIFEST:
            found = file_sum(path)
            files[name] = {"size": found.size, "sha256": found.sha256}
    lines = "".join(f"{entry['sha256']}  {name}\n" for name, entry in files.items())
    return Manifest(files=files, sha256=hashlib.sha256(lines.encode()).hexdigest())


def _first_difference(folder: Path, found: Manifest) -> str:
    try:
        sealed: dict[str, Any] = orjson.loads((folder / MANIFEST).read_bytes())["files"]
    except (OSError, ValueError, TypeError, KeyError):
        return MANIFEST
    names = sorted(set(sealed) | set(found.files))
    return next((name for name in names if sealed.get(name) != found.files.get(name)), MANIFEST)
