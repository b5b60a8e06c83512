"""The door to the files of releases: written aside, sealed under a manifest of SHA-256 sums, verified at every load.

They lie in a folder, or in object storage. There this machine keeps a copy of what it opened, in the same layout: built
here and uploaded at the seal, or fetched, by one process at a time, and put in its place only when it is right.
"""

import logging
import shutil
import struct
import threading
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import filelock
import numpy as np
from django.conf import settings

from apps.platform.services.file_sums import flush
from apps.releases.storage import remote
from apps.releases.storage.folder import local_path
from apps.releases.storage.sealed import MANIFEST, ArtifactCorruptError, ArtifactStorageError, Manifest, manifest_of

__all__ = ["ArtifactCorruptError", "ArtifactStorageError", "Manifest", "manifest_of"]

BUILDING = ".building-"
FETCHING = ".fetching-"
FETCH_SECONDS = 120.0  # how long one process waits for what another one fetches
# What numpy and zipfile raise for damaged archives, whichever byte it is.
UNREADABLE = (ValueError, OSError, EOFError, BadZipFile, RuntimeError, MemoryError, KeyError, struct.error, zlib.error)

_starting = threading.Lock()
logger = logging.getLogger(__name__)


class FolderTakenError(ArtifactStorageError):
    """The place of this key holds the files of another release, which are never written over."""

    def __init__(self, place: object) -> None:
        super().__init__(f"{place} is there already, with the files of another release; build again under a new key.")


class NotAtHandError(ArtifactStorageError):
    """No sound copy of this artifact is on this machine; it can be fetched."""

    code = "artifact_not_at_hand"

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(
            f"The files of {kind} {key} are not on this machine yet; they are fetched from {remote.place()}."
        )


def place() -> str:
    """Name the storage as a person would."""
    return remote.place() if remote.is_remote() else f"the folder {settings.ARTIFACTS_DIR}"


def keeps_copies() -> bool:
    """Tell whether the files on this machine are copies of what object storage holds."""
    return remote.is_remote()


def check_reachable() -> None:
    """Ask object storage for a list; it answers, or an ArtifactStorageError says why not."""
    if remote.is_remote():
        remote.check_reachable()


def new_folder(kind: str, key: str) -> Path:
    """Make an empty folder to build in; nothing is served from it until it is sealed."""
    folder = _building(kind, key)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise storage_error(error) from error
    return folder


def seal(kind: str, key: str) -> Manifest:
    """Give the folder that was built its manifest and its final name, safe on disk, all or nothing."""
    folder = _building(kind, key)
    if _sealed(kind, key).exists():
        raise FolderTakenError(_sealed(kind, key))
    if remote.is_remote() and remote.is_stored(kind, key):
        raise FolderTakenError(f"{kind}/{key} in {place()}")
    try:
        manifest = manifest_of(folder)
        _write_safely(folder, manifest)
        if remote.is_remote():
            remote.upload(kind, key, folder)
        folder.rename(_sealed(kind, key))
        flush(folder.parent)
    except OSError as error:
        remove(kind, key)
        raise storage_error(error) from error
    except ArtifactStorageError:
        remove(kind, key)
        raise
    return manifest


def open_verified(kind: str, key: str, sha256: str) -> Path:
    """Return the folder of a sealed artifact, each file read through and found to be what was sealed.

    Out of object storage it is fetched first where this machine has no sound copy. That may take long: a web process,
    behind which somebody waits, begins it and raises NotAtHandError.
    """
    try:
        return open_at_hand(kind, key, sha256)
    except NotAtHandError:
        if settings.WEB_PROCESS:
            fetch_in_background(kind, key, sha256)
            raise
        return fetch(kind, key, sha256)


def open_at_hand(kind: str, key: str, sha256: str) -> Path:
    """Return the same folder without asking object storage.

    Raises:
        ArtifactCorruptError: the files in the folder of artifacts are missing or damaged.
        NotAtHandError: the same of a copy, which can be fetched.
    """
    try:
        return _open_local(kind, key, sha256)
    except ArtifactCorruptError as error:
        if not remote.is_remote():
            raise
        raise NotAtHandError(kind, key) from error


