"""The cache that all processes share, on Redis: asked within a limit of time, and left alone while it is away."""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache

from apps.platform.services.breaker import CircuitBreaker, CircuitOpenError, call_with_timeout
from apps.platform.services.health import Health

_PROBE = "platform.health"

T = TypeVar("T")


@cache
def _breaker() -> CircuitBreaker:
    # A Redis that needs half of its time for every answer is not worth what it costs each request.
    return CircuitBreaker("Redis", slow_seconds=settings.REDIS_SECONDS / 2)


@cache
def shared_cache() -> BaseCache:
    """Return the one cache of this process: Django's `cache` is another one, with its connections, in each thread."""
    shared = caches["default"]
    getattr(shared, "_cache", None)  # imports the client, 0.2 s that no limit of time should count
    return shared


def guarded(work: Callable[[], T], *, proves: bool = True) -> T:
    """Return what the work on the cache returns; raise after REDIS_SECONDS, and at once while Redis is away."""
    return _breaker().call(lambda: call_with_timeout(settings.REDIS_SECONDS, work), proves=proves)


def redis_health() -> Health:
    """Tell whether Redis takes a write; without it the database counts requests, and no job reaches a Celery worker."""
    shared = shared_cache()
    try:
        guarded(lambda: shared.set(_PROBE, 1, timeout=60))
    except CircuitOpenError:
        detail = "Redis failed a moment ago and is left alone for a while."
    except Exception as error:  # noqa: BLE001 - the client's errors are named by its door only
        detail = f"Redis does not take a write ({type(error).__name__})."
    else:
        return Health("ok")
    return Health(
        "degraded",
        detail,
        impact="Nothing by itself: the database counts requests. Jobs wait until Redis is back.",
        remedy="It mends itself when Redis is back; look at REDIS_URL, its password, its memory and its disk.",
    )


def reset_shared_cache() -> None:
    """Forget how Redis was, in this process."""
    shared_cache.cache_clear()
    _breaker.cache_clear()
