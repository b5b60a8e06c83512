"""Take due jobs and run them in this process: each attempt is applied, and the ledger says how it ended."""

import logging
import random as randomness
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

from apps.jobs.models import Job
from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.attempts import Ending, Failure, Outcome
from apps.jobs.services.ledger.queue import LONGEST_DELAY_SECONDS
from apps.jobs.services.ledger.registry import Registration, registration_of, registrations, resolve
from apps.jobs.services.runner.loop import new_owner
from apps.jobs.services.runner.running import JobStoppedError, RunningJob
from apps.platform.services.errors import EpicmlError

logger = logging.getLogger(__name__)

# 5, 20, 80, 320 seconds: a search server that restarts is back within the third attempt.
FIRST_DELAY_SECONDS = 5.0
DELAY_GROWTH = 4
MAX_DELAY_SECONDS = LONGEST_DELAY_SECONDS / 1.5  # jitter adds up to half


def backoff(attempt: int, *, jitter: float) -> timedelta:
    """Return how long to wait after this many attempts; jitter in [0, 1) spreads jobs that failed together.

    >>> [backoff(attempt, jitter=0.0).total_seconds() for attempt in (1, 2, 3, 4)]
    [5.0, 20.0, 80.0, 320.0]
    >>> backoff(1, jitter=0.5).total_seconds()
    6.25
    """
    delay = min(FIRST_DELAY_SECONDS * DELAY_GROWTH ** (attempt - 1), MAX_DELAY_SECONDS)
    return timedelta(seconds=delay * (1 + jitter / 2))


def execute(
    job: Job,
    *,
    clock: Callable[[], datetime],
    random: Callable[[], float],
    stopping: Callable[[], bool] = lambda: False,
    alive: Callable[[leases.Lease], AbstractContextManager[None]],
) -> bool:
    """Make this attempt, and let the ledger say how it ended; True if the job is done."""
    run = RunningJob(job, clock=clock, stopping=stopping)
    try:
        with alive(run.lease):
            _apply(run, registration_of(job.name))
    except JobStoppedError:
        _record(run, lambda: attempts.release(run.lease, now=run.now(), worked=run.worked()))
    except leases.LeaseLostError:
        logger.warning("Job %s (%s) was taken away during attempt %s.", run.id, run.name, run.attempt)
    except (SystemExit, KeyboardInterrupt):  # a Celery worker that shuts down raises this inside the task
        _record(run, lambda: attempts.release(run.lease, now=run.now(), worked=run.worked()))
        raise
    except Exception as error:  # noqa: BLE001 - the edge: whatever a task raises is recorded, the runner lives on
        _record(run, partial(_fail, run, failure_of(error), jitter=random()))
    return run.finished


def _apply(run: RunningJob, registration: Registration) -> None:
    task = resolve(registration)
    if not registration.atomic:
        task(run)
        run.finish()
        return
    with transaction.atomic():
        task(run)
        run.finish()


def _record(run: RunningJob, write: Callable[[], None]) -> None:
    """Write the end of the attempt, unless another attempt holds the job by now."""
    run.finished = False
    try:
        write()
    except leases.LeaseLostError:
        logger.warning("Job %s (%s) was taken away during attempt %s.", run.id, run.name, run.attempt)


def _fail(run: RunningJob, failure: Failure, *, jitter: float) -> None:
    logger.error("Job %s (%s), attempt %s failed: %s", run.id, run.name, run.attempt, failure.sentence)
    now, worked = run.now(), run.worked()
    if run.attempt >= registration_of(run.name).max_attempts:
        attempts.mark_dead(run.lease, Ending(Outcome.DEAD, now, worked, failure))
    else:
        run_at = now + backoff(run.attempt, jitter=jitter)
        attempts.requeue(run.lease, Ending(Outcome.FAILED, now, worked, failure), run_at=run_at)


def failure_of(error: BaseException) -> Failure:
    """Say what went wrong and where, without data: only the sentences of our own errors are free of it by rule.

    The fingerprint has no line number: the next version moves every line, and the fault is the same.
    """
    kind = type(error).__name__
    message = f": {error.message}" if isinstance(error, EpicmlError) else ""
    if isinstance(error, OSError) and error.strerror:
        message = f": {error.strerror}"
    frames = [(Path(frame.filename), frame) for frame in traceback.extract_tb(error.__traceback__)]
    # The project's virtual environment most often lies in the same folder.
    own = [one for one in frames if one[0].is_relative_to(settings.BASE_DIR) and not one[0].is_relative_to(sys.prefix)]
    if not frames:
        return Failure(kind, f"{kind}{message}"[: attempts.MAX_ERROR])
    path, frame = (own or frames)[-1]
    file = path.relative_to(settings.BASE_DIR).as_posix() if own else path.name
    sentence = f"{kind}{message} at {path.name}:{frame.lineno} in {frame.name}"
    return Failure(f"{kind} in {file} {frame.name}", sentence[: attempts.MAX_ERROR])


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
    """Give the job that is due the longest, or the one with this id, an attempt; False if none was due."""
    known = registrations() if only is None else only
    job = leases.claim(owner=owner, registrations=known, now=clock(), job_id=job_id)
    if job is None:
        return False
    execute(job, clock=clock, random=random, stopping=stopping, alive=alive)
    return True


def run_until_empty(*, clock: Callable[[], datetime]) -> int:
    """Give every job that is due, and what these queue for now, an attempt; returns how many attempts."""
    count, owner = 0, new_owner("in-process")
    while run_next(owner=owner, clock=clock):
        count += 1
    return count