def fetch(kind: str, key: str, sha256: str) -> Path:
    """Bring an artifact from object storage to this machine, once for all its processes; half of it is never in place.

    Raises:
        ArtifactCorruptError: what is stored is not what was sealed.
        ArtifactStorageError: the storage does not answer or broke off, or there is no room here.
    """
    folder, aside = _sealed(kind, key), local_path(f"{kind}/{FETCHING}{key}")
    with _fetch_lock(kind):
        try:
            return _open_local(kind, key, sha256)  # another process was here first
        except ArtifactCorruptError:
            logger.info("The files of %s %s are fetched from %s", kind, key, place())
        try:
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(parents=True)
            found = remote.download(kind, key, aside)
            if found.sha256 != sha256:
                found.check(what=f"{kind} {key}", sha256=sha256, sealed=remote.stored_manifest(kind, key))
            _write_safely(aside, found)
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)
            flush(folder.parent)
        except OSError as error:
            raise storage_error(error) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return folder


class Fetch(threading.Thread):
    """Brings an artifact to this machine while nobody waits for it; `error` says afterwards why it could not."""

    def __init__(self, kind: str, key: str, sha256: str) -> None:
        super().__init__(name=f"fetch {kind} {key}", daemon=True)
        self.artifact = (kind, key, sha256)
        self.error: Exception | None = None

    def run(self) -> None:
        """Fetch it."""
        try:
            fetch(*self.artifact)
        except Exception as error:  # the edge of the thread: whoever looks next tells of it
            logger.exception("%s %s cannot be fetched", *self.artifact[:2])
            self.error = error


_fetches: list[Fetch] = []


def fetch_in_background(kind: str, key: str, sha256: str) -> Fetch:
    """Fetch an artifact in a thread of its own, or go on with the one that is at it."""
    with _starting:
        _fetches[:] = [one for one in _fetches if one.is_alive()]
        found = next((one for one in _fetches if one.artifact == (kind, key, sha256)), None)
        if found is None:
            found = Fetch(kind, key, sha256)
            found.start()
            _fetches.append(found)
        return found


def verify(kind: str, key: str, sha256: str) -> None:
    """Read what is stored, wherever that is, and refuse what was not sealed so; its list of files is put right."""
    if not remote.is_remote():
        _mend_manifest(_open_local(kind, key, sha256))
        return
    found, sealed = remote.read_through(kind, key), remote.stored_manifest(kind, key)
    found.check(what=f"{kind} {key} in {place()}", sha256=sha256, sealed=sealed)
    if sealed != found.content():
        remote.write_manifest(kind, key, found)


def file_path(kind: str, key: str, name: str) -> Path:
    """Return where this file of a sealed artifact lies on this machine, if it was fetched."""
    return _sealed(kind, key) / name


def put_back(kind: str, key: str, source: Path) -> Manifest:
    """Seal the files of the source under this key; what lay there stays if it is the same, else it is gone."""
    folder = new_folder(kind, key)
    try:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)  # in a backup they are their owner's only
    except OSError as error:
        remove_building(kind, key)
        raise storage_error(error) from error
    found = manifest_of(folder)
    try:
        verify(kind, key, found.sha256)
    except ArtifactCorruptError:
        shutil.rmtree(_sealed(kind, key), ignore_errors=True)
        if remote.is_remote():
            remote.remove(kind, key)
        return seal(kind, key)
    remove_building(kind, key)
    return found


def sealed_keys(kind: str) -> list[str]:
    """Return the keys under which something lies in the storage, known to the database or not.

    A restore leaves strangers.
    """
    root = local_path(kind)
    here = {path.name for path in root.glob("*")} if root.is_dir() else set()
    return sorted(here.union(remote.keys(kind) if remote.is_remote() else ()))


def remove(kind: str, key: str) -> None:
    """Remove the sealed files and those being built.

    What cannot be removed from object storage now is in the log, and removed later (services/retention.py).
    """
    for folder in (_sealed(kind, key), _building(kind, key)):
        shutil.rmtree(folder, ignore_errors=True)
    if remote.is_remote():
        _remove_remotely(kind, key)


def building_folders() -> list[tuple[str, str]]:
    """Return kind and key of whatever is being built, or was when its builder died."""
    root = Path(settings.ARTIFACTS_DIR)
    here = {(path.parent.name, path.name.removeprefix(BUILDING)) for path in root.glob(f"*/{BUILDING}*")}
    return sorted(here.union(_unsealed()))


