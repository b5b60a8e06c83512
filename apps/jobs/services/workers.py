"""Celery workers under supervision: started anew when they end, ended when they hang."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import DatabaseError, connection

from apps.jobs.selectors.runners import AHEAD, ALIVE_FOR, RunnerRow, runner_of_process
from apps.jobs.services.loop import machine
from apps.jobs.services.relaying import BROKER_AWAY
from apps.jobs.services.supervision import Child, Supervisor

LOOK_EVERY_SECONDS = 5.0
START_SECONDS = 60.0  # from the start of a worker to its first sign of life, on a machine that is busy
# How long a worker may be unwell before it is ended. In this time one that lost Redis reconnects (after pauses of up to
# 30 s), and one whose sign of life could not be written, because the database was away, has given the next.
PATIENCE_SECONDS = 45.0
STOP_MARGIN_SECONDS = 15.0  # for a worker to give back what it holds, after its grace


def workers_of(lanes: Sequence[str], *, concurrency: int, grace_seconds: float) -> list[Child]:
    """A Celery worker for each of these lanes, with so many processes: no long job keeps a quick one waiting."""
    return [_worker(lane, concurrency=concurrency, grace_seconds=grace_seconds) for lane in lanes]


def _worker(lane: str, *, concurrency: int, grace_seconds: float) -> Child:
    # Gossip and mingle tell workers of each other, which nobody here asks for, and wait for answers at every reconnect.
    flags = ["--loglevel", "warning", "--without-gossip", "--without-mingle"]
    options = ["--queues", lane, "--concurrency", str(concurrency), "--hostname", f"{lane}-{os.getpid()}@%h", *flags]
    environment = {
        "REMAP_SIGTERM": "SIGQUIT",  # SIGTERM gives jobs back; Celery's own waits for them, however long they are
        "CELERY_GRACE_SECONDS": str(max(1, round(grace_seconds))),
    }
    command = [sys.executable, "-m", "celery", "--app", "config.celery", "worker", *options]
    return Child(f"worker for {lane} jobs", command, environment=environment)


def run_workers(
    children: Sequence[Child], *, clock: Callable[[], datetime], grace_seconds: float, say: Callable[[str], None]
) -> int:
    """The workers ran until this process was asked to stop; none outlives it by more than its grace."""
    watchdog = Watchdog(children, clock=clock, say=say)
    return Supervisor(children, say=say).run(grace_seconds=grace_seconds + STOP_MARGIN_SECONDS, each_turn=watchdog.look)


class Watchdog:
    """Ends workers that run and do no work, so that their supervisor starts them anew.

    A worker whose loop hangs keeps its process, and one that fails to stop hangs in its own end: seen for 33 minutes.
    What it says of itself in the ledger tells; the jobs that it held go on elsewhere when their leases run out.
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

    def look(self) -> None:
        """Workers that were unwell for too long have been killed, with all their processes."""
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
        if row is None or not _is_alive(row, self._clock()):
            return "" if now - child.started_at < START_SECONDS else "it gives no sign of life"
        return "" if row.problem == BROKER_AWAY else row.problem

    def _judge(self, pid: int, child: Child, complaint: str, now: float) -> None:
        if not complaint:
            self._unwell_since.pop(pid, None)
        elif now - self._unwell_since.setdefault(pid, now) >= PATIENCE_SECONDS:
            self._say(f"The {child.name} (process {pid}) is killed: {complaint}.")
            child.sweep()
            del self._unwell_since[pid]


def _is_alive(row: RunnerRow, now: datetime) -> bool:
    return -AHEAD <= now - row.seen_at <= ALIVE_FOR
