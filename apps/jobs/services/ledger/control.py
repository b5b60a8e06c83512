"""What a person may do with a job: cancel it, or let a dead one try again."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.jobs.models import Job
from apps.jobs.selectors.jobs import JobNotFoundError, job_of
from apps.jobs.services.ledger.attempts import Ending, Outcome, record_attempt
from apps.jobs.services.ledger.leases import lease_of
from apps.platform.services.errors import ConflictError


class JobStateError(ConflictError):
    """The job is in a state in which this cannot be done."""

    code = "job_state"


@transaction.atomic
def cancel_job(job_id: int, *, now: datetime) -> None:
    """Keep the job from running; a running one is told at its next step, and what it finishes then is not recorded."""
    jobs = Job.objects.filter(pk=job_id)
    job = jobs.select_for_update().first()
    if job is None:
        raise JobNotFoundError(job_id)
    if job.state not in (Job.State.QUEUED, Job.State.LEASED):
        raise JobStateError(f"Job {job_id} is {job.get_state_display().lower()}; there is nothing to cancel.")
    jobs.update(state=Job.State.CANCELLED, finished_at=now, lease_expires_at=None)
    if job.state == Job.State.LEASED:
        record_attempt(lease_of(job), Ending(Outcome.CANCELLED, now), seen=job.worked_seconds, saved=job.saved_seconds)


def retry_job(job_id: int, *, now: datetime) -> None:
    """Let a dead or cancelled job wait again, with all its attempts before it; it goes on from its checkpoint."""
    ended = Job.objects.filter(pk=job_id, state__in=[Job.State.DEAD, Job.State.CANCELLED])
    again = {"attempt": 0, "run_at": now, "relayed_at": None, "finished_at": None, "lease_owner": ""}
    try:
        with transaction.atomic():
            changed = ended.update(state=Job.State.QUEUED, **again)
    except IntegrityError as error:
        raise JobStateError(f"The work of job {job_id} waits already, under the same key.") from error
    if not changed:
        state = job_of(job_id).get_state_display().lower()
        raise JobStateError(f"Job {job_id} is {state}; only a dead or cancelled job can be retried.")
