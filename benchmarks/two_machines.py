"""Two machines on one PostgreSQL: how soon both find a saved book, and how soon one catches up that was away.

Each is `manage.py serve` with a folder of its own; the artifacts are shared. PostgreSQL is started for the benchmark
and does not wait for the disk. `python -m benchmarks.two_machines`; `--saves 20 --changes 2000` measures less.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.manage import manage, postgresql
from benchmarks.report import heading, row

if TYPE_CHECKING:  # what is behind it needs Django, which is ready only in a child process
    from tests.apps.search.machines import Machine

BOOKS: Final = 10_000
SAVES: Final = 60
CHANGES: Final = 10_000
MOST_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 5.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure on PostgreSQL; without it that is said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=SAVES)
    parser.add_argument("--changes", type=int, default=CHANGES)
    chosen = parser.parse_args(arguments)
    heading(f"Two machines, {BOOKS:,} books: {chosen.saves} books saved, {chosen.changes:,} changes while one is away")
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder, postgresql() as url:
        if not url:
            return
        var, env = Path(folder), {"DATABASE_URL": url}
        manage(var, "migrate", "-v0", env=env)
        for call in (f"catalogue.make({BOOKS})", "catalogue.make_index()"):
            manage(var, "shell", "-v0", "-c", f"from benchmarks import catalogue; {call}", env=env)
        work = f"from benchmarks import two_machines; two_machines.work({chosen.saves}, {chosen.changes})"
        manage(var, "shell", "-v0", "-c", work, env=env, shown=True)


def work(saves: int, changes: int) -> None:
    """Start both machines and measure, in a process with their database."""
    from django.conf import settings
    from django.utils import timezone

    from apps.catalog.selectors.changes import last_change_number
    from apps.platform.services.api_keys import SCOPES, create_api_key
    from tests.apps.search.machines import Machine, stop_all

    secret = create_api_key(name="bench", scopes=SCOPES, requests_per_minute=10_000_000, now=timezone.now()).secret
    both = [Machine(Path(settings.VAR_DIR) / name, secret) for name in ("one", "two")]
    try:
        for machine in both:
            machine.start()
        for machine in both:
            machine.wait_until_it_serves()
            machine.wait_for(lambda machine=machine: machine.cursor() == last_change_number())  # type: ignore[misc]
        _show_following(both[1])
        _show_saves(both, saves)
        _show_absence(both[1], changes)
    finally:
        stop_all(both)


def _show_following(machine: "Machine") -> None:
    """What following costs where nothing changes, in the process that does it beside its jobs."""
    process = machine.follower()
    before = _processor_seconds(process)
    time.sleep(IDLE_SECONDS)
    share = (_processor_seconds(process) - before) / IDLE_SECONDS
    row("a runner that follows, while nothing changes", f"{share:.2%} of a core", target="under 5 %", met=share < 0.05)
    row(
        "its memory",
        f"{_megabytes(process):.0f} MB",
        compared_with=f"a process of its own takes {_megabytes_of_a_process():.0f} MB more",
    )


def _show_saves(both: Sequence["Machine"], saves: int) -> None:
    seconds: list[float] = []
    with ThreadPoolExecutor(len(both)) as pool:
        for number in range(saves):
            key, title = f"saved-{number}", f"Quagga {number}"
            writer = both[number % len(both)]
            writer.ask("PUT", f"/api/v1/books/{key}", {"title": title, "age_band": "adult"})
            seconds += pool.map(lambda machine: _seconds_until_found(machine, title, key), both)  # noqa: B023
    seconds.sort()
    last = seconds[max(0, round(len(seconds) * 0.99) - 1)]
    row(
        "a saved book is found on both machines, p99",
        f"{last:.2f} s",
        compared_with=f"median {median(seconds):.2f} s, slowest {seconds[-1]:.2f} s",
        target=f"under {MOST_SECONDS:g} s",
        met=last < MOST_SECONDS,
    )


def _seconds_until_found(machine: "Machine", title: str, key: str) -> float:
    return machine.wait_for(lambda: machine.finds(title, key))


def _show_absence(machine: "Machine", changes: int) -> None:
    from django.utils import timezone

    from apps.catalog.selectors.changes import last_change_number
    from apps.catalog.services.books import save_books
    from tests.apps.catalog.samples import a_book

    machine.stop()
    save_books([a_book(f"away-{n}", title=f"Prairie {n}", series=None) for n in range(changes)], now=timezone.now())
    started = time.monotonic()
    machine.start()
    machine.wait_until_it_serves()
    served = time.monotonic() - started
    machine.wait_for(lambda: machine.cursor() == last_change_number())
    caught_up = time.monotonic() - started
    machine.wait_for(lambda: machine.finds(f"prairie {changes - 1}", f"away-{changes - 1}"))
    found = time.monotonic() - started
    row(
        f"caught up {changes:,} changes, from its start",
        f"{caught_up:.1f} s",
        compared_with=f"it serves after {served:.1f} s, shows the last after {found:.1f} s",
    )


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(process: int | str) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _megabytes_of_a_process() -> float:
    """What a command of this project takes that has done nothing yet."""
    script = "import django; django.setup(); from benchmarks.two_machines import _megabytes; print(_megabytes('self'))"
    return float(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
