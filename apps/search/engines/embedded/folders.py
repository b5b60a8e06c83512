"""Where an index and its words lie on disk: sealed in a release, and copied from there to be kept up to date."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from filelock import FileLock, Timeout

from apps.platform.services.errors import ConflictError
from apps.releases.services.files import ArtifactCorruptError, load_arrays, save_arrays
from apps.search.engines.embedded.private import PrivateFiles, copy_verified
from apps.search.engines.embedded.publication import (
    INDEX,
    LEXICON,
    META,
    PUBLISHED,
    publish,
    published,
    published_stamp,
    taken,
)
from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.engines.protocol import IndexBrokenError, IndexOfOtherFormError
from epicml.search.lexicon import Lexicon, OtherTokensError, check_tokens_version

COPYING = ".copying-"
BROKEN = "broken"
DAMAGES = "damages.log"  # a line for each, kept with the copies
KEPT_OTHERS = 1
SHA_LETTERS = 12  # a release of another database may have the same key
WRITER_LOCK = "writer.lock"
WAIT_SECONDS = 30.0  # without a commit of the other writer; longer than any batch of changes takes
TRY_SECONDS = 1.0
LOOK_SECONDS = 0.05


class WriterBusyError(ConflictError):
    """Another process has been writing the working copies for too long."""

    code = "writer_busy"

    def __init__(self) -> None:
        super().__init__(f"Another process is still writing the search index after {WAIT_SECONDS:g} seconds.")


def copies_folder() -> Path:
    """Return where the working copies of this machine lie."""
    return Path(settings.VAR_DIR) / "search"


def copy_folder(key: str, sha256: str) -> Path:
    """Return the working copy of a release; it is there only when it is complete."""
    return copies_folder() / f"{key}-{sha256[:SHA_LETTERS]}"


def open_engine(folder: Path) -> EmbeddedEngine:
    """Open the index in a folder, sealed or copied, with the words of its catalogue, each file as it was published.

    Sealed files say nothing of themselves: whoever opens them has had them verified (artifact_path).
    """
    stamp = published_stamp(folder / PUBLISHED)
    publication = taken(folder) if stamp is None else published(folder)
    files = PrivateFiles(folder, size=sum(file.size for file in publication.files.values()))
    words = files.words(publication)
    with _readable_words(folder):
        lexicon = Lexicon.from_arrays(load_arrays(words))
    return EmbeddedEngine(folder, files=files, publication=publication, stamp=stamp, lexicon=lexicon)


def write_lexicon(folder: Path, lexicon: Lexicon) -> None:
    """Write the words beside the index."""
    save_arrays(folder / LEXICON, lexicon.arrays())


def require_form(folder: Path) -> None:
    """Refuse an index in this folder that is not of the tokens which this version makes.

    Raises:
        IndexOfOtherFormError: it is not.
    """
    with _readable_words(folder):
        check_tokens_version(load_arrays(folder / LEXICON, only=["form"]))


@contextmanager
def _readable_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OtherTokensError as error:
        raise IndexOfOtherFormError(folder) from error
    except (ArtifactCorruptError, KeyError) as error:
        raise IndexBrokenError(folder, f"{LEXICON} cannot be read: {error}") from error


@contextmanager
def new_copy(sealed: Path, target: Path, *, cursor: int) -> Iterator[Path]:
    """Copy a sealed release, to write in it; it becomes the target when the block ends well, else it is gone."""
    aside = _aside(target)
    shutil.rmtree(aside, ignore_errors=True)
    publication = taken(sealed, cursor=cursor)
    (aside / INDEX).mkdir(parents=True)
    for name, expected in publication.files.items():
        copy_verified(sealed / name, aside / name, expected)
    (aside / INDEX / META).write_text(publication.segments)
    publish(aside, cursor=cursor, last_change="", known=publication.files)
    yield aside
    shutil.rmtree(target, ignore_errors=True)
    aside.rename(target)


def _aside(target: Path) -> Path:
    return target.with_name(COPYING + target.name)


def mark_broken(copy: Path, reason: str) -> bool:
    """Record the damage of this working copy, for the writer to make it anew; False where it is known already."""
    try:
        with (copy / BROKEN).open("x") as file:
            file.write(reason)
        with (copies_folder() / DAMAGES).open("a") as file:
            file.write(f"{copy.name}: {reason}\n")
    except OSError:  # it is gone, or the disk is full: then there is no copy to mend
        return False
    return True


def damage_mark(copy: Path) -> tuple[str, datetime] | None:
    """Read what was found broken in this working copy, and when; None where nothing was."""
    try:
        mark = copy / BROKEN
        return mark.read_text(), datetime.fromtimestamp(mark.stat().st_mtime, tz=UTC)
    except OSError:
        return None


def damages_count() -> int:
    """Count how many times a working copy of this machine was found broken."""
    try:
        return len((copies_folder() / DAMAGES).read_bytes().splitlines())
    except OSError:
        return 0


def cursor_here(copy: Path) -> int | None:
    """Return up to which change this working copy goes, or the one that is being made; None where neither is there."""
    for folder in (copy, _aside(copy)):
        with suppress(IndexBrokenError):
            return published(folder).cursor
    return None


def is_usable(copy: Path) -> bool:
    """Tell whether there is a working copy that nobody has found broken."""
    return copy.is_dir() and not (copy / BROKEN).exists()


def remove_outdated(copy: Path) -> None:
    """Remove all but this working copy and the one before it, which readers hold until they look again."""
    others = [path for path in copies_folder().iterdir() if path.is_dir() and path != copy]
    for path in sorted(others, key=lambda folder: folder.stat().st_mtime, reverse=True)[KEPT_OTHERS:]:
        shutil.rmtree(path, ignore_errors=True)


def remove_copies() -> None:
    """Remove the working copies of this machine: they are made anew from what is sealed."""
    for path in copies_folder().glob("*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def nobody_writes() -> Iterator[bool]:
    """Tell whether nobody writes the working copies; inside, nobody begins to.

    Several processes look at once, so the lock is a shared one: filelock has none that the system lets go of.
    """
    try:
        file = (copies_folder() / WRITER_LOCK).open()
    except OSError:  # nobody ever did
        yield True
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            is_quiet = False
        else:
            is_quiet = True
        yield is_quiet


@contextmanager
def only_writer(*, waits: bool = True, look: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Keep other processes from writing a working copy. The system lets go of the lock when a process dies.

    While another one writes, `look` is asked every second how far it is; the wait lasts as long as that changes.

    Raises:
        WriterBusyError: another one writes, and got no further while this one waited, if it `waits`.
    """
    copies_folder().mkdir(parents=True, exist_ok=True)
    # No soft lock where a file system has no flock: that one would outlive a killed writer.
    lock = FileLock(copies_folder() / WRITER_LOCK, poll_interval=LOOK_SECONDS, fallback_to_soft=False)
    step = min(TRY_SECONDS, WAIT_SECONDS) if waits else 0.0
    seen, waited = None, 0.0
    while True:
        try:
            held = lock.acquire(timeout=step)
            break
        except Timeout as error:
            before, seen = seen, look() if waits else None
            waited = step + (waited if seen == before else 0.0)
            if not waits or waited >= WAIT_SECONDS:
                raise WriterBusyError from error
    with held:
        yield
