"""The index that this process answers from: opened once, seen anew after every commit, changed when the release is.

A process only reads. It prefers the working copy of the live release, goes on with the copy of the release before until
the new one has caught up with it, and reads the sealed artifact where there is no copy yet. Where the live release
cannot be read at all, the newest former one stands in, but only if it goes up to the last change of the catalogue: else
it would show books as they were, and the database, which answers then, does not.

Who finds an index open goes on with it while one thread looks for a newer one; who finds none waits for the thread that
opens it. A working copy that is damaged is told of, so that it is made anew; what was read from it before answers on.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from apps.catalog.selectors.changes import last_change_number
from apps.platform.services.errors import EpicmlError
from apps.releases.selectors.live import LiveRelease, former_releases, live_key, live_release
from apps.releases.services.files import artifact_path
from apps.search.engines.embedded.checking import damage_of
from apps.search.engines.embedded.folders import (
    copy_folder,
    is_usable,
    mark_broken,
    nobody_writes,
    open_engine,
)
from apps.search.engines.protocol import IndexBrokenError, IndexEngine, NoRoomError

KIND = "search_index"
NEVER_PROMOTED = "No search index was promoted yet."
CHECK_EVERY = timedelta(seconds=0.5)  # a promotion is seen after this long; a request in between asks no database
LOOK_AT_FILES_EVERY = timedelta(seconds=5)  # a stat of each file, 0.1 ms in all
RETRY_AFTER = timedelta(seconds=5)  # verifying a sealed artifact reads all of it
OPEN_SECONDS = 20.0  # longer than opening any index takes that fits on one machine

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenIndex:
    """An open index and what it is of."""

    engine: IndexEngine
    release: str
    folder: Path
    sealed: bool
    stands_in: bool = False


@dataclass(slots=True)
class _State:
    index: OpenIndex | None = None
    problem: str = NEVER_PROMOTED
    lacks_room: bool = False
    checked_at: datetime | None = None
    nothing_opens: bool = False
    looked_at_files_at: datetime | None = None
    looked_back_at: datetime | None = None
    broke_at: datetime | None = None
    damage: str = ""
    failed_at: dict[Path, datetime] = field(default_factory=dict)


_state = _State()
_lock = threading.Lock()
_on_damage: list[Callable[[datetime], None]] = []


def on_damage(tell: Callable[[datetime], None]) -> None:
    """From now on this is called when a process finds the working copy damaged."""
    if tell not in _on_damage:
        _on_damage.append(tell)


def live_index(*, now: datetime) -> OpenIndex | None:
    """The index to answer from, as it is now; None where none can be read, and problem() says why."""
    if _is_due(_state.checked_at, now, CHECK_EVERY):
        _look(now)
    index = _state.index
    if index is None:
        return None
    try:
        index.engine.refresh()
    except IndexBrokenError as error:  # it goes on with what it saw before
        logger.warning("%s", error.message)
        _state.problem, _state.checked_at = error.message, None  # the next look opens it anew
        _tell_of_damage(index.folder, now, anew=True)
    return index


def problem() -> str:
    """Why live_index() answers None, in a sentence."""
    return _state.problem


def lacks_room() -> bool:
    """Whether what is there was not opened only because there is no room for it."""
    return _state.lacks_room


def forget_broken(index: OpenIndex, error: EpicmlError, *, now: datetime) -> None:
    """This process stops using the index that failed in the middle of an answer, and opens one anew.

    At once the first time, for files that are read back wrongly mend so; after a while where that did not help.
    """
    with _lock:
        if _state.index is not index:  # another thread was here first
            return
        logger.error("%s", error.message)
        again = not _is_due(_state.broke_at, now, RETRY_AFTER)
        _state.index, _state.checked_at, _state.nothing_opens, _state.broke_at = None, None, False, now
        if again:
            _state.problem = error.message
            _state.failed_at[Path(index.release) if index.sealed else index.folder] = now
    if not index.sealed:
        _tell_of_damage(index.folder, now, failure=error.message if again else "", anew=True)


def reset_live_index() -> None:
    """Nothing is open: the next call looks for the live release. For tests."""
    global _state
    with _lock:
        _state = _State()


def _look(now: datetime) -> None:
    """The state is that of now, or another thread is at it."""
    must_wait = _state.index is None and not _state.nothing_opens
    if not _lock.acquire(timeout=OPEN_SECONDS if must_wait else 0):
        return
    try:
        if _is_due(_state.checked_at, now, CHECK_EVERY):
            _check(now)
            _state.nothing_opens, _state.checked_at = _state.index is None, now
    finally:
        _lock.release()


def _check(now: datetime) -> None:
    release = live_key(KIND)
    if release is None:
        _state.index, _state.problem = None, NEVER_PROMOTED
        return
    copy, current = copy_folder(*release), _state.index
    if current is None or current.folder != copy or current.engine.is_stuck:
        _state.index = _working_copy(copy, release[0], now) or _kept(current) or _sealed_index(now) or _former(now)
    elif _is_due(_state.looked_at_files_at, now, LOOK_AT_FILES_EVERY):
        _state.looked_at_files_at = now
        _tell_of_damage(copy, now)


def _tell_of_damage(copy: Path, now: datetime, *, failure: str = "", anew: bool = False) -> None:
    """Where this working copy is damaged, gone, or failed more than once, it is marked and whoever registered knows."""
    with nobody_writes() as quiet:  # what is half written is not damaged, and what is made anew not gone
        is_there = copy.is_dir()
        if not quiet or (is_there and not is_usable(copy)):  # told already
            return
        damage = failure or damage_of(copy, anew=anew)
        is_news = bool(damage) and (mark_broken(copy, damage) or not is_there)
    if damage and damage != _state.damage:
        logger.error("The working copy %s is damaged and will be made anew: %s", copy.name, damage)
    _state.damage = damage
    if is_news:
        for tell in _on_damage:
            tell(now)


def _working_copy(folder: Path, key: str, now: datetime) -> OpenIndex | None:
    """The working copy of the live release, unless it is not ready or still behind the one that is open."""
    if not is_usable(folder) or not _is_due(_state.failed_at.get(folder), now, RETRY_AFTER):
        return None
    try:
        engine = open_engine(folder)
    except IndexBrokenError as error:
        _note_failure(folder, error, now)
        _tell_of_damage(folder, now, anew=True)
        return None
    _state.lacks_room = False
    current = _state.index
    is_behind = current is not None and not current.sealed and engine.cursor < current.engine.cursor
    return None if is_behind or _is_ahead(engine) else OpenIndex(engine, key, folder, sealed=False)


def _is_ahead(engine: IndexEngine) -> bool:
    """Whether it goes further than the catalogue, as after the database was replaced by an older copy of it."""
    return engine.cursor > last_change_number()


def _kept(current: OpenIndex | None) -> OpenIndex | None:
    """What is open goes on, but for sealed files that stand in: nobody brings those up to a change that came since."""
    if current is None or not (current.stands_in and current.sealed):
        return current
    return current if current.engine.cursor == last_change_number() else None


def _sealed_index(now: datetime) -> OpenIndex | None:
    release = live_release(KIND)
    if release is None:
        return None
    place = Path(release.key)
    if not _is_due(_state.failed_at.get(place), now, RETRY_AFTER):
        return None
    try:
        folder = artifact_path(release)
        engine = open_engine(folder)
    except EpicmlError as error:
        _note_failure(place, error, now)
        return None
    return None if _is_ahead(engine) else OpenIndex(engine, release.key, folder, sealed=True)


def _former(now: datetime) -> OpenIndex | None:
    """The release that was live last and can be read up to the last change of the catalogue."""
    if not _is_due(_state.looked_back_at, now, RETRY_AFTER):
        return None
    _state.looked_back_at = now
    last = last_change_number()
    for release in former_releases(KIND):
        try:
            found = _former_copy(release, last) or _former_sealed(release, last)
        except EpicmlError as error:
            logger.warning("Search index %s cannot stand in: %s", release.key, error.message)
            continue
        if found is not None:
            return found
    return None


def _former_copy(release: LiveRelease, last: int) -> OpenIndex | None:
    folder = copy_folder(release.key, release.sha256)
    if not is_usable(folder):
        return None
    engine = open_engine(folder)
    return OpenIndex(engine, release.key, folder, sealed=False, stands_in=True) if engine.cursor == last else None


def _former_sealed(release: LiveRelease, last: int) -> OpenIndex | None:
    if release.manifest.get("cursor") != last:
        return None
    folder = artifact_path(release)
    return OpenIndex(open_engine(folder), release.key, folder, sealed=True, stands_in=True)


def _note_failure(place: Path, error: EpicmlError, now: datetime) -> None:
    logger.error("%s", error.message)
    _state.problem = error.message
    _state.lacks_room = isinstance(error, NoRoomError)
    _state.failed_at[place] = now


def _is_due(last: datetime | None, now: datetime, every: timedelta) -> bool:
    # A clock that was set back must not stop the looking; requests of one moment read it in any order.
    return last is None or abs(now - last) >= every
