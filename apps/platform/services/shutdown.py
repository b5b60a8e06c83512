"""What a process does before it ends, and not only when it is killed. Apps register theirs in `ready()`."""

import atexit
import logging
from collections.abc import Callable

from django.db import connections

logger = logging.getLogger(__name__)
_hooks: dict[str, Callable[[], object]] = {}


def register_shutdown_hook(name: str, end: Callable[[], object]) -> None:
    """Call this from now on when the process ends, by itself or by SIGTERM; it may be called more than once."""
    _hooks[name] = end


def run_shutdown_hooks() -> None:
    """Call everything that is registered; what fails is in the log and stops no other."""
    try:
        for name, end in _hooks.items():
            try:
                end()
            except Exception:  # the edge of the process: it ends, whatever is broken
                logger.exception("%s could not be ended", name)
    finally:
        connections.close_all()


# Where nobody calls it before: commands, and web servers that know no such moment.
atexit.register(run_shutdown_hooks)
