"""What a file holds, told by its size and SHA-256, and that it is on disk: for backups, artifacts and indexes alike."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileSum:
    """How long a file is, and its SHA-256."""

    size: int
    sha256: str


def read_chunks(path: Path) -> Iterator[bytes]:
    """Read the content of a file. It is never mapped: a file that is cut short ends early and kills nobody."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def file_sum(path: Path) -> FileSum:
    """Return size and SHA-256 of a file as it is now."""
    digest, size = hashlib.sha256(), 0
    for chunk in read_chunks(path):
        digest.update(chunk)
        size += len(chunk)
    return FileSum(size, digest.hexdigest())


def flush(path: Path) -> None:
    """Make what was written of this file, or the names in this folder, survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
