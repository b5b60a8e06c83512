"""A Celery worker: run the jobs whose numbers the relay sends, and say in the ledger whether it can."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection

from apps.jobs.models import Job, Runner
from apps.jobs.relay import Broker, BrokerUnavailableError
from apps.jobs.services.runner.execution import run_next
from apps.jobs.services.runner.heartbeats import Heartbeat
from apps.jobs.services.runner.loop import give_sign, new_owner, sign_off
from apps.jobs.services.runner.relaying import BROKER_AWAY

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
# Its loop turns every second, and waits up to 10 s for a Redis that hangs before it sees that it does.
LOOP_SECONDS = 20.0
# A message that lies while the worker has room is taken within milliseconds.
TAKE_SECONDS = 20.0
STANDS_STILL = "its loop stands still"
TAKES_NOTHING = "it takes no messages, although some wait and it has room"

_worker: list[tuple[int, str, Heartbeat]] = []  # of this process: a pool child is forked after this module is imported


def run_relayed(job_id: int, *, clock: Callable[[], datetime]) -> bool:
    """Give the job an attempt in this worker, unless it runs elsewhere, is done or must wait."""
    if not _worker or _worker[0][0] != os.getpid():
        _worker[:] = [(os.getpid(), new_owner("celery"), Heartbeat(clock=clock))]
    _, owner, heartbeat = _worker[0]
    worked = run_next(owner=owner, clock=clock, alive=heartbeat.over, job_id=job_id)
    if not worked:  # most often a second message; but it may wait for a job of its key, and then needs a new one
        Job.objects.filter(pk=job_id, state=Job.State.QUEUED).exclude(key="").update(relayed_at=None)
    return worked


@dataclass(slots=True)
class Pulse:
    """What the worker's own loop shows: when it turned last, and what it has in hand. Seconds of a monotonic clock."""

    turned_at: float
    taken: int = 0
    has_room: bool = True


class WorkerLife:
    """A thread beside the worker's loop: it goes on where the loop hangs, and says so."""

    def __init__(
        self, *, redis_url: str, lanes: Sequence[str], clock: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self._broker = Broker(redis_url)
        self._lanes = lanes
        self._clock = clock
        self._monotonic = monotonic
        self._owner = new_owner(Runner.Kind.CELERY)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="sign of life", daemon=True)
        self._refused: tuple[int, float] | None = None  # since when messages lay while nothing was taken
        self.pulse = Pulse(turned_at=monotonic())

    def start(self) -> None:
        """Give signs of life from now on."""
        self._thread.start()

    def close(self) -> None:
        """Sign off."""
        self._closed.set()
        self._thread.join(timeout=BEAT_SECONDS)

    def problem(self) -> str:
        """What keeps the worker from running jobs now; empty if nothing does."""
        now, pulse = self._monotonic(), self.pulse
        try:
            waiting = self._broker.look().waiting
        except BrokerUnavailableError:
            self._refused = None
            return BROKER_AWAY
        if now - pulse.turned_at > LOOP_SECONDS:
            return STANDS_STILL
        return TAKES_NOTHING if self._refuses(any(waiting[lane] for lane in self._lanes), now) else ""

    def _refuses(self, some_wait: bool, now: float) -> bool:  # noqa: FBT001
        if not (some_wait and self.pulse.has_room):
            self._refused = None
        elif self._refused is None or self._refused[0] != self.pulse.taken:
            self._refused = (self.pulse.taken, now)
        return self._refused is not None and now - self._refused[1] > TAKE_SECONDS

    def _beat(self) -> None:
        while not self._closed.is_set():
            try:
                give_sign(
                    self._owner, kind=Runner.Kind.CELERY, lanes=self._lanes, problem=self.problem(), now=self._clock()
                )
            except DatabaseError as error:
                logger.warning("No sign of life: the database does not answer (%s).", type(error).__name__)
            connection.close()  # between two signs none is open that a forked process could inherit
            self._closed.wait(BEAT_SECONDS)
        sign_off(self._owner)
        connection.close()
