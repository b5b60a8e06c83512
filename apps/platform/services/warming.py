"""What a web process reads into memory before it accepts its first request. Apps register theirs in `ready()`."""

import logging
from collections.abc import Callable

from django.db import connections

logger = logging.getLogger(__name__)
_warmers: dict[str, Callable[[], object]] = {}


def register_warmer(name: str, warm: Callable[[], object]) -> None:
    """Call this once in each web process, before its first request."""
    _warmers[name] = warm


def warm_up() -> None:
    """Call everything that is registered; what fails is in the log, for a process that is cold still answers."""
    try:
        for name, warm in _warmers.items():
            try:
                warm()
            except Exception:  # the edge of the process: whatever is broken, the fallbacks answer
                logger.exception("%s could not be warmed up", name)
    finally:
        connections.close_all()  # requests run in other threads, each with a connection of its own
