"""What a task is given: its arguments, and a way to say how far it is.

Each effect happens exactly once if the task ties it to the ledger in one of three ways.

* Registered with ``atomic=True``: task and completion are one transaction. For short tasks: on SQLite they hold the
  write lock all the while.
* Long work in steps: effect of a step and ``save_checkpoint`` in one ``transaction.atomic()``; after a crash the next
  attempt goes on from ``checkpoint``.
* Effects outside the database: write under a name made from ``run.id``, then rename, and let ``run.finish()`` stand in
  the same transaction as the row that points at it.

A runner that lost its job (cancelled, or taken over) gets LeaseLostError from the next of these calls, which undoes the
transaction around it.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from apps.jobs.models import Job
from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.queue import InvalidJobError

MAX_TEXT = 200


class JobStoppedError(Exception):
    """The runner is asked to stop. Let it pass: the job goes on elsewhere, from its last checkpoint."""


class RunningJob:
    """One attempt at a job, as its task sees it."""

    def __init__(
        self,
        job: Job,
        *,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id: int = job.pk
        self.name: str = job.name
        self.arguments: Mapping[str, Any] = job.arguments
        self.attempt: int = job.attempt
        self.checkpoint: Any = job.checkpoint
        self.finished = False
        self.lease = leases.lease_of(job)
        self._clock = clock
        self._stopping = stopping
        self._monotonic = monotonic
        self._began = monotonic()

    def now(self) -> datetime:
        """Return the time of the runner's clock."""
        return self._clock()

    def worked(self) -> float:
        """Return the seconds since this attempt began, by a clock that nobody sets."""
        return self._monotonic() - self._began

    def save_checkpoint(self, value: Any) -> None:
        """Let the next attempt start from this value; refuses if the job is no longer ours.

        Raises JobStoppedError, once the value is saved, when the runner is asked to stop and no transaction is open.
        """
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidJobError(f"The checkpoint is no JSON: {error}.") from error
        worked = self.worked()
        seconds = {"worked_seconds": worked, "saved_seconds": worked}
        leases.write(self.lease, checkpoint=value, progress_at=self.now(), **seconds)
        self.checkpoint = value
        self.stop_if_asked()

    def report_progress(self, done: int, total: int, text: str = "") -> None:
        """Show staff how far the work is, in a sentence without personal data."""
        values = {"progress_done": done, "progress_total": total, "progress_text": text[:MAX_TEXT]}
        leases.write(self.lease, progress_at=self.now(), worked_seconds=self.worked(), **values)
        self.stop_if_asked()

    def stop_if_asked(self) -> None:
        """Leave the task, by JobStoppedError, when the runner is asked to stop and no transaction is open."""
        if self._stopping() and not connection.in_atomic_block:
            raise JobStoppedError

    def finish(self) -> None:
        """Mark the job done, in the caller's transaction; call it last, together with the effect it stands for."""
        if not self.finished:
            attempts.finish(self.lease, now=self.now(), worked=self.worked())
            self.finished = True
