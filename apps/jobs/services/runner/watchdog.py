"""Kill children that hang, so that they are started anew."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import DatabaseError, connection

from apps.jobs.selectors.runners import AHEAD, ALIVE_FOR, runner_of_process
from apps.jobs.services.runner.loop import machine
from apps.jobs.services.runner.relaying import BROKER_AWAY
from apps.jobs.services.runner.supervision import Child

LOOK_EVERY_SECONDS = 5.0
START_SECONDS = 60.0  # from the start to the first sign of life, on a machine that is busy
# How long one may be unwell before it is ended. In this time a worker that lost Redis reconnects (after pauses of up to
# 30 s), and one whose sign of life could not be written, because the database was away, has given the next.
PATIENCE_SECONDS = 45.0


class Watchdog:
    """Ends runners, relays and workers that are there and do no work, so that their supervisor starts them anew.

    One whose loop hangs keeps its process, and one that fails to stop hangs in its own end: a Celery worker was seen so
    for 33 minutes. What it says of itself in the ledger tells; jobs that it held go on elsewhere when their leases run
    out.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._children = children
        self._clock = clock
        self._say = say
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self._unwell_since: dict[int, float] = {}  # by process
        self._asked = threading.Event()
        self._thread: threading.Thread | None = None

    def turn(self) -> None:
        """Look, in a thread of its own: a database that hangs must not keep the supervisor from its own work.

        Nobody is killed any more once nobody calls: children that are asked to stop have their grace.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._look_when_asked, name="watchdog", daemon=True)
            self._thread.start()
        self._asked.set()

    def _look_when_asked(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            self.look()

    def look(self) -> None:
        """Kill children that were unwell for too long, with all their processes."""
        now = self._monotonic()
        if now - self._looked_at < LOOK_EVERY_SECONDS:
            return
        self._looked_at = now
        running = {child.process.pid: child for child in self._children if child.process and child.running}
        self._unwell_since = {pid: since for pid, since in self._unwell_since.items() if pid in running}
        try:
            complaints = {pid: self._complaint(pid, child, now) for pid, child in running.items()}
        except DatabaseError:  # nobody can give or read a sign now, so that none is missed
            self._unwell_since.clear()
            connection.close()
            return
        for pid, child in running.items():
            self._judge(pid, child, complaints[pid], now)

    def _complaint(self, pid: int, child: Child, now: float) -> str:
        row = runner_of_process(machine=machine(), process=pid)
        if row is None or not -AHEAD <= self._clock() - row.seen_at <= ALIVE_FOR:
            return "" if now - child.started_at < START_SECONDS else "it gives no sign of life"
        return "" if row.problem == BROKER_AWAY else row.problem

    def _judge(self, pid: int, child: Child, complaint: str, now: float) -> None:
        if not complaint:
            self._unwell_since.pop(pid, None)
        elif now - self._unwell_since.setdefault(pid, now) >= PATIENCE_SECONDS:
            self._say(f"The {child.name} (process {pid}) is killed: {complaint}.")
            if child.process is not None and child.process.pid == pid:
                child.sweep()
            del self._unwell_since[pid]
