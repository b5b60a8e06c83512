"""A lock that one process of a host holds, with a note by which the others tell how it fares.

The system lets go of the lock when its holder dies, however it dies. The note has a fixed length and is written over
itself, so that it can still be changed on a disk that is full.
"""

import fcntl
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from django.conf import settings

FOLDER = "followers"
NOTE_BYTES = 2048
LONGEST_PROBLEM = 400  # characters, of at most four bytes
UNREADABLE = "Whoever follows cannot write what keeps it from it, as on a disk that was full when it started."


@dataclass(frozen=True, slots=True)
class Holder:
    """The process of this host that holds a lock; `problem` says what keeps it from its work, "" where nothing does."""

    owner: str
    problem: str = ""


class HostLock:
    """Held by at most one process of this host at a time."""

    def __init__(self, name: str) -> None:
        self._path = lock_path(name)
        self._file: int | None = None

    def take(self, owner: str) -> bool:
        """Hold the lock and note who does; False where another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        self.note(Holder(owner))
        return True

    def note(self, holder: Holder) -> None:
        """Let other processes read this of the holder."""
        if self._file is None:
            return
        body = orjson.dumps(asdict(Holder(holder.owner, holder.problem[:LONGEST_PROBLEM])))
        with suppress(OSError):  # a disk that takes nothing keeps the note before
            os.pwrite(self._file, body[:NOTE_BYTES].ljust(NOTE_BYTES), 0)

    def is_held(self) -> bool:
        """Whether this process holds the lock that the others see: somebody may have removed its file."""
        if self._file is None:
            return False
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._file))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let another process hold it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def lock_path(name: str) -> Path:
    """Return where the lock of this name lies on this host."""
    return Path(settings.VAR_DIR) / FOLDER / name


def holder_of(name: str) -> Holder | None:
    """Read who holds the lock of this name on this host; None where nobody does."""
    try:
        file = os.open(lock_path(name), os.O_RDONLY)
    except OSError:  # nobody ever did
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _noted(os.pread(file, NOTE_BYTES, 0))
    else:
        return None
    finally:
        os.close(file)


def _noted(note: bytes) -> Holder:
    try:
        return Holder(**orjson.loads(note))
    except (orjson.JSONDecodeError, TypeError):  # or the lock was taken in this moment
        return Holder("", UNREADABLE)
