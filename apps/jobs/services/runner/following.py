"""What every host does for itself, beside the jobs that the whole installation does once.

An app registers a follower in `ready()`. On each host one process (a runner, or the relay) gives it a turn every fifth
of a second, in a thread of its own; the other processes stand by and take over when that one ends.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import DatabaseError, close_old_connections, connections

from apps.jobs.services.runner.execution import failure_of
from apps.jobs.services.runner.host_lock import Holder, HostLock, holder_of
from apps.jobs.services.runner.stopping import StopRequest
from apps.platform.services.errors import EpicmlError

TURN_SECONDS = 0.2
STAND_BY_SECONDS = 0.5
# A runner of long jobs lets one of quick jobs that starts beside it go first: a training keeps the interpreter busy.
BUSY_WAIT_SECONDS = 3.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0  # after turns that failed

logger = logging.getLogger(__name__)


class FollowingStoppedError(Exception):
    """The process is asked to stop. Let it pass: the next process of this host goes on."""


@dataclass(frozen=True, slots=True)
class HostTurn:
    """What a follower is given in each turn."""

    now: Callable[[], datetime]
    _stopping: Callable[[], bool]

    def stop_if_asked(self) -> None:
        """Leave the turn, by FollowingStoppedError, when this process is asked to stop; call it between two steps."""
        if self._stopping():
            raise FollowingStoppedError


class Follower(Protocol):
    """Looks whether this host is behind, at the cost of a query or two, and brings it up."""

    def turn(self, turn: HostTurn) -> bool:
        """Look once, and do what is to be done; False where another process is at it, so that nothing is known.

        Raises:
            EpicmlError: it cannot be done now; the sentence is logged once and shown by holder_of().
        """
        ...


_followers: dict[str, Callable[[], Follower]] = {}


def register_follower(name: str, make: Callable[[], Follower]) -> None:
    """Let one process of each host follow with what `make` returns, from its first turn on."""
    _followers[name] = make


def follower_here(name: str) -> Holder | None:
    """Read which process of this host follows under this name, and what keeps it from it; None where none does."""
    return holder_of(name)


@contextmanager
def following(*, owner: str, stop: StopRequest, clock: Callable[[], datetime], busy: bool) -> Iterator[None]:
    """Follow, or stand by, in threads beside the block; they have ended when it has. `busy` lets others go first."""
    wait_seconds = BUSY_WAIT_SECONDS if busy else 0.0
    threads = []
    for name, make in _followers.items():
        follower = FollowerThread(name, make, owner=owner, stop=stop, clock=clock)
        # A daemon: one that outlasts the grace ends with the process.
        threads.append(threading.Thread(target=follower.run, args=(wait_seconds,), name=f"follow {name}", daemon=True))
        threads[-1].start()
    try:
        yield
    finally:
        stop.ask()
        for thread in threads:
            thread.join()


class FollowerThread:
    """One follower in this process: it waits for its turn on this host, and takes turns until the process stops."""

    def __init__(
        self,
        name: str,
        make: Callable[[], Follower],
        *,
        owner: str,
        stop: StopRequest,
        clock: Callable[[], datetime],
    ) -> None:
        self._name = name
        self._make = make
        self._owner = owner
        self._stop = stop
        self._turn = HostTurn(clock, stop.asked)
        self._lock = HostLock(name)
        self._problem = ""
        self._failures = 0

    def run(self, wait_seconds: float = 0.0) -> None:
        """Wait, stand by as long as another process of this host follows, then follow; until this process stops."""
        try:
            while not self._stop.wait(wait_seconds):
                wait_seconds = STAND_BY_SECONDS
                if self._takes_over():
                    self._follow()
        finally:
            self._lock.release()
            connections.close_all()  # of this thread

    def _takes_over(self) -> bool:
        try:
            return self._lock.take(self._owner)
        except OSError as error:
            self._note_problem(f"Nobody can follow: {error.strerror} ({error.filename}).")
            return False

    def _follow(self) -> None:
        follower = self._make()
        self._note_problem("")
        while self._lock.is_held() and not self._stop.asked():
            self._take_turn(follower)
            pause = min(FIRST_PAUSE_SECONDS * 2 ** (self._failures - 1), LONGEST_PAUSE_SECONDS)
            self._stop.wait(pause if self._failures else TURN_SECONDS)
        self._lock.release()

    def _take_turn(self, follower: Follower) -> None:
        try:
            close_old_connections()
            if follower.turn(self._turn):
                self._failures = 0
                self._note_problem("")
        except FollowingStoppedError:
            return
        except DatabaseError as error:
            connections.close_all()
            self._note_failure(f"The database does not answer ({type(error).__name__}).")
        except EpicmlError as error:
            self._note_failure(error.message)
        except Exception as error:  # noqa: BLE001 - the edge of the thread: the next turn may well succeed
            self._note_failure(f"{failure_of(error).sentence}.")

    def _note_failure(self, problem: str) -> None:
        self._failures += 1
        self._note_problem(problem)

    def _note_problem(self, problem: str) -> None:
        """Log what is new, once, and let the other processes of this host know it."""
        if problem == self._problem:
            return
        if problem:
            logger.warning("%s: %s It is tried again until it goes.", self._name, problem)
        else:
            logger.info("%s is followed again.", self._name)
        self._problem = problem
        self._lock.note(Holder(self._owner, problem))