def remove_building(kind: str, key: str) -> None:
    """Remove the folder in which this was being built, and what was uploaded of it; what is sealed stays."""
    shutil.rmtree(_building(kind, key), ignore_errors=True)
    if (kind, key) in _unsealed():
        _remove_remotely(kind, key)


def cached(kind: str) -> list[str]:
    """Return the keys of which this machine keeps a copy of what object storage holds; none where a folder is it."""
    if not remote.is_remote():
        return []
    return sorted(path.name for path in local_path(kind).glob("*") if not path.name.startswith("."))


def drop_cached(kind: str, *, kept: Collection[str]) -> None:
    """Keep copies of these keys only; the others can be fetched again."""
    for key in cached(kind):
        if key not in kept:
            shutil.rmtree(_sealed(kind, key), ignore_errors=True)


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write the arrays as an .npz whose bytes depend on nothing but them; an array of objects is refused."""
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ArtifactStorageError(f"{name} is an array of objects; those need pickle, which is never loaded.")
    try:
        with path.open("wb") as file:
            np.savez(file, **{name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)})  # type: ignore[arg-type]
    except OSError as error:
        raise storage_error(error) from error


def load_arrays(path: Path, *, only: Collection[str] | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays of an .npz, or those of these names; what would need pickle is refused."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if only is None or name in only}
    except UNREADABLE as error:
        raise ArtifactCorruptError(f"{path.name} cannot be read as plain arrays: {error}") from error


def storage_error(error: OSError) -> ArtifactStorageError:
    """Return what the operating system said, as a sentence with the folder."""
    return ArtifactStorageError(f"Artifacts cannot be written in {settings.ARTIFACTS_DIR}: {error.strerror or error}.")


def _sealed(kind: str, key: str) -> Path:
    return local_path(f"{kind}/{key}")


def _building(kind: str, key: str) -> Path:
    return _sealed(kind, BUILDING + key)


def _open_local(kind: str, key: str, sha256: str) -> Path:
    folder = _sealed(kind, key)
    if not folder.is_dir():
        raise ArtifactCorruptError(f"The files of {kind} {key} are missing.")
    try:
        found = manifest_of(folder)
    except OSError as error:
        raise ArtifactCorruptError(f"The files of {kind} {key} cannot be read: {error.strerror}.") from error
    found.check(what=f"{kind} {key}", sha256=sha256, sealed=_manifest_file(folder))
    return folder


def _manifest_file(folder: Path) -> bytes:
    try:
        return (folder / MANIFEST).read_bytes()
    except OSError:
        return b""


def _mend_manifest(folder: Path) -> None:
    """Make the list of the files what they say; they were verified, and nothing is loaded by it."""
    content = manifest_of(folder).content()
    if _manifest_file(folder) != content:
        aside = folder.parent / f"{BUILDING}{MANIFEST}"
        aside.write_bytes(content)
        aside.rename(folder / MANIFEST)


def _write_safely(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_bytes(manifest.content())
    for path in sorted(folder.rglob("*")):
        flush(path)
    flush(folder)


@contextmanager
def _fetch_lock(kind: str) -> Iterator[None]:
    """Let one process of this machine fetch artifacts of this kind at a time."""
    path = local_path(f".fetching-{kind}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path, timeout=FETCH_SECONDS)
        with lock:
            yield
    except filelock.Timeout as error:
        waited = f"has fetched artifacts of {kind} from {place()} for {FETCH_SECONDS:.0f} s"
        raise ArtifactStorageError(f"Another process {waited}; look whether it hangs.") from error
    except OSError as error:
        raise storage_error(error) from error


def _unsealed() -> list[tuple[str, str]]:
    try:
        return remote.unsealed() if remote.is_remote() else []
    except ArtifactStorageError as error:  # whoever clears up comes again
        logger.warning("%s", error.message)
        return []


def _remove_remotely(kind: str, key: str) -> None:
    try:
        remote.remove(kind, key)
    except ArtifactStorageError as error:
        logger.warning("%s What is left of %s %s is removed later.", error.message, kind, key)
