"""Limits that hold for all processes together.

A process reserves requests in chunks from a counter that all share, and gives them out from memory: one write per chunk
instead of one per request, and never more than the limit in all. The count slides: what the window before used still
counts for the share of it that lies within the last minute, so that nobody gets twice the limit around a full minute.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from django.conf import settings
from django.core.cache.backends.base import BaseCache
from django.db import Error, connection

from apps.platform.models import ThrottleCount
from apps.platform.services.breaker import CircuitBreaker
from apps.platform.services.shared_cache import guarded, reset_shared_cache, shared_cache
from apps.platform.services.sqlite import short_wait

WINDOW_SECONDS = 60
CHUNKS_PER_LIMIT = 50  # at most 2 % of a limit lies unused in each other process
KEPT_WINDOWS = 2
PURGED_EVERY = 10  # windows
REMEMBERED_BUCKETS = 20_000

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Counter(Protocol):
    """Counts per bucket and window, shared by all processes."""

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        """Add, and return the count; None, or more than ceiling + amount, when the ceiling was reached before."""

    def used(self, bucket: str, window: int) -> int:
        """Return the count as it is."""


class Guard(Protocol):
    """Calls the work or raises: a breaker, or one with a limit of time."""

    def __call__(self, work: Callable[[], T], *, proves: bool = True) -> T: ...


class DatabaseCounter:
    """One row per bucket and window, changed by one statement."""

    _ADD = (
        "INSERT INTO platform_throttlecount (bucket, minute, used) VALUES (%s, %s, %s) "
        "ON CONFLICT (bucket, minute) DO UPDATE SET used = platform_throttlecount.used + excluded.used "
        "WHERE platform_throttlecount.used < %s RETURNING used"
    )

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        with short_wait(), connection.cursor() as cursor:
            cursor.execute(self._ADD, [bucket, window, amount, ceiling])
            row = cursor.fetchone()
        return None if row is None else int(row[0])

    def used(self, bucket: str, window: int) -> int:
        found = ThrottleCount.objects.filter(bucket=bucket, minute=window).values_list("used", flat=True).first()
        return found or 0


class CacheCounter:
    """A number in a shared cache (Redis) that expires by itself."""

    def __init__(self, cache: BaseCache) -> None:
        self._cache = cache

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        name = f"throttle:{bucket}:{window}"
        self._cache.add(name, 0, timeout=(KEPT_WINDOWS + 1) * WINDOW_SECONDS)
        return int(self._cache.incr(name, amount))

    def used(self, bucket: str, window: int) -> int:
        return int(self._cache.get(f"throttle:{bucket}:{window}", 0))


class MemoryCounter:
    """Counts of this process alone: what is left of a limit when nothing that is shared can count."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        with self._lock:
            if len(self._used) >= REMEMBERED_BUCKETS:
                self._used = {name: used for name, used in self._used.items() if name[1] > window - KEPT_WINDOWS}
            if len(self._used) >= REMEMBERED_BUCKETS:  # all of this minute and the one before: the first is forgotten
                del self._used[next(iter(self._used))]
            self._used[bucket, window] = self._used.get((bucket, window), 0) + amount
            return self._used[bucket, window]

    def used(self, bucket: str, window: int) -> int:
        return self._used.get((bucket, window), 0)


class GuardedCounter:
    """A counter, left alone for a while after it failed. Only a count that is written proves that it is back."""

    def __init__(self, counter: Counter, guard: Guard) -> None:
        self._counter = counter
        self._guard = guard

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        return self._guard(lambda: self._counter.add(bucket, window, amount=amount, ceiling=ceiling))

    def used(self, bucket: str, window: int) -> int:
        return self._guard(lambda: self._counter.used(bucket, window), proves=False)


class FallbackCounter:
    """The first counter that works, and when none does, one of this process alone.

    What another counter knew of this minute is not carried over: the minute in which one falls or comes back may let
    twice the limit through.
    """

    def __init__(self, *counters: Counter) -> None:
        self._counters = counters
        self._memory = MemoryCounter()

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        for counter in self._counters:
            # The client of a cache raises errors of its own that only its door may name; the guard has logged it.
            with suppress(Exception):
                return counter.add(bucket, window, amount=amount, ceiling=ceiling)
        return self._memory.add(bucket, window, amount=amount, ceiling=ceiling)

    def used(self, bucket: str, window: int) -> int:
        for counter in self._counters:
            with suppress(Exception):  # as above
                return counter.used(bucket, window)
        return self._memory.used(bucket, window)


