"""The artifacts that this process has open: which release is live is followed, without a restart and without a wait.

At most once in `check_every` one query looks what is live. One thread opens it, after its SHA-256 was found right, and
puts it in the place of the one before; the others go on with what there is, and only who finds nothing at all waits for
that thread. What cannot be opened is not read anew at every request. Until it can be, what is open goes on, or the
newest former release that is sound stands in. What object storage has and this machine has not is fetched in a thread
of its own: no request waits for it.

Beside the live release others are open by their key, for whoever names one: an arm of an experiment, a page that
compares two. They are few, and go when nobody asked for them for a while or their files are gone; what an answer still
uses lives as long as the answer.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from apps.platform.services.errors import EpicmlError
from apps.releases import artifacts
from apps.releases.selectors.live import (
    LiveRelease,
    followed_keys,
    former_releases,
    kept_keys,
    live_release,
    release_with_files,
)
from apps.releases.services.opening import ArtifactOpener, ArtifactState, Held, Named

OPEN_SECONDS = 20.0  # longer than opening anything takes that fits on one machine
MOST_BESIDE = 3  # beside the live one; each may hold as much memory as that
BESIDE_FOR = timedelta(minutes=10)  # after somebody last asked for it
UNOPENABLE = (EpicmlError, ValueError, OSError)

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Failure:
    error: Exception
    at: datetime | None  # None while it is being fetched: it is tried at every look


@dataclass(slots=True)
class _Open(Generic[T]):
    """All that changes."""

    held: Held[T] | None = None
    live: Named | None = None
    checked_at: datetime | None = None
    nothing_opens: bool = False
    looked_back: tuple[Named, datetime] | None = None
    broke_at: dict[str, datetime] = field(default_factory=dict)
    failures: dict[Named, _Failure] = field(default_factory=dict)
    beside: dict[str, Held[T]] = field(default_factory=dict)
    asked_at: dict[str, datetime] = field(default_factory=dict)
    fetch: artifacts.Fetch | None = None


class LiveArtifact(Generic[T]):
    """What this process has open of one kind of release."""

    def __init__(self, opener: ArtifactOpener[T]) -> None:
        self.opener = opener
        self._lock = threading.Lock()
        self._open: _Open[T] = _Open()
        self._check_every = opener.check_every
        self._refreshes = type(opener).refresh is not ArtifactOpener.refresh

    def current(self, now: datetime) -> T | None:
        """Return what to answer with at this moment; None where nothing is live, or nothing of it could be opened."""
        checked_at = self._open.checked_at  # asked by every request, and so without a call
        if self._refreshes or checked_at is None or abs(now - checked_at) >= self._check_every:
            held = self.held(now)
        else:
            held = self._open.held
        return held.opened if held is not None else None

    def held(self, now: datetime) -> Held[T] | None:
        """Return the same, with the release that it is of."""
        if _is_due(self._open.checked_at, now, self._check_every):
            self._look(now)
        held = self._open.held
        if held is not None and self._refreshes:
            self._refresh(held, now)
        return held

    def by_key(self, key: str, now: datetime) -> T | None:
        """Return the release of this key, live or not; None where it has no files, or they cannot be opened (yet)."""
        held = self.held_by_key(key, now)
        return held.opened if held is not None else None

    def held_by_key(self, key: str, now: datetime) -> Held[T] | None:
        """Return the same, with what is known of it."""
        live, state = self.held(now), self._open
        state.asked_at[key] = now
        if live is not None and live.key == key:
            return live
        if not self._goes_on(key) and not self._failed_lately((key, ""), now):
            self._open_beside(key, now)
        found = state.beside.get(key)
        if found is not None and self._refreshes:
            self._refresh(found, now)
        return found

    def warm(self, now: datetime, *, clock: Callable[[], float] = time.monotonic) -> T | None:
        """Return the same as current(), after what is being fetched has come; for a process that nobody asks yet."""
        until, found = clock() + OPEN_SECONDS, self.current(now)
        while found is None and (fetch := self._open.fetch) is not None and clock() < until:
            fetch.join(max(until - clock(), 0.0))
            self._open.checked_at = None
            found = self.current(now)
        return found

    def forget(self, opened: T, error: EpicmlError, *, now: datetime) -> None:
        """Stop using what failed in the middle of an answer, and open it anew.

        At once the first time, for files that were read wrongly mend so; after a while where that did not help.
        """
        with self._lock:
            state = self._open
            held = next((one for one in (state.held, *state.beside.values()) if one and one.opened is opened), None)
            if held is None:  # another thread was here first
                return
            logger.error("%s", error.message)
            again = not _is_due(state.broke_at.get(held.key), now, self.opener.retry_after)
            state.broke_at[held.key] = now
            state.beside.pop(held.key, None)
            if held is state.held:
                state.held, state.checked_at, state.nothing_opens = None, None, False
            if again:
                state.failures[_place(held)] = _Failure(error, now)
        self.opener.on_damage(held, error, now, is_repeated=again)

    def state(self) -> ArtifactState:
        """Return what is served, as of the last look."""
        state, held = self._open, self._open.held
        key, sha256 = state.live or (None, "")
        failure, copy_failure = self._why_not(held, state.live) if state.live else (None, None)
        told = failure or copy_failure
        return ArtifactState(
            kind=self.opener.kind,
            served=held.key if held else None,
            live=key,
            failure=str(failure.error) if failure else "",
            copy_failure=str(copy_failure.error) if copy_failure else "",
            lacks_room=told is not None and self.opener.lacks_room(told.error),
            live_sha256=sha256,
            stands_in=held is not None and held.stands_in,
            beside=tuple(sorted(state.beside)),
        )

    def reset(self) -> None:
        """Hold nothing: the next call looks what is live."""
        with self._lock:
            self._open = _Open()
            self.opener.reset()

    def _why_not(self, held: Held[T] | None, live: Named) -> tuple[_Failure | None, _Failure | None]:
        """Return what kept the live release from being open, and what kept its working copy from it."""
        failures, is_open = self._open.failures, held is not None and held.name == live
        if held is not None and is_open and held.is_copy and not self.opener.is_stuck(held.opened):
            return None, None
        return None if is_open else failures.get(live), failures.get(_copy_place(live))

    def _look(self, now: datetime) -> None:
        state = self._open
        must_wait = state.held is None and not state.nothing_opens
        if not self._lock.acquire(timeout=OPEN_SECONDS if must_wait else 0):
            return
        try:
            if _is_due(self._open.checked_at, now, self._check_every):
                self._follow(now)
                self._open.nothing_opens, self._open.checked_at = self._open.held is None, now
        finally:
            self._lock.release()

    def _refresh(self, held: Held[T], now: datetime) -> None:
        try:
            self.opener.refresh(held.opened)
        except EpicmlError as error:  # it goes on with what it saw before; the next look opens it anew
            logger.warning("%s", error.message)
            self._open.failures[_place(held)] = _Failure(error, now - self.opener.retry_after)
            self._open.checked_at = None
            self.opener.on_damage(held, error, now, is_repeated=False)

    def _follow(self, now: datetime) -> None:
        state, opener, held = self._open, self.opener, self._open.held
        state.live, with_files = followed_keys(opener.kind, tuple(state.beside))
        self._let_go(with_files, now)
        if state.live is None:
            state.held = None
            return
        is_live = held is not None and held.name == state.live
        if held is not None and is_live and held.stands_in:
            held = state.held = replace(held, stands_in=False)
        if held is not None and is_live and held.is_copy and not opener.is_stuck(held.opened):
            opener.inspect(held, now)
            return
        found = self._copy_of(state.live, now, instead=held)
        if found is None and held is not None and (is_live or opener.waits_for_copy(held)):
            found = held
        found = found or self._live_files(now) or self._stand_in(state.live, now)
        if found is None and held is not None and opener.may_stand_in(held.opened):
            found = replace(held, stands_in=True)
        self._exchange(found, now)

    def _exchange(self, found: Held[T] | None, now: datetime) -> None:
        state, before = self._open, self._open.held
        state.held = found
        if found is None or (before is not None and found.opened is before.opened):
            return
        if before is not None and before.key in state.asked_at:
            self._keep_beside(before, now)
        state.beside.pop(found.key, None)
        logger.info("%s %s is open%s", self.opener.title, found.key, " and stands in" if found.stands_in else "")
        if artifacts.keeps_copies():
            artifacts.drop_cached(self.opener.kind, kept=kept_keys(self.opener.kind))

    def _keep_beside(self, found: Held[T], now: datetime) -> None:
        state = self._open
        state.beside.pop(found.key, None)
        while len(state.beside) >= MOST_BESIDE:
            del state.beside[min(state.beside, key=lambda key: state.asked_at.get(key, now))]
        state.beside[found.key] = found

    def _let_go(self, with_files: Mapping[str, str], now: datetime) -> None:
        """Close what nobody asks for any more, or has no files; what failed long ago is forgotten."""
        state = self._open
        told = (state.live, _copy_place(state.live)) if state.live else ()
        for key, asked_at in list(state.asked_at.items()):
            if _is_due(asked_at, now, BESIDE_FOR):
                del state.asked_at[key]
        for key, held in list(state.beside.items()):
            if with_files.get(key) != held.sha256 or key not in state.asked_at:
                del state.beside[key]
        for place, failure in list(state.failures.items()):
            if failure.at is not None and _is_due(failure.at, now, self.opener.retry_after) and place not in told:
                del state.failures[place]
        if state.fetch is not None and not state.fetch.is_alive():
            if state.fetch.error is not None:
                state.failures[state.fetch.artifact[1:]] = _Failure(state.fetch.error, now)
            state.fetch = None

    def _copy_of(self, release: Named, now: datetime, *, instead: Held[T] | None = None) -> Held[T] | None:
        """Return the working copy of a release where it is ready, and may be served `instead` of what is open."""
        place = _copy_place(release)
        if self._failed_lately(place, now):
            return None
        try:
            opened = self.opener.working_copy(*release, now)
        except UNOPENABLE as error:
            self._note_failure(place, error, now)
            return None
        if opened is None:
            return None
        self._open.failures.pop(place, None)
        return Held(opened, *release, is_copy=True) if self.opener.may_serve(opened, instead) else None

    def _live_files(self, now: datetime) -> Held[T] | None:
        if self._open.live is None or self._failed_lately(self._open.live, now):
            return None
        release = live_release(self.opener.kind)
        if release is None:
            return None
        self._open.live = (release.key, release.sha256)  # another may have been promoted since the look
        found = self._sealed_files(release, now)
        return found if found and self.opener.may_serve(found.opened, self._open.held) else None

    def _sealed_files(self, release: LiveRelease, now: datetime) -> Held[T] | None:
        name = (release.key, release.sha256)
        known = self._open.beside.get(release.key)
        if known is not None and known.name == name:
            return known
        if self._failed_lately(name, now):
            return None
        try:
            folder = artifacts.open_at_hand(release.kind, release.key, release.sha256)
            opened = self.opener.open(release, folder)
        except artifacts.NotAtHandError as error:
            self._open.failures[name] = _Failure(error, None)
            if self._open.fetch is None:
                self._open.fetch = artifacts.fetch_in_background(release.kind, *name)
            return None
        except UNOPENABLE as error:
            self._note_failure(name, error, now)
            return None
        self._open.failures.pop(name, None)
        return Held(opened, *name)

    def _stand_in(self, live: Named, now: datetime) -> Held[T] | None:
        """Return the former release to serve; all are tried once in a while, and at every look while one is fetched."""
        state = self._open
        looked_at = state.looked_back[1] if state.looked_back is not None and state.looked_back[0] == live else None
        if not _is_due(looked_at, now, self.opener.retry_after):
            return None
        found = self._newest_sound(now)
        state.looked_back = (live, now) if state.fetch is None else None
        return found

    def _newest_sound(self, now: datetime) -> Held[T] | None:
        """Return the release that was live last among those that can be opened and may stand in, or is in memory."""
        held, opener = self._open.held, self.opener
        for release in former_releases(opener.kind):
            name = (release.key, release.sha256)
            if held is not None and held.name == name and opener.may_stand_in(held.opened):
                return replace(held, stands_in=True)
            found = self._copy_of(name, now)
            if found is None and opener.is_candidate(release):
                found = self._sealed_files(release, now)
            if found is not None and opener.may_stand_in(found.opened):
                return replace(found, stands_in=True)
        return None

    def _goes_on(self, key: str) -> bool:
        found = self._open.beside.get(key)
        return found is not None and not self.opener.is_stuck(found.opened)

    def _open_beside(self, key: str, now: datetime) -> None:
        if not self._lock.acquire(timeout=0 if key in self._open.beside else OPEN_SECONDS):
            return
        try:
            state = self._open
            if self._goes_on(key) or self._failed_lately((key, ""), now):
                return  # another thread was here first
            release = release_with_files(self.opener.kind, key)
            found = None
            if release is not None:
                found = self._copy_of((release.key, release.sha256), now) or self._sealed_files(release, now)
            if found is not None and found is not state.beside.get(key):
                self._keep_beside(found, now)
            else:
                is_coming = release is not None and state.fetch is not None
                state.failures[(key, "")] = _Failure(LookupError(key), None if is_coming else now)
        finally:
            self._lock.release()

    def _failed_lately(self, place: Named, now: datetime) -> bool:
        failure, fetch = self._open.failures.get(place), self._open.fetch
        if failure is None:
            return False
        if failure.at is None:
            return fetch is not None and fetch.is_alive()
        return not _is_due(failure.at, now, self.opener.retry_after)

    def _note_failure(self, place: Named, error: Exception, now: datetime) -> None:
        logger.error("%s %s cannot be opened: %s", self.opener.title, place[0], error)
        self._open.failures[place] = _Failure(error, now)


_followed: dict[str, LiveArtifact[Any]] = {}


def follow(opener: ArtifactOpener[T]) -> LiveArtifact[T]:
    """Follow releases of this kind in this process; health, metrics and tests find what is followed by its kind."""
    followed = LiveArtifact(opener)
    _followed[opener.kind] = followed
    return followed


def artifact_states() -> list[ArtifactState]:
    """Return what this process serves of every kind that it follows, by name."""
    return [_followed[kind].state() for kind in sorted(_followed)]


def reset_live_artifacts() -> None:
    """Hold nothing of any kind. For tests."""
    for followed in _followed.values():
        followed.reset()


def _place(held: Held[Any]) -> Named:
    return _copy_place(held.name) if held.is_copy else held.name


def _copy_place(release: Named) -> Named:
    return f"copy of {release[0]}", release[1]


def _is_due(last: datetime | None, now: datetime, every: timedelta) -> bool:
    # A clock that was set back must not stop the looking; requests of one moment read it in any order.
    return last is None or abs(now - last) >= every
