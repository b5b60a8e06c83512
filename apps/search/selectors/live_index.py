"""The index that this process answers from: opened once, seen anew after every commit, changed when the release is.

A process only reads. It prefers the working copy of the live release, goes on with the copy of the release before until
the new one has caught up with it, and reads the sealed artifact where there is no copy yet. Where the live release
cannot be read at all, the newest former one stands in, but only if it goes up to the last change of the catalogue: else
it would show books as they were, and the database, which answers then, does not.
"""

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from apps.catalog.selectors.changes import last_change_number
from apps.platform.services.errors import EpicmlError
from apps.releases.selectors.live import LiveRelease, former_releases, live_key, live_release
from apps.releases.services.files import artifact_path
from apps.search.engines.embedded.folders import copy_folder, is_usable, mark_broken, open_engine
from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.engines.protocol import IndexBrokenError

KIND = "search_index"
NEVER_PROMOTED = "No search index was promoted yet."
CHECK_EVERY = timedelta(seconds=0.5)  # a promotion is seen after this long; a request in between asks no database
RETRY_AFTER = timedelta(seconds=5)  # verifying a sealed artifact reads all of it

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenIndex:
    """An open index and what it is of."""

    engine: EmbeddedEngine
    release: str
    folder: Path
    sealed: bool
    stands_in: bool = False


@dataclass(slots=True)
class _State:
    index: OpenIndex | None = None
    problem: str = NEVER_PROMOTED
    checked_at: datetime | None = None
    looked_back_at: datetime | None = None
    failed_at: dict[Path, datetime] = field(default_factory=dict)


_state = _State()
_lock = threading.Lock()


def live_index(*, now: datetime) -> OpenIndex | None:
    """The index to answer from, as it is now; None where none can be read, and problem() says why."""
    if _is_due(_state.checked_at, now, CHECK_EVERY):
        with _lock:
            _check(now)
    index = _state.index
    if index is None:
        return None
    try:
        index.engine.refresh()
    except IndexBrokenError as error:
        forget_broken(index, error, now=now)
        return None
    return index


def problem() -> str:
    """Why live_index() answers None, in a sentence."""
    return _state.problem


def forget_broken(index: OpenIndex, error: EpicmlError, *, now: datetime) -> None:
    """This process stops using the index that was found broken; a working copy will be made anew."""
    if not index.sealed:
        mark_broken(index.folder)
    with _lock:
        _note_failure(Path(index.release) if index.sealed else index.folder, error, now)
        if _state.index is index:
            _state.index = None


def reset_live_index() -> None:
    """Nothing is open: the next call looks for the live release. For tests."""
    global _state
    with _lock:
        _state = _State()


def _check(now: datetime) -> None:
    _state.checked_at = now
    release = live_key(KIND)
    if release is None:
        _state.index, _state.problem = None, NEVER_PROMOTED
        return
    copy, current = copy_folder(*release), _state.index
    if current is None or current.folder != copy:
        _state.index = _working_copy(copy, release[0], now) or _kept(current) or _sealed_index(now) or _former(now)


def _working_copy(folder: Path, key: str, now: datetime) -> OpenIndex | None:
    """The working copy of the live release, unless it is not ready or still behind the one that is open."""
    if not is_usable(folder) or not _is_due(_state.failed_at.get(folder), now, RETRY_AFTER):
        return None
    try:
        engine = open_engine(folder)
    except IndexBrokenError as error:
        _note_failure(folder, error, now)
        return None
    current = _state.index
    is_behind = current is not None and not current.sealed and engine.cursor < current.engine.cursor
    return None if is_behind or _is_ahead(engine) else OpenIndex(engine, key, folder, sealed=False)


def _is_ahead(engine: EmbeddedEngine) -> bool:
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
    _state.failed_at[place] = now


def _is_due(last: datetime | None, now: datetime, every: timedelta) -> bool:
    # A clock that was set back must not stop the looking.
    return last is None or not timedelta() <= now - last < every
