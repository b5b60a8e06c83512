"""The one lease of a build is that of the job that makes it; where no job asked for it, its process claims one.

So there is one way in which a builder is known to be alive, dead or stuck, and one way in which its work goes on
elsewhere: the job ledger's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from django.db import transaction

from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.attempts import Ending, Failure, Outcome
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import registration_of
from apps.jobs.services.runner.execution import failure_of
from apps.jobs.services.runner.heartbeats import Heartbeat
from apps.jobs.services.runner.loop import new_owner
from apps.jobs.services.runner.running import RunningJob
from apps.platform.services.errors import ConflictError

BUILD_JOB = "releases.build"
STOPPED = "The command that it was the work of ended before it."
LEASE_SECONDS = 120  # of every job that builds: a killed one is known to be dead after that


class NotClaimedError(ConflictError):
    """The job of this build was taken by another process at the moment it was written."""

    code = "not_claimed"

    def __init__(self, job_id: int) -> None:
        super().__init__(f"Job {job_id}, in which this build was to be made, was taken by another process; try again.")


@contextmanager
def own_job(kind: str, *, clock: Callable[[], datetime]) -> Iterator[RunningJob]:
    """Run the block as a job of this process: done after it, cancelled by an error; if it dies a runner goes on."""
    known = registration_of(BUILD_JOB)
    with transaction.atomic():  # no runner sees the job before this process has it
        number = enqueue(BUILD_JOB, {"kind": kind}, now=clock())
        job = leases.claim(owner=new_owner("command"), registrations=[known], now=clock(), job_id=number)
        if job is None:
            raise NotClaimedError(number)
    run, heartbeat = RunningJob(job, clock=clock), Heartbeat(clock=clock)
    try:
        with heartbeat.over(run.lease):
            yield run
        with suppress(leases.LeaseLostError):  # cancelled at the last moment: what was made is made
            run.finish()
    except BaseException as error:  # also an interrupt: whoever stops the command wants no runner to go on with it
        with suppress(leases.LeaseLostError):
            attempts.cancel(
                run.lease,
                Ending(Outcome.CANCELLED, clock(), run.worked(), Failure(failure_of(error).fingerprint, STOPPED)),
            )
        raise
    finally:
        heartbeat.close()


def will_retry(job: RunningJob) -> bool:
    """Tell whether the ledger gives this job another attempt if this one fails."""
    return job.attempt < registration_of(job.name).max_attempts


def holds(job: RunningJob) -> bool:
    """Tell whether this attempt still holds its job."""
    try:
        leases.heartbeat(job.lease, now=job.now(), worked=job.worked())
    except leases.LeaseLostError:
        return False
    return True
