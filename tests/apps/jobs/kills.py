"""Kill job runners at random while they work, and count what came of it. Used by a small test and by the benchmark."""

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.services.ledger.queue import enqueue_many
from tests.apps.jobs.processes import start
from tests.apps.jobs.sample import effects

RUNNERS = 3
PATIENCE_SECONDS = 240.0


@dataclass(slots=True)
class Kills:
    """What happened."""

    killed: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    done: int = 0
    missing_effects: int = 0
    repeated_effects: int = 0
    interrupted: int = 0  # jobs that a killed runner held
    redo_seconds: list[float] = field(default_factory=list)  # from the kill until another runner had the job
    seconds: float = 0.0


def run_with_kills(*, tasks: int, steps: int, step_seconds: float, kills: int, every: float, seed: int) -> Kills:
    """All tasks were run by runners of which one was killed every so often, and replaced."""
    report, dice, started = Kills(), random.Random(seed), time.monotonic()
    enqueue_many("sample.steps", [{"steps": steps, "seconds": step_seconds}] * tasks, now=timezone.now())
    held: dict[int, tuple[str, float]] = {}
    with _runners() as processes:
        next_kill = started + every
        while _unfinished() and time.monotonic() < started + PATIENCE_SECONDS:
            due = sum(report.killed.values()) < kills and time.monotonic() >= next_kill
            if due and _kill_one(processes, dice, report, held):
                next_kill = time.monotonic() + every * dice.uniform(0.5, 1.5)
            _note_taken_over(held, report)
            time.sleep(0.05)
    report.seconds = time.monotonic() - started
    _count(report, tasks=tasks, steps=steps)
    return report


@contextmanager
def _runners() -> Iterator[list["subprocess.Popen[str]"]]:
    processes = [_start() for _ in range(RUNNERS)]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.communicate(timeout=30)


def _start() -> "subprocess.Popen[str]":
    return start("runjobs", "--grace", "0.5")


def _kill_one(
    processes: list["subprocess.Popen[str]"], dice: random.Random, report: Kills, held: dict[int, tuple[str, float]]
) -> bool:
    """Whether a runner with a job in hand was there to be killed."""
    busy = [process for process in processes if _held_by(process)]
    if not busy:
        return False
    process = dice.choice(busy)
    _note_taken_over(held, report)  # before a job that was killed once is killed again
    how = dice.choice([signal.SIGTERM, signal.SIGKILL])
    jobs = _held_by(process)
    process.send_signal(how)
    report.killed[how.name] += 1
    report.interrupted += len(jobs)
    held.update({job.pk: (job.lease_owner, time.monotonic()) for job in jobs})
    processes[processes.index(process)] = _start()
    process.communicate(timeout=30)
    return True


def _held_by(process: "subprocess.Popen[str]") -> Sequence[Job]:
    return list(Job.objects.filter(state=Job.State.LEASED, lease_owner__contains=f":{process.pid}:"))


def _note_taken_over(held: dict[int, tuple[str, float]], report: Kills) -> None:
    for job in Job.objects.filter(pk__in=list(held)).exclude(state=Job.State.QUEUED):
        owner, killed_at = held[job.pk]
        if job.lease_owner != owner:
            report.redo_seconds.append(time.monotonic() - killed_at)
            del held[job.pk]


def _unfinished() -> bool:
    return Job.objects.filter(state__in=[Job.State.QUEUED, Job.State.LEASED]).exists()


def _count(report: Kills, *, tasks: int, steps: int) -> None:
    report.done = Job.objects.filter(name="sample.steps", state=Job.State.DONE).count()
    report.lost = tasks - report.done
    counted = Counter(effects.all_effects())
    report.missing_effects = tasks * steps - len(counted)
    report.repeated_effects = sum(counted.values()) - len(counted)
