"""Artifacts in a storage that is no folder: written file by file with the manifest last, read through to be believed.

Any storage of Django's will do. What it holds is told by the sums of its files and by nothing that it says itself.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages

from apps.platform.services.file_sums import CHUNK_BYTES, FileSum
from apps.releases.storage.sealed import MANIFEST, ArtifactCorruptError, ArtifactStorageError, Manifest

READ_SECONDS = 300.0  # for one file; a storage that sends a byte now and then is away too
ALIAS = "artifacts"


def is_remote() -> bool:
    """Tell whether artifacts are kept elsewhere than in a folder, so that this machine has copies only."""
    return not isinstance(storages[ALIAS], FileSystemStorage)


def place() -> str:
    """Name the storage as a person would."""
    return str(getattr(_storage(), "place", type(_storage()).__name__))


def check_reachable() -> None:
    """Ask the storage for what every use of it needs, a list; it answers or says why it cannot."""
    with _reached():
        _storage().listdir("")


def upload(kind: str, key: str, folder: Path) -> None:
    """Store every file of this folder, the manifest last: what has none was never whole."""
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    for name in sorted(names, key=lambda name: name == MANIFEST):
        with (folder / name).open("rb") as file, _reached():
            _storage().save(f"{kind}/{key}/{name}", File(file, name))


def download(kind: str, key: str, folder: Path) -> Manifest:
    """Write every file of this artifact into the folder, and return what came; the caller decides whether it is right.

    Raises:
        ArtifactCorruptError: nothing is stored under this key, or a name leads out of the folder.
        ArtifactStorageError: the storage does not answer, or broke off.
        OSError: the folder cannot be written.
    """
    sums = {}
    for name in _file_names(kind, key):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("wb") as file:
            sums[name] = _read(f"{kind}/{key}/{name}", into=file)
    return Manifest.of(sums)


def read_through(kind: str, key: str) -> Manifest:
    """Read every file of this artifact and keep nothing; return what is stored."""
    return Manifest.of({name: _read(f"{kind}/{key}/{name}") for name in _file_names(kind, key)})


def stored_manifest(kind: str, key: str) -> bytes:
    """Return the manifest that was written at the seal; empty where there is none."""
    try:
        with _storage().open(f"{kind}/{key}/{MANIFEST}", "rb") as file:
            return bytes(file.read())
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise unreachable(error) from error


def write_manifest(kind: str, key: str, manifest: Manifest) -> None:
    """Store this manifest beside its files, in the place of the one that is there."""
    with _reached():
        _storage().delete(f"{kind}/{key}/{MANIFEST}")  # a storage that never writes over would take another name
        _storage().save(f"{kind}/{key}/{MANIFEST}", ContentFile(manifest.content()))


def keys(kind: str) -> list[str]:
    """Return the keys under which something is stored."""
    with _reached():
        return sorted(_folders(kind))


def is_stored(kind: str, key: str) -> bool:
    """Tell whether anything is stored under this key, sealed or not."""
    with _reached():
        return any(True for _ in _walk(f"{kind}/{key}"))


def unsealed() -> list[tuple[str, str]]:
    """Return kind and key of whatever is stored without its manifest: it is being uploaded, or its builder died."""
    with _reached():
        kinds = [kind for kind in sorted(_folders("")) if not kind.startswith(".")]  # no kind: results of steps
        found = [(kind, key) for kind in kinds for key in sorted(_folders(kind))]
        return [(kind, key) for kind, key in found if not _storage().exists(f"{kind}/{key}/{MANIFEST}")]


def remove(kind: str, key: str) -> None:
    """Delete what is stored under this key, the manifest first: what is left of it was never whole."""
    with _reached():
        names = sorted(_walk(f"{kind}/{key}"), key=lambda name: name != MANIFEST)
        for name in names:
            _storage().delete(f"{kind}/{key}/{name}")


def unreachable(error: OSError) -> ArtifactStorageError:
    """Return what the storage said, as a sentence with its place."""
    return ArtifactStorageError(f"Artifacts in {place()} cannot be reached: {error.strerror or error}.")


def _storage() -> Storage:
    return storages[ALIAS]


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unreachable(error) from error


def _file_names(kind: str, key: str) -> list[str]:
    with _reached():
        names = sorted(name for name in _walk(f"{kind}/{key}") if name != MANIFEST)
    if not names:
        raise ArtifactCorruptError(f"The files of {kind} {key} are missing in {place()}.")
    return names


def _folders(name: str) -> list[str]:
    try:
        return _storage().listdir(name)[0]
    except FileNotFoundError:  # storages of real folders say so; object storage knows no empty folder
        return []


def _walk(root: str, below: str = "") -> Iterator[str]:
    try:
        folders, files = _storage().listdir(f"{root}/{below}".rstrip("/"))
    except FileNotFoundError:
        return
    for name in (*folders, *files):
        if name in {"", ".", ".."} or "/" in name or not name.isprintable():
            raise ArtifactCorruptError(f"{below}{name!r} of {root} leads out of its folder, or is no name of a file.")
    yield from (f"{below}{name}" for name in files)
    for folder in folders:
        yield from _walk(root, f"{below}{folder}/")


def _read(name: str, *, into: BinaryIO | None = None, clock: Callable[[], float] = time.monotonic) -> FileSum:
    digest, size, until = hashlib.sha256(), 0, clock() + READ_SECONDS
    with _reached():
        file = _storage().open(name, "rb")
    try:
        while True:
            with _reached():
                chunk = file.read(CHUNK_BYTES)
                if clock() > until:
                    raise TimeoutError(f"a file took longer than {READ_SECONDS:.0f} s")
            if not chunk:
                return FileSum(size, digest.hexdigest())
            digest.update(chunk)
            size += len(chunk)
            if into is not None:
                into.write(chunk)
    finally:
        file.close()
