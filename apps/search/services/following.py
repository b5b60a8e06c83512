"""The working copy of a host follows the catalogue by its own cursor, whichever host runs the jobs."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from apps.catalog.selectors.changes import last_change_number
from apps.jobs.services.runner.following import HostTurn
from apps.releases.selectors.live import live_key, live_release
from apps.search.engines.embedded.folders import WriterBusyError, copy_folder, damage_mark
from apps.search.engines.embedded.publication import PUBLISHED, Stamp, published_stamp
from apps.search.services import verifying
from apps.search.services.releasing import catch_up
from apps.search.serving import KIND

# What no cheap look shows: files that went bad, sealed files that are sound again, a database that was replaced.
AGAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Copy:
    """Of the working copy of the live release, as far as two stats of files tell it."""

    published: Stamp | None
    damage: tuple[str, datetime] | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a host follows, and how far its working copy is: as long as it stays so there is nothing to do."""

    last_change: int
    live: tuple[str, str] | None
    copy: _Copy | None


class IndexFollower:
    """Applies changes of the catalogue to the working copy of this host within a fifth of a second."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._settled: _Seen | None = None
        self._again_at = 0.0
        self._verified_at = monotonic()

    def turn(self, turn: HostTurn) -> bool:
        """Bring the working copy up to the last change where it is behind, gone or damaged; look at all files at times.

        False where a job of this host writes it: the next turn looks again.

        Raises:
            EpicmlError: it cannot be brought up to date.
        """
        if self._monotonic() - self._verified_at >= verifying.EVERY.total_seconds():
            self._verify()
        live, last = live_key(KIND), last_change_number()
        seen = _Seen(last, live, _copy_of(live))
        if seen == self._settled and self._monotonic() < self._again_at:
            return True
        try:
            catch_up(now=turn.now(), progress=lambda *_: turn.stop_if_asked(), waits=False)
        except WriterBusyError:
            return False
        self._settled = _Seen(last, live, _copy_of(live))
        self._again_at = self._monotonic() + AGAIN_SECONDS
        return True

    def _verify(self) -> None:
        self._verified_at = self._monotonic()
        release = live_release(KIND)
        if release is not None:
            with suppress(WriterBusyError):
                verifying.mark_damage(release)


def _copy_of(live: tuple[str, str] | None) -> _Copy | None:
    if live is None:
        return None
    folder = copy_folder(*live)
    return _Copy(published_stamp(folder / PUBLISHED), damage_mark(folder))
