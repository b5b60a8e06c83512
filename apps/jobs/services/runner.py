"""Take due jobs and run them, in this process."""

import random as randomness
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from apps.jobs.services import leases
from apps.jobs.services.execution import execute
from apps.jobs.services.registry import Registration, registrations


def run_next(
    *,
    owner: str,
    clock: Callable[[], datetime],
    random: Callable[[], float] = randomness.random,
    stopping: Callable[[], bool] = lambda: False,
    alive: Callable[[leases.Lease], AbstractContextManager[None]] = lambda lease: nullcontext(),
    only: Sequence[Registration] | None = None,
    job_id: int | None = None,
) -> bool:
    """The job that is due the longest, or the one with this id, had one attempt; False if none was due."""
    known = registrations() if only is None else only
    job = leases.claim(owner=owner, registrations=known, now=clock(), job_id=job_id)
    if job is None:
        return False
    execute(job, clock=clock, random=random, stopping=stopping, alive=alive)
    return True


def run_until_empty(*, clock: Callable[[], datetime], owner: str = "in-process") -> int:
    """Every job that was due, and what these queued for now, had an attempt; returns how many attempts."""
    count = 0
    while run_next(owner=owner, clock=clock):
        count += 1
    return count
