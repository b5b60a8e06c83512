"""Which jobs and schedules exist. Apps register theirs in ready(); what is not registered is never queued."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from typing import Any

from apps.platform.services.errors import EpicmlError

LEASE_SECONDS = 60  # a dead runner's job waits this long; heartbeats come four times as often
MAX_ATTEMPTS = 5  # a job that failed this often needs a person

# Told how far work is: done, of how many, and at what in words.
ReportProgress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Registration:
    """How a job of this name is run."""

    name: str
    task: str
    lease_seconds: float
    max_attempts: int
    atomic: bool
    long: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is queued by the clock: every so often, or daily at a time of day (UTC)."""

    name: str
    job: str
    every: timedelta | None
    daily_at: time | None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    at_start: bool = False

    def slot(self, now: datetime) -> datetime:
        """The latest moment, not after now, at which this schedule is due."""
        if self.every is not None:
            step = self.every.total_seconds()
            return datetime.fromtimestamp(now.timestamp() // step * step, tz=UTC)
        today = datetime.combine(now.astimezone(UTC).date(), self.daily_at or time(), tzinfo=UTC)
        return today if today <= now else today - timedelta(days=1)


class UnknownJobError(EpicmlError):
    """A job name that no app registered."""

    code = "unknown_job"

    def __init__(self, name: str) -> None:
        known = ", ".join(sorted(_jobs)) or "none"
        super().__init__(f"No job is called {name!r}; registered are: {known}.")


class DuplicateNameError(EpicmlError):
    """Two apps registered different things under one name."""

    code = "duplicate_name"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is registered twice, with different values.")


class BrokenTaskError(EpicmlError):
    """A registered path at which there is no task."""

    code = "broken_task"

    def __init__(self, registration: Registration) -> None:
        super().__init__(f"Job {registration.name!r} names the task {registration.task!r}, which cannot be imported.")


class InvalidScheduleError(EpicmlError):
    """A schedule without exactly one of `every` and `daily_at`."""

    code = "invalid_schedule"

    def __init__(self, name: str) -> None:
        super().__init__(f"Schedule {name!r} needs either every=timedelta(...), above zero, or daily_at=time(...).")


_jobs: dict[str, Registration] = {}
_schedules: dict[str, Schedule] = {}


def register_job(
    name: str,
    task: str,
    *,
    lease_seconds: float = LEASE_SECONDS,
    max_attempts: int = MAX_ATTEMPTS,
    atomic: bool = False,
    long: bool = False,
) -> None:
    """Let jobs of this name be queued, and runners apply the task at this dotted path.

    `atomic` runs the task and marks the job done in one transaction, for short tasks whose effect is in the database;
    `long` keeps work of many seconds off the runner that is reserved for quick jobs.
    """
    registration = Registration(name, task, lease_seconds, max_attempts, atomic, long)
    if _jobs.setdefault(name, registration) != registration:
        raise DuplicateNameError(name)


def register_schedule(
    name: str,
    job: str,
    *,
    every: timedelta | None = None,
    daily_at: time | None = None,
    arguments: Mapping[str, Any] | None = None,
    at_start: bool = False,
) -> None:
    """Queue the job once at every slot of this schedule, over any number of runners; at_start: when one starts too."""
    if (every is None) == (daily_at is None) or (every is not None and every <= timedelta()):
        raise InvalidScheduleError(name)
    schedule = Schedule(name, job, every, daily_at, dict(arguments or {}), at_start)
    if _schedules.setdefault(name, schedule) != schedule:
        raise DuplicateNameError(name)


def registration_of(name: str) -> Registration:
    """How the job of this name is run."""
    try:
        return _jobs[name]
    except KeyError as error:
        raise UnknownJobError(name) from error


def find_registration(name: str) -> Registration | None:
    """How the job of this name is run; None if it is of another version, which is being rolled out or back."""
    return _jobs.get(name)


def registrations(*, quick_only: bool = False) -> list[Registration]:
    """All registered jobs, or those that are not long."""
    return [job for job in _jobs.values() if not (quick_only and job.long)]


def schedules() -> list[Schedule]:
    """All registered schedules."""
    return list(_schedules.values())


def resolve(registration: Registration) -> Callable[..., Any]:
    """Import the function behind a registered path: a Celery task's body, or a plain function."""
    module, _, attribute = registration.task.rpartition(".")
    try:
        task = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise BrokenTaskError(registration) from error
    function: Callable[..., Any] = getattr(task, "run", task)
    return function


def check_registered() -> None:
    """Refuse, in one sentence, a registered path that leads to no task and a schedule that leads to no job."""
    for registration in registrations():
        resolve(registration)
    for schedule in schedules():
        registration_of(schedule.job)