@dataclass(slots=True)
class _Share:
    """What this process holds of one bucket in one window."""

    window: int
    used_before: int  # in the window before this one
    held: int = 0
    closed_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Throttle:
    """This process's part in the limits."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._shares: dict[str, _Share] = {}
        self._purged = self._swept = 0
        self._lock = threading.Lock()

    def take(self, bucket: str, *, limit: int, now: datetime, amount: int = 1) -> float:
        """Let so many requests through together and return 0, or none and return how many seconds to wait.

        More than the limit are never let through together, however long one waits.
        """
        if amount > limit:
            return WINDOW_SECONDS  # without reserving the rest of the limit for what can never come
        seconds = now.timestamp()
        share = self._share(bucket, int(seconds // WINDOW_SECONDS), limit)
        with share.lock:
            if share.held < amount and seconds >= share.closed_until:
                self._reserve(bucket, share, limit, seconds, wanted=amount - share.held)
            if share.held < amount:
                return max(share.closed_until - seconds, 0.001)
            share.held -= amount
            return 0.0

    def give_back(self, bucket: str, *, amount: int, now: datetime) -> None:
        """Take back so many requests that were let through in this window and did not take place."""
        share = self._shares.get(bucket)
        if share is not None and share.window == int(now.timestamp() // WINDOW_SECONDS):
            with share.lock:
                share.held += amount

    def _share(self, bucket: str, window: int, limit: int) -> _Share:
        share = self._shares.get(bucket)
        if share is not None and share.window == window:
            return share
        fresh = _Share(window, min(self._counter.used(bucket, window - 1), limit))
        with self._lock:  # another thread may have been quicker, and may hold requests already
            share = self._shares.get(bucket)
            if share is not None and share.window == window:
                return share
            self._tidy(window)
            self._shares[bucket] = fresh
            return fresh

    def _tidy(self, window: int) -> None:
        if len(self._shares) >= REMEMBERED_BUCKETS and self._swept != window:
            self._swept = window
            self._shares = {name: share for name, share in list(self._shares.items()) if share.window == window}
        if len(self._shares) >= REMEMBERED_BUCKETS:  # all of this window: the first loses what it holds
            del self._shares[next(iter(self._shares))]
        if not 0 <= window - self._purged < PURGED_EVERY:
            self._purged = window
            purge_counts(before=window - KEPT_WINDOWS + 1)

    def _reserve(self, bucket: str, share: _Share, limit: int, seconds: float, *, wanted: int) -> None:
        """Hold so many more, or what is left of the limit: fewer than wanted stay for who wants fewer."""
        passed = seconds / WINDOW_SECONDS - share.window
        budget = limit - int(share.used_before * (1 - passed))
        amount = max(wanted, limit // CHUNKS_PER_LIMIT)
        used = self._counter.add(bucket, share.window, amount=amount, ceiling=budget) if budget > 0 else None
        granted = 0 if used is None else max(0, min(amount, budget - (used - amount)))
        share.held += granted
        if granted < wanted:
            # Until the window before has slid away far enough for those missing, at most until this window ends.
            left = (1 - passed) * WINDOW_SECONDS
            step = (wanted - granted) * WINDOW_SECONDS / share.used_before if share.used_before else left
            share.closed_until = seconds + min(left, max(step, 1.0))


def purge_counts(*, before: int) -> int:
    """Delete the counts of windows before this one, which no limit looks at any more."""
    try:
        with short_wait():
            return ThrottleCount.objects.filter(minute__lt=before).delete()[0]
    except Error as error:
        logger.warning("Old counts were not deleted (%s)", type(error).__name__)
        return 0


_throttles: list[Throttle] = []


def shared_throttle() -> Throttle:
    """Return this process's throttle; it counts in Redis where there is one, else in the database."""
    if not _throttles:
        database = CircuitBreaker("The count of requests in the database")
        counters = [GuardedCounter(DatabaseCounter(), database.call)]
        if settings.REDIS_URL:
            counters.insert(0, GuardedCounter(CacheCounter(shared_cache()), guarded))
        _throttles.append(Throttle(FallbackCounter(*counters)))
    return _throttles[0]


def reset_throttle() -> None:
    """Forget what this process holds."""
    _throttles.clear()
    reset_shared_cache()
