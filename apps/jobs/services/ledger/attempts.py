"""End an attempt: the job's row and the account of the attempt are written together, by whoever holds the lease.

What is written down outlives the job: where the attempt ran, how long it worked, what of that a stop threw away, and
which fault ended it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from apps.jobs.models import Attempt, Job, Lane
from apps.jobs.selectors.runners import place_of
from apps.jobs.services.ledger.leases import Lease, LeaseLostError
from apps.jobs.services.ledger.registry import find_registration

MAX_ERROR, MAX_FINGERPRINT = 500, 200  # as wide as the columns
Outcome = Attempt.Outcome
# Written out: a job that does nothing took half as long again with the queries that Django makes of the same.
END = """
UPDATE jobs_job SET lease_expires_at = NULL, {columns}
WHERE id = %s AND state = 'leased' AND lease_owner = %s AND attempt = %s RETURNING worked_seconds, saved_seconds
"""
RECORD = """
INSERT INTO jobs_attempt (job_id, name, lane, number, owner, host, started_at, ended_at, outcome, fingerprint, error,
  work_seconds, lost_seconds) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
CUT_OFF = (Outcome.RELEASED, Outcome.LOST)  # stopped from outside: what came after the last checkpoint is done again


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed.

    `fingerprint` is the same whenever it is the same fault: no data, no line numbers. `sentence` is for a person.
    """

    fingerprint: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended, and when.

    `worked` is how many seconds it worked by the clock of its runner that nobody sets; None where only the job's row
    knows, as of the last heartbeat.
    """

    outcome: Outcome
    at: datetime
    worked: float | None = None
    failure: Failure | None = None

    @property
    def error(self) -> str:
        """Return the sentence as the columns hold it."""
        return self.failure.sentence[:MAX_ERROR] if self.failure else ""


def finish(lease: Lease, *, now: datetime, worked: float | None = None) -> None:
    """Mark the job done, once: by the attempt that holds it. The error of an attempt before stays readable."""
    _end(lease, Ending(Outcome.DONE, now, worked), state=Job.State.DONE.value, finished_at=now)


def mark_dead(lease: Lease, ending: Ending) -> None:
    """Leave the job until a person retries it: this was its last attempt."""
    _end(lease, ending, state=Job.State.DEAD.value, finished_at=ending.at, last_error=ending.error)


def cancel(lease: Lease, ending: Ending) -> None:
    """Cancel the job: whoever it is the work of does not want it any more, and nobody goes on with it."""
    _end(lease, ending, state=Job.State.CANCELLED.value, finished_at=ending.at, last_error=ending.error)


def release(lease: Lease, *, now: datetime, worked: float | None = None) -> None:
    """Give the job back as if this attempt had not begun; its checkpoint and its place in the queue stay."""
    _queue_again(lease, Ending(Outcome.RELEASED, now, worked), attempt=lease.attempt - 1)


def requeue(lease: Lease, ending: Ending, *, run_at: datetime | None = None) -> None:
    """Let the job wait for its next attempt, at run_at or at its old place in the queue.

    A job of the same key that waits already carries on for it.
    """
    again: dict[str, Any] = {"attempt": lease.attempt, "last_error": ending.error}
    _queue_again(lease, ending, **again, **({"run_at": run_at} if run_at else {}))


def record_attempt(lease: Lease, ending: Ending, *, seen: float, saved: float) -> None:
    """Write the account of an attempt that has just ended, in the transaction that ended it.

    Args:
        lease: the lease that has ended.
        ending: how.
        seen: seconds of work as of the last heartbeat, >= 0; they count where the ending knows no better.
        saved: seconds of work that the checkpoint saves, >= 0.
    """
    known = find_registration(lease.name)
    lane = "" if known is None else Lane.LONG if known.long else Lane.QUICK
    work = max(0.0, seen if ending.worked is None else ending.worked)
    lost = max(0.0, work - saved) if ending.outcome in CUT_OFF else 0.0
    ended_at = max(ending.at, lease.started_at)  # a clock may have been set back in between
    fingerprint = ending.failure.fingerprint[:MAX_FINGERPRINT] if ending.failure else ""
    moment = connection.ops.adapt_datetimefield_value
    who = (lease.job_id, lease.name, str(lane), lease.attempt, lease.owner, place_of(lease.owner)[0])
    when = (moment(lease.started_at), moment(ended_at))
    with connection.cursor() as cursor:
        cursor.execute(RECORD, (*who, *when, str(ending.outcome), fingerprint, ending.error, work, lost))


def _end(lease: Lease, ending: Ending, **columns: Any) -> None:
    moment = connection.ops.adapt_datetimefield_value
    values = [moment(value) if isinstance(value, datetime) else value for value in columns.values()]
    update = END.format(columns=", ".join(f"{name} = %s" for name in columns))
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(update, (*values, lease.job_id, lease.owner, lease.attempt))
            seconds = cursor.fetchone()
        if seconds is not None:
            record_attempt(lease, ending, seen=seconds[0], saved=seconds[1])
    if seconds is None:  # outside: whoever catches it can go on in the transaction around
        raise LeaseLostError(lease.job_id)


@transaction.atomic
def _queue_again(lease: Lease, ending: Ending, **again: Any) -> None:
    while True:
        try:
            with transaction.atomic():
                _end(lease, ending, state=Job.State.QUEUED.value, relayed_at=None, **again)
        except IntegrityError:
            if _hand_over(lease, ending, again):
                return
        else:
            return


def _hand_over(lease: Lease, ending: Ending, again: dict[str, Any]) -> bool:
    """Let a job of the same key that waits behind take over attempts, time and checkpoint; False if there is none."""
    job = Job.objects.get(pk=lease.job_id)
    waiting = Job.objects.select_for_update().filter(name=job.name, key=job.key, state=Job.State.QUEUED)
    successor = waiting.first()
    if successor is None:
        return False
    if successor.arguments == job.arguments:
        again["checkpoint"] = job.checkpoint
    again = {"run_at": job.run_at, "relayed_at": None, **again}
    waiting.filter(pk=successor.pk).update(**again)
    note = f"Its work goes on in job {successor.pk}. {again.get('last_error', '')}".strip()[:MAX_ERROR]
    _end(lease, ending, state=Job.State.CANCELLED.value, finished_at=job.heartbeat_at, last_error=note)
    return True
