"""Password hashes, one at a time in a process: guesses take neither its request threads nor all cores."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from apps.platform.services.errors import UnavailableError

# Under another server than granian log-ins have no lane of their own (config/rsgi.py): of three threads one may hash,
# one may wait, and one is always left.
PLACES = 2
LONGEST_WAIT_SECONDS = 1.0
RETRY_SECONDS = 2
# On a busy machine answers to readers come first, and a log-in takes longer. Measured on 2 busy cores with two threads
# that hash: short work beside them was done 43 % more often than with the usual priority.
NICENESS = 10

_places = threading.BoundedSemaphore(PLACES)
_turn = threading.Lock()


class HashingBusyError(UnavailableError):
    """As many passwords as this process checks at once are being checked."""

    code = "busy"

    def __init__(self) -> None:
        super().__init__(f"Too many people are logging in at this moment. Try again in {RETRY_SECONDS} seconds.")


class OneAtATimeHasher(PBKDF2PasswordHasher):
    """Django's own hashes: what was stored before stays valid."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        return run_exclusively(partial(super().encode, password, salt, iterations))


def run_exclusively(work: Callable[[], str]) -> str:
    """Return what the work returns, once no other work runs.

    Raises:
        HashingBusyError: somebody waits already, or the turn did not come within LONGEST_WAIT_SECONDS.
    """
    if not _places.acquire(blocking=False):
        raise HashingBusyError
    try:
        if not _turn.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise HashingBusyError
        try:
            return _thread().submit(work).result()
        finally:
            _turn.release()
    finally:
        _places.release()


@cache
def _thread() -> ThreadPoolExecutor:
    """Return a thread of its own: a request thread that lowers its priority may not raise it again."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="password", initializer=_lower_priority)


def _lower_priority() -> None:
    if sys.platform == "linux":  # where each thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
