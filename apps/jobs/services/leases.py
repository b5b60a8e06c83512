"""Who may work on a job: claimed under a lease, kept by heartbeats, given back, finished or failed.

Every write of a runner is conditional on its lease (`JobQuerySet.held`). A runner that was taken for dead and comes
back finds its writes refused, so a result is recorded once, by the attempt that holds the job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction

from apps.jobs.models import Job
from apps.jobs.services.registry import Registration, registration_of
from apps.platform.services.errors import ConflictError

MAX_ERROR = 500

# Due, of a name this runner knows, and no other job of the same key is running. `queued` and `leased` are written out,
# not passed: a partial index is not used with a parameter.
DUE = """
SELECT waiting.id FROM jobs_job AS waiting
WHERE waiting.state = 'queued' AND waiting.run_at <= %s AND waiting.name IN ({names}) {more}
AND (waiting."key" = '' OR NOT EXISTS (SELECT 1 FROM jobs_job AS running
  WHERE running.state = 'leased' AND running.name = waiting.name AND running."key" = waiting."key"))
ORDER BY waiting.run_at, waiting.id LIMIT 1 {lock}
"""
CLAIM = """
UPDATE jobs_job SET state = 'leased', lease_owner = %s, attempt = attempt + 1, heartbeat_at = %s, progress_at = %s,
  started_at = COALESCE(started_at, %s), lease_expires_at = CASE name {leases} END
WHERE id = ({due}) AND state = 'queued' RETURNING *
"""


class LeaseLostError(ConflictError):
    """This attempt does not hold its job any more: it was cancelled, or taken over after missed heartbeats."""

    code = "lease_lost"

    def __init__(self, job_id: int) -> None:
        super().__init__(f"Job {job_id} is no longer held by this attempt; what it did since is not recorded.")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one attempt of one runner to work on a job."""

    job_id: int
    owner: str
    attempt: int
    seconds: float


def claim(*, owner: str, registrations: Sequence[Registration], now: datetime, job_id: int | None = None) -> Job | None:
    """The job that is due the longest, or the one with this id, is leased to the owner; None if there is none."""
    if not registrations:
        return None
    sql, values = _claim(owner=owner, registrations=registrations, now=now, job_id=job_id)
    try:
        with transaction.atomic():
            return next(iter(list(Job.objects.raw(sql, values))), None)
    except IntegrityError:  # at this same moment another runner took a job of the same key
        return None


def _claim(
    *, owner: str, registrations: Sequence[Registration], now: datetime, job_id: int | None
) -> tuple[str, list[Any]]:
    moment = connection.ops.adapt_datetimefield_value
    names = [job.name for job in registrations]
    ends = [(job.name, moment(now + timedelta(seconds=job.lease_seconds))) for job in registrations]
    due = DUE.format(
        names=", ".join(["%s"] * len(names)),
        more="" if job_id is None else "AND waiting.id = %s",
        lock="FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else "",
    )
    sql = CLAIM.format(leases=" ".join(["WHEN %s THEN %s"] * len(ends)), due=due)
    begun = moment(now)
    values = [owner, begun, begun, begun, *(part for end in ends for part in end), begun, *names]
    return sql, values if job_id is None else [*values, job_id]


def lease_of(job: Job) -> Lease:
    """The lease under which this claimed job is worked on."""
    return Lease(job.pk, job.lease_owner, job.attempt, registration_of(job.name).lease_seconds)


def write(lease: Lease, **values: Any) -> None:
    """These columns are written if the lease is still ours; else LeaseLostError undoes the transaction around it."""
    held = Job.objects.held(job_id=lease.job_id, owner=lease.owner, attempt=lease.attempt)
    if not held.update(**values):
        raise LeaseLostError(lease.job_id)


def heartbeat(lease: Lease, *, now: datetime) -> None:
    """The lease runs anew from now."""
    write(lease, heartbeat_at=now, lease_expires_at=now + timedelta(seconds=lease.seconds))


def finish(lease: Lease, *, now: datetime) -> None:
    """The job is done: recorded once, by the attempt that holds it."""
    write(lease, state=Job.State.DONE, finished_at=now, lease_expires_at=None, last_error="")


def give_up(lease: Lease, *, error: str, now: datetime) -> None:
    """The job is dead until a person retries it."""
    write(lease, state=Job.State.DEAD, finished_at=now, lease_expires_at=None, last_error=error[:MAX_ERROR])


def cancel(lease: Lease, *, error: str, now: datetime) -> None:
    """Cancel the job, because whoever it is the work of does not want it any more; nobody goes on with it."""
    write(lease, state=Job.State.CANCELLED, finished_at=now, lease_expires_at=None, last_error=error[:MAX_ERROR])


def release(lease: Lease) -> None:
    """The job waits again, as if this attempt had not begun; its checkpoint and its place in the queue stay."""
    _queue_again(lease, attempt=lease.attempt - 1)


def abandon(lease: Lease, *, error: str) -> None:
    """The job waits for its next attempt at its old place in the queue."""
    _queue_again(lease, attempt=lease.attempt, last_error=error[:MAX_ERROR])


def retry_later(lease: Lease, *, error: str, run_at: datetime) -> None:
    """The job waits for its next attempt at run_at; one of the same key that waits already carries on for it."""
    _queue_again(lease, attempt=lease.attempt, last_error=error[:MAX_ERROR], run_at=run_at)


@transaction.atomic
def _queue_again(lease: Lease, **again: Any) -> None:
    while True:
        try:
            with transaction.atomic():
                write(lease, state=Job.State.QUEUED, lease_expires_at=None, relayed_at=None, **again)
        except IntegrityError:
            if _hand_over(lease, again):
                return
        else:
            return


def _hand_over(lease: Lease, again: dict[str, Any]) -> bool:
    """Whether a job of the same key was waiting behind: it then takes over attempts, time and checkpoint."""
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
    write(lease, state=Job.State.CANCELLED, finished_at=job.heartbeat_at, lease_expires_at=None, last_error=note)
    return True
