"""What a Celery worker does with a job's number that the relay sent it."""

import os
from collections.abc import Callable
from datetime import datetime

from apps.jobs.models import Job
from apps.jobs.services.heartbeats import Heartbeat
from apps.jobs.services.loop import new_owner
from apps.jobs.services.runner import run_next

_worker: list[tuple[int, str, Heartbeat]] = []  # of this process: a pool child is forked after this module is imported


def run_relayed(job_id: int, *, clock: Callable[[], datetime]) -> bool:
    """The job had an attempt in this worker, unless it runs elsewhere, is done or must wait; then nothing happened."""
    owner, heartbeat = _this_worker(clock)
    worked = run_next(owner=owner, clock=clock, alive=heartbeat.over, job_id=job_id)
    if not worked:  # most often a second message; but it may wait for a job of its key, and then needs a new one
        Job.objects.filter(pk=job_id, state=Job.State.QUEUED).exclude(key="").update(relayed_at=None)
    return worked


def _this_worker(clock: Callable[[], datetime]) -> tuple[str, Heartbeat]:
    if not _worker or _worker[0][0] != os.getpid():
        _worker[:] = [(os.getpid(), new_owner("celery"), Heartbeat(clock=clock))]
    return _worker[0][1:]
