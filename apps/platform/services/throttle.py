"""Limits that hold for all processes together.

A process reserves requests in chunks from a counter that all share, and gives them out from memory: one write per chunk
instead of one per request, and never more than the limit in all. The count slides: what the window before used still
counts for the share of it that lies within the last minute, so that nobody gets twice the limit around a full minute.
"""

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.db import DatabaseError, connection

from apps.platform.models import ThrottleCount

WINDOW_SECONDS = 60
CHUNKS_PER_LIMIT = 50  # at most 2 % of a limit lies unused in each other process
KEPT_WINDOWS = 2
PURGED_EVERY = 10  # windows
REMEMBERED_BUCKETS = 20_000

logger = logging.getLogger(__name__)


class Counter(Protocol):
    """Counts per bucket and window, shared by all processes."""

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        """The count after adding; None, or more than ceiling + amount, when the ceiling was reached before."""

    def used(self, bucket: str, window: int) -> int:
        """The count as it is."""


class DatabaseCounter:
    """One row per bucket and window, changed by one statement."""

    _ADD = (
        "INSERT INTO platform_throttlecount (bucket, minute, used) VALUES (%s, %s, %s) "
        "ON CONFLICT (bucket, minute) DO UPDATE SET used = platform_throttlecount.used + excluded.used "
        "WHERE platform_throttlecount.used < %s RETURNING used"
    )

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        with connection.cursor() as cursor:
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


class FallbackCounter:
    """The first counter that works. Without any, requests go on: a limit is no reason to answer nobody."""

    def __init__(self, *counters: Counter) -> None:
        self._counters = counters

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        for counter in self._counters:
            try:
                return counter.add(bucket, window, amount=amount, ceiling=ceiling)
            except Exception:  # the client of a cache raises errors of its own that only its door may name
                logger.exception("%s does not count", type(counter).__name__)
        return amount

    def used(self, bucket: str, window: int) -> int:
        for counter in self._counters:
            try:
                return counter.used(bucket, window)
            except Exception:  # as above
                logger.exception("%s does not count", type(counter).__name__)
        return 0


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

    def take(self, bucket: str, *, limit: int, now: datetime) -> float:
        """Let one request through and return 0, or return how many seconds to wait until one may come."""
        seconds = now.timestamp()
        share = self._share(bucket, int(seconds // WINDOW_SECONDS), limit)
        with share.lock:
            if share.held == 0 and seconds >= share.closed_until:
                self._reserve(bucket, share, limit, seconds)
            if share.held == 0:
                return max(share.closed_until - seconds, 0.001)
            share.held -= 1
            return 0.0

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
            purge(before=window - KEPT_WINDOWS + 1)

    def _reserve(self, bucket: str, share: _Share, limit: int, seconds: float) -> None:
        passed = seconds / WINDOW_SECONDS - share.window
        budget = limit - int(share.used_before * (1 - passed))
        amount = max(1, limit // CHUNKS_PER_LIMIT)
        used = self._counter.add(bucket, share.window, amount=amount, ceiling=budget) if budget > 0 else None
        share.held = 0 if used is None else max(0, min(amount, budget - (used - amount)))
        if share.held == 0:
            share.closed_until = seconds + self._wait(share, limit, passed)

    def _wait(self, share: _Share, limit: int, passed: float) -> float:
        """Until the window before has slid away far enough for one chunk more, at most until this window ends."""
        left = (1 - passed) * WINDOW_SECONDS
        step = WINDOW_SECONDS / max(share.used_before, 1) if share.used_before else left
        return min(left, max(step, 1.0))


def purge(*, before: int) -> int:
    """Counts of windows before this one, which no limit looks at any more, are deleted."""
    try:
        return ThrottleCount.objects.filter(minute__lt=before).delete()[0]
    except DatabaseError:
        logger.exception("Old counts were not deleted")
        return 0


_throttles: list[Throttle] = []


def shared_throttle() -> Throttle:
    """This process's throttle; it counts in Redis where there is one, else in the database."""
    if not _throttles:
        counters = (CacheCounter(cache), DatabaseCounter()) if settings.REDIS_URL else (DatabaseCounter(),)
        _throttles.append(Throttle(FallbackCounter(*counters)))
    return _throttles[0]


def reset_throttle() -> None:
    """This process forgets what it holds."""
    _throttles.clear()
