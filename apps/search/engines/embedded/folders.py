"""Where an index and its words lie on disk: sealed in a release, and copied from there to be kept up to date."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from apps.platform.services.errors import ConflictError
from apps.releases.services.files import ArtifactCorruptError, load_arrays, save_arrays
from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.engines.protocol import IndexBrokenError, IndexOfOtherFormError
from epicml.search.lexicon import Lexicon, OtherFormError

INDEX = "index"
LEXICON = "lexicon.npz"
COPYING = ".copying-"
BROKEN = "broken"
LAST_CHANGE = "last_change.txt"
KEPT_OTHERS = 1
SHA_LETTERS = 12  # a release of another database may have the same key
WAIT_SECONDS = 30.0  # longer than any batch of changes takes
LOOK_SECONDS = 0.05


class WriterBusyError(ConflictError):
    """Another process has been writing the working copies for too long."""

    code = "writer_busy"

    def __init__(self) -> None:
        super().__init__(f"Another process is still writing the search index after {WAIT_SECONDS:g} seconds.")


def copies_folder() -> Path:
    """Where the working copies of this machine lie."""
    return Path(settings.VAR_DIR) / "search"


def copy_folder(key: str, sha256: str) -> Path:
    """The working copy of a release; it is there only when it is complete."""
    return copies_folder() / f"{key}-{sha256[:SHA_LETTERS]}"


def open_engine(folder: Path) -> EmbeddedEngine:
    """The index in a folder, sealed or copied, with the words of its catalogue."""
    return EmbeddedEngine(folder / INDEX, lexicon=read_lexicon(folder))


def write_lexicon(folder: Path, lexicon: Lexicon) -> None:
    """The words lie beside the index."""
    save_arrays(folder / LEXICON, lexicon.arrays())


def read_lexicon(folder: Path) -> Lexicon:
    """The words that lie beside an index."""
    try:
        return Lexicon.from_arrays(load_arrays(folder / LEXICON))
    except OtherFormError as error:
        raise IndexOfOtherFormError(folder) from error
    except (ArtifactCorruptError, KeyError) as error:
        raise IndexBrokenError(folder, f"{LEXICON} cannot be read: {error}") from error


def read_cursor(folder: Path) -> int:
    """Up to which change of the catalogue the index in a folder goes."""
    return open_engine(folder).cursor


def write_last_change(copy: Path, stamp: str) -> None:
    """The copy says which change was the last one brought into it."""
    (copy / LAST_CHANGE).write_text(stamp)


def read_last_change(copy: Path) -> str:
    """Which change was the last one brought into the copy; empty where it does not say."""
    path = copy / LAST_CHANGE
    return path.read_text() if path.exists() else ""


@contextmanager
def new_copy(sealed: Path, target: Path) -> Iterator[Path]:
    """A copy of a sealed release to write in; it becomes the target when the block ends well, else it is gone."""
    aside = target.with_name(COPYING + target.name)
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(sealed, aside)
    yield aside
    shutil.rmtree(target, ignore_errors=True)
    aside.rename(target)


def mark_broken(copy: Path) -> None:
    """The writer will make this working copy anew; a reader found damage in it that opening it does not show."""
    with suppress(OSError):  # it is gone, or the disk is full: then there is no copy to mend
        (copy / BROKEN).touch()


def is_usable(copy: Path) -> bool:
    """Whether there is a working copy that no reader has found broken."""
    return copy.is_dir() and not (copy / BROKEN).exists()


def remove_outdated(copy: Path) -> None:
    """Only this working copy and the one before it are left, which readers hold until they look again."""
    others = [path for path in copies_folder().iterdir() if path.is_dir() and path != copy]
    for path in sorted(others, key=lambda folder: folder.stat().st_mtime, reverse=True)[KEPT_OTHERS:]:
        shutil.rmtree(path, ignore_errors=True)


def remove_copies() -> None:
    """This machine has no working copy: they are made anew from what is sealed."""
    for path in copies_folder().glob("*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def only_writer() -> Iterator[None]:
    """Inside, no other process writes a working copy. The system lets go of the lock when a process dies."""
    copies_folder().mkdir(parents=True, exist_ok=True)
    with (copies_folder() / "writer.lock").open("w") as file:
        for _ in range(int(WAIT_SECONDS / LOOK_SECONDS)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(LOOK_SECONDS)
            else:
                yield
                return
        raise WriterBusyError
