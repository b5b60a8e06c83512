"""What a person may do with a job: cancel it, or let a dead one try again."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.jobs.models import Job
from apps.jobs.selectors.jobs import job_of
from apps.platform.services.errors import ConflictError


class JobStateError(ConflictError):
    """The job is in a state in which this cannot be done."""

    code = "job_state"


def cancel_job(job_id: int, *, now: datetime) -> None:
    """The job will not run; a running one is told at its next step, and what it finishes after this is not recorded."""
    open_jobs = Job.objects.filter(pk=job_id, state__in=[Job.State.QUEUED, Job.State.LEASED])
    if not open_jobs.update(state=Job.State.CANCELLED, finished_at=now, lease_expires_at=None):
        raise JobStateError(
            f"Job {job_id} is {job_of(job_id).get_state_display().lower()}; there is nothing to cancel."
        )


def retry_job(job_id: int, *, now: datetime) -> None:
    """A dead or cancelled job waits again, with all its attempts before it; it goes on from its checkpoint."""
    ended = Job.objects.filter(pk=job_id, state__in=[Job.State.DEAD, Job.State.CANCELLED])
    again = {"attempt": 0, "run_at": now, "relayed_at": None, "finished_at": None, "lease_owner": ""}
    try:
        with transaction.atomic():
            changed = ended.update(state=Job.State.QUEUED, **again)
    except IntegrityError as error:
        raise JobStateError(f"The work of job {job_id} waits already, under the same key.") from error
    if not changed:
        state = job_of(job_id).get_state_display().lower()
        raise JobStateError(f"Job {job_id} is {state}; only a job that was given up or cancelled can be retried.")
