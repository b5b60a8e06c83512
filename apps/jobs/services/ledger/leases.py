"""Who may work on a job: claimed under a lease, kept by heartbeats, until the attempt ends (attempts).

Every write of a runner is conditional on its lease (`JobQuerySet.held`). A runner that was taken for dead and comes
back finds its writes refused, so a result is recorded once, by the attempt that holds the job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction

from apps.jobs.models import Job
from apps.jobs.services.ledger.registry import LEASE_SECONDS, Registration, find_registration
from apps.platform.services.errors import ConflictError

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
UPDATE jobs_job SET state = 'leased', lease_owner = %s, attempt = attempt + 1, leased_at = %s, heartbeat_at = %s,
  progress_at = %s, started_at = COALESCE(started_at, %s), worked_seconds = 0, saved_seconds = 0,
  lease_expires_at = CASE name {leases} END
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
    name: str
    owner: str
    attempt: int
    started_at: datetime
    seconds: float


def claim(*, owner: str, registrations: Sequence[Registration], now: datetime, job_id: int | None = None) -> Job | None:
    """Lease the job that is due the longest, or the one with this id, to the owner; None if there is none."""
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
    values = [owner, *[begun] * 4, *(part for end in ends for part in end), begun, *names]
    return sql, values if job_id is None else [*values, job_id]


def lease_of(job: Job) -> Lease:
    """Return the lease under which this claimed job is worked on."""
    known = find_registration(job.name)  # None: of another version of this software
    started_at = job.leased_at or job.heartbeat_at or job.created_at  # claimed by a version that wrote no leased_at
    seconds = known.lease_seconds if known else LEASE_SECONDS
    return Lease(job.pk, job.name, job.lease_owner, job.attempt, started_at, seconds)


def write(lease: Lease, **values: Any) -> None:
    """Write these columns if the lease is still ours; else LeaseLostError undoes the transaction around it."""
    held = Job.objects.held(job_id=lease.job_id, owner=lease.owner, attempt=lease.attempt)
    if not held.update(**values):
        raise LeaseLostError(lease.job_id)


def heartbeat(lease: Lease, *, now: datetime, worked: float) -> None:
    """Let the lease run anew from now, and note for how many seconds the attempt has worked."""
    ends = now + timedelta(seconds=lease.seconds)
    write(lease, heartbeat_at=now, lease_expires_at=ends, worked_seconds=worked)
