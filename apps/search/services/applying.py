"""Bringing the working copy of the live index up to the last change of the catalogue."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from apps.catalog.selectors.books import BookCard, live_cards
from apps.catalog.selectors.changes import change_stamp, changes_after, last_change_number
from apps.jobs.services.queue import enqueue
from apps.releases.selectors.live import LiveRelease, former_releases, live_release
from apps.releases.services.files import ArtifactCorruptError, artifact_path
from apps.search.engines.database import book_text
from apps.search.engines.embedded import folders
from apps.search.engines.embedded.writer import IndexWriter
from apps.search.engines.protocol import IndexBrokenError, IndexedBook
from apps.search.selectors.live_index import KIND

logger = logging.getLogger(__name__)

JOB = "search.apply_changes"
BATCH = 1000  # changes per commit; one commit costs about 20 ms

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Applied:
    """What was brought into the working copy, and up to which change it goes now."""

    release: str
    changes: int
    cursor: int
    remade: bool


def queue_changes(last_number: int, now: datetime) -> None:
    """The change will be applied once its transaction commits; any number of changes wait as one job."""
    enqueue(JOB, key=JOB, now=now)


def queue_for_release(release: LiveRelease, now: datetime) -> None:
    """The working copy of the release that goes live will be made, and caught up."""
    enqueue(JOB, key=JOB, now=now)


def apply_changes(*, progress: Progress | None = None) -> Applied | None:
    """The working copy of the live release goes up to the last change; None where nothing is live.

    Where the live one has neither a sound copy nor sound files, the newest former one that has goes up to it instead,
    so that it can answer without showing a book as it was. Safe to run twice: a commit holds both the books and the
    number of the change up to which they go.

    Raises:
        IndexOfOtherFormError: the live release was made by another version, whose tokens are not these.
    """
    release = live_release(KIND)
    if release is None:
        return None
    with folders.only_writer():
        try:
            return _caught_up(release, progress)
        except (ArtifactCorruptError, IndexBrokenError):
            logger.exception("The working copy of %s cannot be made", release.key)
            applied = _former_caught_up(progress)
            if applied is None:
                raise
            return applied


def settle_copies(*, now: datetime) -> str:
    """After a restore: no working copy of this machine follows the database of before, and a new one is queued."""
    folders.remove_copies()
    queue_changes(0, now)
    return "Working copies of the search index are made anew by the first runner."


def _former_caught_up(progress: Progress | None) -> Applied | None:
    for former in former_releases(KIND):
        try:
            return _caught_up(former, progress)
        except (ArtifactCorruptError, IndexBrokenError) as error:
            logger.warning("Nor that of %s: %s", former.key, error.message)
    return None


def _caught_up(release: LiveRelease, progress: Progress | None) -> Applied:
    copy = folders.copy_folder(release.key, release.sha256)
    cursor = _readable_cursor(copy)
    remade = cursor is None
    changes, cursor = _remake(release, copy, progress) if cursor is None else _replay(copy, cursor, progress)
    folders.remove_outdated(copy)
    return Applied(release=release.key, changes=changes, cursor=cursor, remade=remade)


def indexed_book(card: BookCard) -> IndexedBook:
    """What the index keeps of this book."""
    return IndexedBook(id=card.id, text=book_text(card), age_band=card.age_band, popularity=card.popularity)


def _readable_cursor(copy: Path) -> int | None:
    """Up to which change a sound working copy goes; None where there is none."""
    if not folders.is_usable(copy):
        return None
    try:
        cursor = folders.read_cursor(copy)
    except IndexBrokenError:
        return None
    if cursor <= last_change_number() and _is_of_this_catalogue(copy):
        return cursor
    folders.mark_broken(copy)
    return None


def _is_of_this_catalogue(copy: Path) -> bool:
    """False where the database was replaced by an older copy of itself, and has given the same numbers once more."""
    stamp = folders.read_last_change(copy)
    return not stamp or stamp == change_stamp(int(stamp.split()[0]))


def _remake(release: LiveRelease, copy: Path, progress: Progress | None) -> tuple[int, int]:
    """Copied from the sealed artifact and caught up aside, so that no reader meets a copy that is behind."""
    sealed = artifact_path(release)
    folders.read_lexicon(sealed)  # an index of another version is refused before all of it is copied
    with folders.new_copy(sealed, copy) as aside:
        cursor, last = folders.read_cursor(aside), last_change_number()
        if cursor > last:
            raise IndexBrokenError(aside, f"it goes up to change {cursor}, the catalogue only to {last}; rebuild it")
        return _replay(aside, cursor, progress)


def _replay(copy: Path, cursor: int, progress: Progress | None) -> tuple[int, int]:
    """How many changes past the cursor were applied, and the new cursor."""
    first, last = cursor, last_change_number()
    if cursor >= last:
        return 0, cursor
    writer = IndexWriter(copy / folders.INDEX)
    count = 0
    try:
        # Only as far as the log went at the start: what is written meanwhile has queued a job of its own, and a writer
        # that never pauses would keep this from ending.
        while cursor < last and (changes := changes_after(cursor, limit=BATCH)):
            # The books as they are now, whatever each change was: a later one is then applied twice, to no harm.
            cards = live_cards(sorted({change.book_id for change in changes}))
            writer.remove(change.book_id for change in changes)
            writer.replace(indexed_book(card) for card in cards)
            cursor = changes[-1].number
            writer.commit(cursor)
            folders.write_last_change(copy, change_stamp(cursor))
            count += len(changes)
            if progress:
                progress(cursor - first, max(last - first, cursor - first), f"change {cursor}")
    finally:
        writer.close()
    return count, cursor
