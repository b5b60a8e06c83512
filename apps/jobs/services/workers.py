"""Celery workers under supervision: started anew when they end, ended when they hang."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

from apps.jobs.services.supervision import Child, Supervisor
from apps.jobs.services.watchdog import Watchdog

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
    return Supervisor(children, say=say).run(grace_seconds=grace_seconds + STOP_MARGIN_SECONDS, each_turn=watchdog.turn)
