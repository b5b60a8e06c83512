"""Bring the working copy of this host up to the last change of the catalogue."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from apps.catalog.selectors.books import BookCard, live_cards
from apps.catalog.selectors.changes import change_stamp, changes_after, last_change_number
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.runner.following import follower_here
from apps.releases.selectors.live import LiveRelease, former_releases, live_release
from apps.releases.services.files import ArtifactCorruptError, artifact_path
from apps.search.engines.database import book_text
from apps.search.engines.embedded import folders
from apps.search.engines.embedded.checking import damage_of
from apps.search.engines.embedded.publication import INDEX, publish, published
from apps.search.engines.embedded.writer import IndexWriter
from apps.search.engines.protocol import IndexBrokenError, IndexedBook, IndexOfOtherFormError
from apps.search.serving import KIND

logger = logging.getLogger(__name__)

JOB = "search.apply_changes"
FOLLOWER = "search_index"
NO_COPY_HERE = "This machine answers nobody and keeps no working copy; machines that serve follow by themselves."
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
    """Have the change applied once its transaction commits; any number of changes wait as one job."""
    enqueue(JOB, key=JOB, now=now)


def queue_for_release(release: LiveRelease, now: datetime) -> None:
    """Have the working copy of the release that goes live made, and caught up."""
    enqueue(JOB, key=JOB, now=now)


def keeps_copy() -> bool:
    """Tell whether this host has a working copy to keep up: Celery workers run on hosts that answer nobody, too."""
    return not settings.REDIS_URL or follower_here(FOLLOWER) is not None


def apply_changes(*, progress: Progress | None = None, waits: bool = True) -> Applied | None:
    """Bring the working copy of the live release up to the last change; None where nothing is live.

    Where the live one has neither a sound copy nor sound files, the newest former one that has goes up to it instead,
    so that it can answer without showing a book as it was. Safe to run twice: a commit holds both the books and the
    number of the change up to which they go. What another process of this host does meanwhile is reported too.

    Raises:
        IndexOfOtherFormError: the live release was made by another version, whose tokens are not these.
        WriterBusyError: another process of this host writes, and this one does not wait or waited for long.
    """
    release = live_release(KIND)
    if release is None:
        return None
    copy = folders.copy_folder(release.key, release.sha256)
    with folders.only_writer(waits=waits, look=lambda: _watched(copy, progress)):
        try:
            return _caught_up(release, progress)
        except (ArtifactCorruptError, IndexBrokenError) as error:
            applied = _former_caught_up(progress)
            if applied is None:  # whoever called says it, and tries again
                raise
            message = "The working copy of %s cannot be made, so that of %s is brought up to date: %s"
            logger.warning(message, release.key, applied.release, error.message)
            return applied


def settle_copies(*, now: datetime) -> str:
    """Remove the working copies of this machine, which are of the database before a restore, and queue new ones."""
    folders.remove_copies()
    queue_changes(0, now)
    return "Working copies of the search index are made anew by the first runner."


def _watched(copy: Path, progress: Progress | None) -> int | None:
    """Report how far another process of this host has come, and return that."""
    cursor = folders.cursor_here(copy)
    if cursor is not None and progress:
        progress(cursor, max(cursor, last_change_number()), f"change {cursor}")
    return cursor


def _former_caught_up(progress: Progress | None) -> Applied | None:
    for former in former_releases(KIND):
        try:
            return _caught_up(former, progress)
        except (ArtifactCorruptError, IndexBrokenError):  # the next one, perhaps
            logger.debug("The working copy of %s cannot be made either", former.key, exc_info=True)
    return None


def _caught_up(release: LiveRelease, progress: Progress | None) -> Applied:
    copy = folders.copy_folder(release.key, release.sha256)
    applied = _replayed(copy, progress)
    changes, cursor = applied or _remake(release, copy, progress)
    folders.remove_outdated(copy)
    return Applied(release=release.key, changes=changes, cursor=cursor, remade=applied is None)


def _replayed(copy: Path, progress: Progress | None) -> tuple[int, int] | None:
    """Apply changes to the working copy that is there, and say how many; None where there is no sound one."""
    if not folders.is_usable(copy):
        return None
    damage = damage_of(copy) or _strangeness(copy)
    if damage:
        _mark_broken(copy, damage)
        return None
    try:
        folders.require_form(copy)
        return _replay(copy, published(copy).cursor, progress)
    except IndexOfOtherFormError:
        return None
    except IndexBrokenError:
        damage = damage_of(copy, anew=True)
        if not damage:  # a full disk, perhaps: the copy is as sound as before
            raise
        _mark_broken(copy, damage)
        return None


def _mark_broken(copy: Path, damage: str) -> None:
    if folders.mark_broken(copy, damage):
        logger.error("The working copy %s is made anew: %s", copy.name, damage)


def _strangeness(copy: Path) -> str:
    """Say how it differs from this catalogue where an older copy replaced the database; "" where it does not."""
    publication = published(copy)
    if publication.cursor > last_change_number():
        return f"it goes up to change {publication.cursor}, the catalogue only to {last_change_number()}"
    stamp = publication.last_change
    # The numbers are given once more after a restore.
    is_of_another = stamp and stamp != change_stamp(publication.cursor)
    return f"its change {publication.cursor} is another one in this database" if is_of_another else ""


def indexed_book(card: BookCard) -> IndexedBook:
    """Return what the index keeps of this book."""
    return IndexedBook(id=card.id, text=book_text(card), age_band=card.age_band, popularity=card.popularity)


def _remake(release: LiveRelease, copy: Path, progress: Progress | None) -> tuple[int, int]:
    """Copy the sealed artifact and catch up aside, so that no reader meets a copy that is behind."""
    sealed = artifact_path(release)
    folders.require_form(sealed)  # an index of another version is refused before all of it is copied
    cursor, last = folders.open_engine(sealed).cursor, last_change_number()
    with folders.new_copy(sealed, copy, cursor=cursor) as aside:
        if cursor > last:
            raise IndexBrokenError(aside, f"it goes up to change {cursor}, the catalogue only to {last}; rebuild it")
        return _replay(aside, cursor, progress)


def _replay(copy: Path, cursor: int, progress: Progress | None) -> tuple[int, int]:
    """Apply the changes past the cursor; return how many they were, and the new cursor."""
    first, last = cursor, last_change_number()
    if cursor >= last:
        return 0, cursor
    writer = IndexWriter(copy / INDEX)
    count = 0
    try:
        # Only as far as the log went at the start: what is written meanwhile has queued a job of its own, and a writer
        # that never pauses would keep this from ending.
        while cursor < last and (changes := changes_after(cursor, limit=BATCH)):
            # The books as they are now, whatever each change was: a later one is then applied twice, to no harm.
            cards = live_cards(sorted({change.book_id for change in changes}))
            writer.remove(change.book_id for change in changes)
            writer.replace(indexed_book(card) for card in cards)
            writer.commit(changes[-1].number)
            cursor = _published(copy, changes[-1].number)
            count += len(changes)
            if progress:
                progress(cursor - first, max(last - first, cursor - first), f"change {cursor}")
    finally:
        writer.close()
        if cursor > first:
            _published(copy, cursor)  # segments were merged since, perhaps
    return count, cursor


def _published(copy: Path, cursor: int) -> int:
    publish(copy, cursor=cursor, last_change=change_stamp(cursor))
    return cursor
