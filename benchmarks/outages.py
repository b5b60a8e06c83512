"""Redis killed and hung while Celery workers work, and a worker that hangs: what is lost, and what is done twice.

Relay and workers run as in production (`relayjobs`, `runworkers`) on the sample jobs of the tests. Each effect is a row
in a table without any constraint, so that one that happened twice shows.
"""

import os
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.manage import manage
from benchmarks.report import heading, row
from tests.apps.jobs.processes import SETTINGS
from tests.servers import ServerUnavailableError, running_redis

if TYPE_CHECKING:  # the models behind it need Django, which is ready only in a child process
    from tests.apps.jobs.outages import Celery

TASKS: Final = 120
STEPS: Final = 4
STEP_SECONDS: Final = 0.1
AWAY_SECONDS: Final = (0.3, 3.0)
HANG_SECONDS: Final = 20.0
MOST_KILL_SECONDS: Final = 120.0  # until a worker that hangs has been killed
MOST_STOP_SECONDS: Final = 20.0  # grace of 1 s and margin of 15 s, and a busy machine


def main() -> None:
    """Measure on SQLite; without Redis that is said."""
    heading(f"Outages: Redis killed {len(AWAY_SECONDS)} times and hung for {HANG_SECONDS:.0f} s, a worker hung")
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        command = ("shell", "-v0", "-c", "from benchmarks.outages import work; work()")
        manage(Path(folder), *command, env={"DJANGO_SETTINGS_MODULE": SETTINGS}, shown=True)


def work() -> None:
    """The outages, in a process with the sample jobs and an empty database."""
    from django.core.management import call_command

    from tests.apps.jobs.outages import celery, wait_for, work_through
    from tests.apps.jobs.sample import effects

    call_command("migrate", verbosity=0)
    effects.make_table()
    try:
        with running_redis() as redis, celery(redis) as running:
            wait_for(_all_able)
            killed_after: list[float] = []
            report = work_through(
                lambda: killed_after.append(_go_through_all(running)),
                tasks=TASKS,
                steps=STEPS,
                step_seconds=STEP_SECONDS,
            )
            stopped_after = _stop_without_redis(running)
    except ServerUnavailableError as error:
        print(f"  not measured. {error}")
        return
    done = f"{report.done} of {TASKS} done in {report.seconds:.0f} s"
    row("  jobs lost", f"{report.lost}", compared_with=done, target="0", met=report.lost == 0)
    wrong = report.missing_effects + report.repeated_effects
    seen = f"{report.missing_effects} missing, {report.repeated_effects} repeated of {TASKS * STEPS:,}"
    row("  effects that did not happen exactly once", f"{wrong}", compared_with=seen, target="0", met=wrong == 0)
    _show_seconds("  a worker that hangs is killed after", killed_after[0], most=MOST_KILL_SECONDS)
    _show_seconds("  workers whose broker is gone have ended after", stopped_after, most=MOST_STOP_SECONDS)


def _go_through_all(running: "Celery") -> float:
    """How many seconds it took until a hung worker was killed, after all that was done to Redis."""
    for away in AWAY_SECONDS:
        running.kill_redis(away_seconds=away)
        time.sleep(2.0)
    running.hang_redis(seconds=HANG_SECONDS)
    return _hang_a_worker()


def _hang_a_worker() -> float:
    from apps.jobs.models import Runner
    from tests.apps.jobs.outages import wait_for

    process = int(Runner.objects.filter(kind="celery", lanes="quick").latest("seen_at").owner.split(":")[-2])
    started = time.monotonic()
    os.kill(process, signal.SIGSTOP)
    wait_for(lambda: not Path(f"/proc/{process}").exists(), seconds=MOST_KILL_SECONDS)
    return time.monotonic() - started


def _stop_without_redis(running: "Celery") -> float:
    running.redis.process.kill()
    running.redis.process.wait()
    time.sleep(1.0)
    started = time.monotonic()
    running.workers.terminate()
    running.workers.wait(timeout=2 * MOST_STOP_SECONDS)
    return time.monotonic() - started


def _all_able() -> bool:
    from apps.jobs.models import Runner

    return Runner.objects.filter(kind="celery", problem="").count() == 2


def _show_seconds(what: str, seconds: float, *, most: float) -> None:
    row(what, f"{seconds:.1f} s", target=f"<= {most:.0f} s", met=seconds <= most)


if __name__ == "__main__":
    main()
