"""Who is at work."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.jobs.models import Lane, Runner

LANES = tuple(Lane.values)
ALIVE_FOR = timedelta(seconds=30)  # six missed heartbeats
# Signs of life bear the database's time; one from later is of before its clock was set back, and says nothing.
AHEAD = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class RunnerRow:
    """A process that was seen lately. Without a problem it can do its work."""

    owner: str
    kind: str
    lanes: frozenset[str]
    problem: str
    started_at: datetime
    seen_at: datetime

    @property
    def is_relay(self) -> bool:
        return self.kind == Runner.Kind.RELAY

    @property
    def is_worker(self) -> bool:
        return self.kind == Runner.Kind.CELERY


def runners_seen(now: datetime) -> list[RunnerRow]:
    """List runners, relays and Celery workers that were seen lately, whether or not they can work."""
    rows = Runner.objects.filter(seen_at__gte=now - ALIVE_FOR, seen_at__lte=now + AHEAD).order_by("owner")
    return [_row(runner) for runner in rows]


def runners_able(now: datetime) -> list[RunnerRow]:
    """List those that can run jobs now: runners that were seen, and Celery workers where a relay feeds them."""
    able = [row for row in runners_seen(now) if not row.problem]
    is_fed = any(row.is_relay for row in able)
    return [row for row in able if row.kind == Runner.Kind.RUNNER or (row.is_worker and is_fed)]


def lanes_covered(rows: list[RunnerRow]) -> set[str]:
    """Return the lanes from which at least one of these takes jobs."""
    return {lane for row in rows for lane in row.lanes} & set(LANES)


def runner_of_process(*, machine: str, process: int) -> RunnerRow | None:
    """Return the newest row of this process on this machine, however old: what its supervisor looks at."""
    row = Runner.objects.filter(owner__contains=f"@{machine}:{process}:").order_by("-started_at").first()
    return _row(row) if row else None


def place_of(owner: str) -> tuple[str, str]:
    """Read the machine and the process from the name of a runner; both empty if it is none of ours.

    >>> place_of("celery@library-2:4711:9f3a"), place_of("test")
    (('library-2', '4711'), ('', ''))
    """
    machine, _, process = owner.rpartition(":")[0].partition("@")[2].rpartition(":")
    return machine, process if machine else ""


def _row(runner: Runner) -> RunnerRow:
    lanes = frozenset(lane for lane in runner.lanes.split(",") if lane)
    return RunnerRow(runner.owner, runner.kind, lanes, runner.problem, runner.started_at, runner.seen_at)
