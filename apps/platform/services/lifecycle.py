"""What a process does before its first request and before it ends. Apps register theirs in `ready()`."""

import atexit
import logging
from collections.abc import Callable, Mapping

from django.db import connections

logger = logging.getLogger(__name__)
_warmers: dict[str, Callable[[], object]] = {}
_shutdown_hooks: dict[str, Callable[[], object]] = {}


def register_warmer(name: str, warm: Callable[[], object]) -> None:
    """Call this once in each web process, before its first request."""
    _warmers[name] = warm


def register_shutdown_hook(name: str, end: Callable[[], object]) -> None:
    """Call this when the process ends, by itself or by SIGTERM; it may be called more than once."""
    _shutdown_hooks[name] = end


def warm_up() -> None:
    """Call every warmer; a process that is cold still answers, by its fallbacks."""
    _call_each(_warmers, "%s could not be warmed up")


def run_shutdown_hooks() -> None:
    """Call every shutdown hook."""
    _call_each(_shutdown_hooks, "%s could not be ended")


def _call_each(registered: Mapping[str, Callable[[], object]], failed: str) -> None:
    """Call each of them; what fails is in the log and stops no other."""
    try:
        for name, call in registered.items():
            try:
                call()
            except Exception:  # the edge of the process: it begins, or ends, whatever is broken
                logger.exception(failed, name)
    finally:
        connections.close_all()  # requests run in other threads, each with a connection of its own


# Where nobody calls it before: commands, and web servers that know no such moment.
atexit.register(run_shutdown_hooks)
