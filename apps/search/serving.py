"""The door to the search index in memory: each process opens the live release by itself, without a restart.

A process only reads. It prefers the working copy of a release, goes on with the copy of the release before until the
new one has caught up with it, and reads the sealed files where there is no copy yet. Where the live release cannot be
read at all, a former one stands in, but only if it goes up to the last change of the catalogue: else it would show
books as they were, and the database, which answers then, does not.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from apps.catalog.selectors.changes import last_change_number
from apps.platform.services.errors import EpicmlError
from apps.releases.selectors.live import LiveRelease
from apps.releases.services.live_artifact import follow
from apps.releases.services.opening import ArtifactOpener, Held
from apps.search.engines.embedded.checking import damage_of
from apps.search.engines.embedded.folders import copy_folder, is_usable, mark_broken, nobody_writes, open_engine
from apps.search.engines.protocol import IndexBrokenError, IndexEngine, NoRoomError

KIND = "search_index"
LOOK_AT_FILES_EVERY = timedelta(seconds=5)  # a stat of each file, 0.1 ms in all

logger = logging.getLogger(__name__)


class IndexOpener(ArtifactOpener[IndexEngine]):
    """Open an index as it was sealed, or this machine's working copy of it, which sees every change of the catalogue.

    A working copy that is damaged is told of, so that it is made anew; what was read from it before answers on.
    """

    kind = KIND
    title = "Search index"
    check_every = timedelta(seconds=0.5)  # a promotion is seen after this long; a request in between asks no database
    retry_after = timedelta(seconds=5)  # verifying sealed files reads all of them

    def __init__(self) -> None:
        self._tell: list[Callable[[datetime], None]] = []
        self.reset()

    def reset(self) -> None:
        """Forget what was seen of files so far."""
        self._looked_at_files_at: datetime | None = None
        self._damage = ""

    def tell_of_damage(self, tell: Callable[[datetime], None]) -> None:
        """Call this from now on when a process finds the working copy damaged."""
        if tell not in self._tell:
            self._tell.append(tell)

    def open(self, release: LiveRelease, folder: Path) -> IndexEngine:
        """Open the sealed files; refuse those that go further than the catalogue, as after a restore of the database.

        Raises:
            IndexBrokenError: they cannot be read, or were made from changes that this database has not.
        """
        engine, last = open_engine(folder), last_change_number()
        if engine.cursor > last:
            raise IndexBrokenError(folder, f"it goes up to change {engine.cursor}, the catalogue only to {last}")
        return engine

    def working_copy(self, key: str, sha256: str, now: datetime) -> IndexEngine | None:
        """Open the working copy, unless it is not there or known to be broken.

        Raises:
            IndexBrokenError: it cannot be opened; where it is damaged, whoever registered was told.
        """
        copy = copy_folder(key, sha256)
        if not is_usable(copy):
            return None
        try:
            return open_engine(copy)
        except IndexBrokenError:
            self._look_for_damage(copy, now, anew=True)
            raise

    def may_serve(self, found: IndexEngine, held: Held[IndexEngine] | None) -> bool:
        """Refuse what is behind the copy that is open, or ahead of the catalogue."""
        is_behind = held is not None and held.is_copy and found.cursor < held.opened.cursor
        return not is_behind and found.cursor <= last_change_number()

    def is_candidate(self, release: LiveRelease) -> bool:
        """Tell whether its sealed files hold the last change."""
        return bool(release.manifest.get("cursor") == last_change_number())

    def may_stand_in(self, found: IndexEngine) -> bool:
        """Tell whether it shows every book as it is."""
        return found.cursor == last_change_number()

    def waits_for_copy(self, held: Held[IndexEngine]) -> bool:
        """Go on with what is open, but for sealed files that stand in: nobody brings those up to a later change."""
        return held.is_copy or not held.stands_in or self.may_stand_in(held.opened)

    def is_stuck(self, opened: IndexEngine) -> bool:
        """Tell whether it could not follow what was published."""
        return opened.is_stuck

    def refresh(self, opened: IndexEngine) -> None:
        """See what was published up to now."""
        opened.refresh()

    def inspect(self, held: Held[IndexEngine], now: datetime) -> None:
        """Look after the files of the working copy once in a while."""
        looked_at = self._looked_at_files_at
        if looked_at is None or abs(now - looked_at) >= LOOK_AT_FILES_EVERY:  # a clock may be set back
            self._looked_at_files_at = now
            self._look_for_damage(copy_folder(*held.name), now)

    def on_damage(self, held: Held[IndexEngine], error: EpicmlError, now: datetime, *, is_repeated: bool) -> None:
        """Have a working copy made anew that is damaged, or fails again though its files are right."""
        if held.is_copy:
            self._look_for_damage(copy_folder(*held.name), now, failure=error.message if is_repeated else "", anew=True)

    def lacks_room(self, error: Exception) -> bool:
        """Tell whether there was no room for the private files of a process."""
        return isinstance(error, NoRoomError)

    def _look_for_damage(self, copy: Path, now: datetime, *, failure: str = "", anew: bool = False) -> None:
        """Mark this working copy where it is damaged, gone or failed again, and tell whoever registered."""
        with nobody_writes() as quiet:  # what is half written is not damaged, and what is made anew not gone
            is_there = copy.is_dir()
            if not quiet or (is_there and not is_usable(copy)):  # told already
                return
            damage = failure or damage_of(copy, anew=anew)
            is_news = bool(damage) and (mark_broken(copy, damage) or not is_there)
        if damage and damage != self._damage:
            logger.error("The working copy %s is damaged and will be made anew: %s", copy.name, damage)
        self._damage = damage
        if is_news:
            for tell in self._tell:
                tell(now)


opener = IndexOpener()
indexes = follow(opener)
