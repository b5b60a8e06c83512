"""A whole process that runs jobs here, and what must be true before it starts."""

import logging
import os
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.jobs.models import Lane, Runner
from apps.jobs.selectors.jobs import any_due
from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.registry import check_registered, registrations
from apps.jobs.services.runner.execution import run_next
from apps.jobs.services.runner.following import following
from apps.jobs.services.runner.heartbeats import Heartbeat
from apps.jobs.services.runner.loop import RunnerLoop, new_owner
from apps.jobs.services.runner.stopping import StopRequest
from apps.platform.services.errors import UnavailableError

logger = logging.getLogger(__name__)

GRACE_SECONDS = 20.0  # for a task to reach its next step after SIGTERM
RELEASE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Until:
    """When a runner ends by itself: after one job, when none is due, or never."""

    once: bool = False
    empty: bool = False

    @property
    def never(self) -> bool:
        return not (self.once or self.empty)


def run_jobs(*, clock: Callable[[], datetime], grace_seconds: float, quick_only: bool, until: Until) -> int:
    """Run jobs in this process until it is asked to stop, or as `until` says; returns how many attempts."""
    check_registered()
    owner, stop, heartbeat = new_owner("runner"), StopRequest(), Heartbeat(clock=clock)
    mine = registrations(quick_only=quick_only)
    names = [job.name for job in mine]

    def work() -> bool:
        return any_due(clock(), names=names) and run_next(
            owner=owner, clock=clock, stopping=stop.asked, alive=heartbeat.over, only=mine
        )

    stop.listen(grace_seconds=grace_seconds, overdue=lambda: _leave(heartbeat, clock))
    try:
        worker = loop(owner, Runner.Kind.RUNNER, work=work, clock=clock, stop=stop)
        worker.lanes = [Lane.QUICK] if quick_only else Lane.values
        with following(owner=owner, stop=stop, clock=clock, busy=not quick_only) if until.never else nullcontext():
            return worker.run(once=until.once, until_empty=until.empty)
    finally:
        heartbeat.close()


def loop(
    owner: str, kind: Runner.Kind, *, work: Callable[[], bool], clock: Callable[[], datetime], stop: StopRequest
) -> RunnerLoop:
    """Make a loop around this work, at the pace of the settings."""
    return RunnerLoop(
        owner=owner, kind=kind, work=work, clock=clock, stop=stop, poll_seconds=settings.EPICML_JOB_POLL_SECONDS
    )


def _leave(heartbeat: Heartbeat, clock: Callable[[], datetime]) -> None:
    """Give the job in hand back and end the process, whatever its task is doing."""
    lease, worked = heartbeat.lease, heartbeat.worked()

    def give_back() -> None:
        if lease is not None:
            with suppress(leases.LeaseLostError, DatabaseError):
                attempts.release(lease, now=clock(), worked=worked)
            connection.close()

    # In a thread with a limit: on SQLite the task's own transaction may hold the write lock.
    giving_back = threading.Thread(target=give_back, daemon=True)
    giving_back.start()
    giving_back.join(RELEASE_SECONDS)
    os._exit(0)


class NotReadyError(UnavailableError):
    """Something is missing that a command of this project puts right."""

    code = "not_ready"


def check_migrated() -> None:
    """Refuse, in a sentence that says what to do, a database that does not answer or lacks migrations."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise NotReadyError(f"The database does not answer ({type(error).__name__}): look at DATABASE_URL.") from error
    if pending:
        raise NotReadyError(f"The database lacks {len(pending)} migrations: run manage.py migrate.")
