"""Attempts at jobs: those of one job, and what they add up to by name, outcome and fault.

Attempts that are over are rows and outlive their jobs; the one that runs now is in its job's row. Sums count an attempt
in the range in which it ended. Ranges are half-open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet, Sum

from apps.jobs.models import Attempt, Job
from apps.jobs.selectors.jobs import JobRow, job_of, row_of
from apps.jobs.selectors.runners import place_of

RUNNING = "running"
OUTCOMES = (RUNNING, *Attempt.Outcome.values)
MOST_SHOWN = 20  # a job has five attempts, and more only where runners were stopped or a person retried it


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt at a job. Of one that runs, seconds are as of its last heartbeat, and nothing is lost yet."""

    number: int
    outcome: str
    host: str
    owner: str
    started_at: datetime
    ended_at: datetime | None
    work_seconds: float
    lost_seconds: float
    fingerprint: str
    error: str


@dataclass(frozen=True, slots=True)
class JobDetail(JobRow):
    """A job with its newest attempts, newest first."""

    attempts: Sequence[AttemptRow]


@dataclass(frozen=True, slots=True)
class Fault:
    """Attempts that ended by the same fault: how many, of which jobs, and how it was seen last."""

    fingerprint: str
    names: Sequence[str]
    attempts: int
    last_error: str


def attempts_of(job_id: int, *, limit: int = MOST_SHOWN) -> list[AttemptRow]:
    """Return the newest attempts of this job, the running one first; also of a job that was purged."""
    job = Job.objects.filter(pk=job_id, state=Job.State.LEASED).first()
    running = [_running(job)] if job else []
    ended = Attempt.objects.filter(job_id=job_id).order_by("-pk")[: limit - len(running)]
    fields = AttemptRow.__dataclass_fields__
    return [*running, *(AttemptRow(**{field: getattr(row, field) for field in fields}) for row in ended)]


def job_detail(job_id: int) -> JobDetail:
    """Return the job with this number and its newest attempts, as the API shows them."""
    row = row_of(job_of(job_id))
    return JobDetail(
        **{field: getattr(row, field) for field in JobRow.__dataclass_fields__}, attempts=attempts_of(job_id)
    )


def work_by_name(since: datetime, until: datetime) -> dict[str, tuple[float, float]]:
    """Sum the seconds of work and of lost work: by name."""
    rows = _ended(since, until).values_list("name")
    summed = rows.annotate(work=Sum("work_seconds"), lost=Sum("lost_seconds")).order_by("name")
    return {name: (work, lost) for name, work, lost in summed}


def attempts_by_outcome(since: datetime, until: datetime) -> dict[tuple[str, str], int]:
    """Count how many attempts ended how: by (name, outcome)."""
    rows = _ended(since, until).values_list("name", "outcome").annotate(n=Count("pk"))
    return {(name, outcome): count for name, outcome, count in rows.order_by("name", "outcome")}


def faults(since: datetime, until: datetime, *, limit: int = MOST_SHOWN) -> list[Fault]:
    """Count failed and lost attempts by fingerprint, the most frequent first."""
    failed = _ended(since, until).filter(~Q(fingerprint=""))
    rows = failed.values_list("fingerprint").annotate(n=Count("pk"), last=Max("pk")).order_by("-n", "fingerprint")
    found = []
    for fingerprint, count, last in rows[:limit]:
        names = failed.filter(fingerprint=fingerprint).order_by("name").values_list("name", flat=True).distinct()
        found.append(Fault(fingerprint, list(names), count, Attempt.objects.get(pk=last).error))
    return found


def _ended(since: datetime, until: datetime) -> QuerySet[Attempt]:
    return Attempt.objects.filter(ended_at__gte=since, ended_at__lt=until)


def _running(job: Job) -> AttemptRow:
    return AttemptRow(
        number=job.attempt,
        outcome=RUNNING,
        host=place_of(job.lease_owner)[0],
        owner=job.lease_owner,
        started_at=job.leased_at or job.heartbeat_at or job.created_at,
        ended_at=None,
        work_seconds=job.worked_seconds,
        lost_seconds=0.0,
        fingerprint="",
        error="",
    )
