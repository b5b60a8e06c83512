"""Background jobs while runners are killed at random, and how fast jobs are queued and run, on SQLite and PostgreSQL.

Three runners work on tasks of several steps; each effect is a row in a table without any constraint, so that one that
happened twice shows. One runner after another gets SIGTERM or SIGKILL with a job in hand and is replaced. Leases are
those of the tests, 1.5 s, so that a killed runner's job goes on soon; the product's are 60 s. PostgreSQL is started for
the benchmark and does not wait for the disk.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.manage import manage, postgresql
from benchmarks.report import heading, row
from tests.apps.jobs.processes import SETTINGS

if TYPE_CHECKING:  # the models behind it need Django, which is ready only in a child process
    from tests.apps.jobs.kills import Kills

TASKS: Final = 180
STEPS: Final = 5
STEP_SECONDS: Final = 0.1
KILLS: Final = 30
KILL_EVERY_SECONDS: Final = 0.7  # so that the last kill comes before the last task
SEED: Final = 2026
QUEUED: Final = 20_000
BATCH: Final = 1000
ONE_BY_ONE: Final = 2000
RUN: Final = 4000
ROUNDS: Final = 10
LEAST_WITH_ACCOUNT: Final = 0.75  # of the jobs per second without a row for each attempt
LEAST_PER_SECOND: Final = 5000


def main() -> None:
    """Measure both databases, the second where its programs are installed."""
    heading(f"Jobs: {KILLS} random kills over {TASKS} tasks of {STEPS} steps, 3 runners; and the ledger's speed")
    _measure("SQLite", {})
    with postgresql() as url:
        if url:
            _measure("PostgreSQL", {"DATABASE_URL": url})


def _measure(name: str, env: Mapping[str, str]) -> None:
    print(f"  {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        work_in_child = ("shell", "-v0", "-c", "from benchmarks.jobs import work; work()")
        manage(Path(folder), *work_in_child, env={"DJANGO_SETTINGS_MODULE": SETTINGS, **env}, shown=True)


def work() -> None:
    """The kills and the speed, in a process with the sample jobs and an empty database."""
    from django.core.management import call_command

    from tests.apps.jobs.kills import run_with_kills
    from tests.apps.jobs.sample import effects

    call_command("migrate", verbosity=0)
    effects.make_table()
    _show_kills(
        run_with_kills(
            tasks=TASKS, steps=STEPS, step_seconds=STEP_SECONDS, kills=KILLS, every=KILL_EVERY_SECONDS, seed=SEED
        )
    )
    _show_speed()


def _show_kills(report: "Kills") -> None:
    killed = sum(report.killed.values())
    by_signal = ", ".join(f"{count} by {name}" for name, count in sorted(report.killed.items()))
    row(
        "  runners killed with a job in hand",
        f"{killed}",
        compared_with=by_signal,
        target=f"{KILLS}",
        met=killed == KILLS,
    )
    done = f"{report.done} of {TASKS} done in {report.seconds:.1f} s"
    row("  tasks lost", f"{report.lost}", compared_with=done, target="0", met=report.lost == 0)
    wrong = report.missing_effects + report.repeated_effects
    seen = f"{report.missing_effects} missing, {report.repeated_effects} repeated of {TASKS * STEPS:,}"
    row("  effects that did not happen exactly once", f"{wrong}", compared_with=seen, target="0", met=wrong == 0)
    redo = report.redo_seconds
    row(
        "  from a kill until another runner has the job",
        f"{median(redo):.2f} s" if redo else "none",
        compared_with=f"median; most {max(redo, default=0.0):.2f} s; {len(redo)} of {report.interrupted} seen",
    )


def _show_speed() -> None:
    """Jobs that do nothing: queued in batches and one by one, then run in this process."""
    from django.utils import timezone

    from apps.jobs.services.ledger.queue import enqueue, enqueue_many
    from apps.jobs.services.runner.execution import run_next

    name = "sample.nothing"
    in_batches = _per_second(
        lambda: enqueue_many(name, [{}] * BATCH, now=timezone.now()), times=QUEUED // BATCH, jobs=QUEUED
    )
    one_by_one = _per_second(lambda: enqueue(name, now=timezone.now()), times=ONE_BY_ONE, jobs=ONE_BY_ONE)
    row(
        f"  queued in batches of {BATCH:,}",
        f"{in_batches:,.0f} jobs/s",
        compared_with=f"one by one, each its own transaction: {one_by_one:,.0f}/s",
        target=f">= {LEAST_PER_SECOND:,}/s",
        met=in_batches >= LEAST_PER_SECOND,
    )
    _show_account(lambda: run_next(owner="benchmark", clock=timezone.now))


def _show_account(run_one: Callable[[], object]) -> None:
    """Jobs with and without the row that accounts for their attempt, in turns."""
    from unittest.mock import patch

    from apps.jobs.services.ledger import attempts

    with_account, without = [], []
    for _ in range(ROUNDS):
        with_account.append(_per_second(run_one, times=RUN // ROUNDS, jobs=RUN // ROUNDS))
        with patch.object(attempts, "record", lambda *_, **__: None):
            without.append(_per_second(run_one, times=RUN // ROUNDS, jobs=RUN // ROUNDS))
    share = median(with_account) / median(without)
    row(
        "  claimed, run and finished",
        f"{median(with_account):,.0f} jobs/s",
        compared_with=f"{share:.2f} of those without an account of the attempt; {QUEUED + ONE_BY_ONE:,} wait",
        target=f">= {LEAST_WITH_ACCOUNT}",
        met=share >= LEAST_WITH_ACCOUNT,
    )


def _per_second(do: Callable[[], object], *, times: int, jobs: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        do()
    return jobs / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
