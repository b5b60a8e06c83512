"""A runner: look for work, do it, and look after schedules, abandoned jobs and its own sign of life in between."""

import logging
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError, close_old_connections, connection

from apps.jobs.models import Runner
from apps.jobs.services.reconciliation import requeue_abandoned
from apps.jobs.services.schedules import Timetable
from apps.jobs.services.stopping import StopRequest

logger = logging.getLogger(__name__)

SEEN_EVERY = timedelta(seconds=5)
MAINTAIN_EVERY = timedelta(seconds=1)
DATABASE_PAUSE_SECONDS = 2.0


def new_owner(kind: str) -> str:
    """A name that no other process has, now or after a restart: kind, machine, process and a random part."""
    return f"{kind}@{socket.gethostname()[:50]}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass
class RunnerLoop:
    """One process that works until it is asked to stop, or once, or until nothing is due."""

    owner: str
    kind: str  # "runner" or "relay"
    work: Callable[[], bool]  # does one piece of work; False if there was none
    clock: Callable[[], datetime]
    stop: StopRequest
    poll_seconds: float
    _timetable: Timetable = field(default_factory=Timetable)
    _seen_at: datetime | None = None
    _maintained_at: datetime | None = None

    def run(self, *, once: bool = False, until_empty: bool = False) -> int:
        """The loop has ended and this runner has signed off; returns how many pieces of work it did."""
        count = 0
        while not self.stop.asked():
            worked = self._turn()
            count += worked
            if once or (until_empty and not worked):
                break
            if not worked:
                self.stop.wait(self.poll_seconds)
        self._sign_off()
        return count

    def _turn(self) -> bool:
        """One look for work. A database that is away, or restarts, is waited for."""
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
        if self._maintained_at is not None and now - self._maintained_at < MAINTAIN_EVERY:
            return
        self._maintained_at = now
        close_old_connections()
        self._timetable.fire(now=now)
        requeue_abandoned(now=now)
        if self._seen_at is None or now - self._seen_at >= SEEN_EVERY:
            Runner.objects.update_or_create(
                owner=self.owner, defaults={"seen_at": now}, create_defaults=self._first_sign(now)
            )
            self._seen_at = now

    def _first_sign(self, now: datetime) -> dict[str, object]:
        return {"kind": self.kind, "started_at": now, "seen_at": now}

    def _sign_off(self) -> None:
        try:
            Runner.objects.filter(owner=self.owner).delete()
        except DatabaseError as error:  # the row is purged in an hour
            logger.warning("This runner could not sign off (%s).", type(error).__name__)
