"""Jobs as staff and programs see them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from apps.jobs.models import Job
from apps.platform.services.errors import NotFoundError

STATES = tuple(Job.State.values)
COUNTED = (Job.State.QUEUED, Job.State.LEASED, Job.State.DEAD)


class JobNotFoundError(NotFoundError):
    """There is no job with this number."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"There is no job {job_id}.")


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the API shows it. Its arguments may name readers and are left out."""

    id: int
    name: str
    key: str
    state: str
    attempt: int
    run_at: datetime
    progress_done: int
    progress_total: int
    progress_text: str
    last_error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


FIELDS = tuple(JobRow.__dataclass_fields__)


def job_of(job_id: int) -> Job:
    """Return the job with this number."""
    try:
        return Job.objects.get(pk=job_id)
    except Job.DoesNotExist as error:
        raise JobNotFoundError(job_id) from error


def job_row(job_id: int) -> JobRow:
    """Return the job with this number, as the API shows it."""
    return row_of(job_of(job_id))


def job_rows(*, state: str | None, name: str | None, start: int, stop: int) -> tuple[list[JobRow], int]:
    """Return these jobs, newest first, and how many there are in all."""
    wanted: dict[str, Any] = {field: value for field, value in (("state", state), ("name", name)) if value}
    jobs = Job.objects.filter(**wanted)
    return [row_of(job) for job in jobs.order_by("-pk")[start:stop]], jobs.count()


def counts_by_name() -> dict[tuple[str, str], int]:
    """Count how many jobs wait, run and are dead: by (name, state)."""
    rows = Job.objects.filter(state__in=COUNTED).values_list("name", "state").annotate(n=Count("pk"))
    return {(name, state): count for name, state, count in rows.order_by()}


def any_due(now: datetime, *, names: Collection[str]) -> bool:
    """Tell whether a job of these names is due; a read, so that an idle runner takes no write lock."""
    return Job.objects.due(now).filter(name__in=names).exists()


def oldest_due_at(now: datetime, *, names: Collection[str] | None = None) -> datetime | None:
    """Return since when the job that waits the longest, of these names, could have run; None if none waits."""
    due = Job.objects.due(now) if names is None else Job.objects.due(now).filter(name__in=names)
    return due.order_by("run_at").values_list("run_at", flat=True).first()


def unknown_due(now: datetime, *, names: Collection[str]) -> list[str]:
    """List names of due jobs that are none of these: no runner of this version takes them."""
    return sorted(set(Job.objects.due(now).exclude(name__in=names).values_list("name", flat=True)))


def anything_moved(since: datetime, *, names: Collection[str]) -> bool:
    """Tell whether a job of these names was begun, got further or was done after this moment."""
    moved = Q(progress_at__gte=since, state=Job.State.LEASED) | Q(finished_at__gte=since)
    return Job.objects.filter(moved, name__in=names).exists()


def stalled_jobs(now: datetime, *, since: datetime) -> list[Job]:
    """Find jobs whose runner is alive and renews their lease, but that got no further after this moment."""
    return list(Job.objects.filter(state=Job.State.LEASED, lease_expires_at__gte=now, progress_at__lt=since))


def dead_names(since: datetime) -> dict[str, int]:
    """Count how many jobs died after this moment and wait for a person, by name."""
    dead = Job.objects.filter(state=Job.State.DEAD, finished_at__gte=since)
    return dict(dead.values_list("name").annotate(n=Count("pk")).order_by("name"))


def row_of(job: Job) -> JobRow:
    """Return this job as the API shows it."""
    return JobRow(**{field: getattr(job, field) for field in FIELDS})
