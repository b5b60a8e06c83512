"""A runner: look for work, do it, and look after schedules, lost jobs and its own sign of life in between."""

import logging
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError, close_old_connections, connection

from apps.jobs.models import Runner
from apps.jobs.services.ledger.reconciliation import correct_future_times, forget_gone_runners, requeue_lost
from apps.jobs.services.ledger.schedules import Timetable
from apps.jobs.services.runner.stopping import StopRequest

logger = logging.getLogger(__name__)

SEEN_EVERY = timedelta(seconds=5)
MAINTAIN_EVERY = timedelta(seconds=1)
HEAL_EVERY = timedelta(seconds=10)
DATABASE_PAUSE_SECONDS = 2.0
MAX_PROBLEM = 200


def machine() -> str:
    """Return the name of this machine, as names of runners have it."""
    return socket.gethostname()[:50]


def new_owner(kind: str) -> str:
    """Make a name that no other process has, now or after a restart: kind, machine, process and a random part."""
    return f"{kind}@{machine()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_due(last: datetime | None, now: datetime, every: timedelta) -> bool:
    """Tell whether it is that long ago. A clock that was set back makes it due at once, not after the time it lost."""
    return last is None or not timedelta() <= now - last < every


def give_sign(owner: str, *, kind: Runner.Kind, lanes: Sequence[str], problem: str, now: datetime) -> None:
    """Say in the ledger that this process is alive, and whether it can do its work."""
    values = {"seen_at": now, "problem": problem[:MAX_PROBLEM]}
    first = {"kind": kind, "lanes": ",".join(lanes), "started_at": now, **values}
    Runner.objects.update_or_create(owner=owner, defaults=values, create_defaults=first)


def sign_off(owner: str) -> None:
    """Let the ledger count on this process no more."""
    try:
        Runner.objects.filter(owner=owner).delete()
    except DatabaseError as error:  # the row is purged in an hour
        logger.warning("This runner could not sign off (%s).", type(error).__name__)


@dataclass
class RunnerLoop:
    """One process that works until it is asked to stop, or once, or until nothing is due."""

    owner: str
    kind: Runner.Kind
    work: Callable[[], bool]  # does one piece of work; False if there was none
    clock: Callable[[], datetime]
    stop: StopRequest
    poll_seconds: float
    lanes: Sequence[str] = ()
    problem: Callable[[], str] = lambda: ""  # what keeps it from its work now
    _timetable: Timetable = field(default_factory=Timetable)
    _seen_at: datetime | None = None
    _maintained_at: datetime | None = None
    _healed_at: datetime | None = None

    def run(self, *, once: bool = False, until_empty: bool = False) -> int:
        """Work until the loop ends, and sign off; returns how many pieces of work were done."""
        count = 0
        while not self.stop.asked():
            worked = self._turn()
            count += worked
            if once or (until_empty and not worked):
                break
            if not worked:
                self.stop.wait(self.poll_seconds)
        sign_off(self.owner)
        return count

    def _turn(self) -> bool:
        """Look for work once, and wait for a database that is away or restarts."""
        try:
            self._maintain()
            return self.work()
        except DatabaseError as error:
            logger.warning("The database does not answer (%s); trying again.", type(error).__name__)
            connection.close()
            self.stop.wait(DATABASE_PAUSE_SECONDS)
            return False

    def _maintain(self) -> None:
        now = self.clock()
        if not is_due(self._maintained_at, now, MAINTAIN_EVERY):
            return
        self._maintained_at = now
        close_old_connections()
        self._timetable.fire(now=now)
        requeue_lost(now=now)
        if is_due(self._healed_at, now, HEAL_EVERY):
            correct_future_times(
                now=now
            )  # after the timetable: it knows its schedules by their slots, wherever these lie
            forget_gone_runners(now=now)
            self._healed_at = now
        if is_due(self._seen_at, now, SEEN_EVERY):
            give_sign(self.owner, kind=self.kind, lanes=self.lanes, problem=self.problem(), now=now)
            self._seen_at = now
