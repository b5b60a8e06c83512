"""Recommendations over HTTP with the full catalogue, what it costs to note each list that is shown, and how much memory
reading events for a training takes.

`python -m benchmarks.recommendations`; `--var FOLDER` uses a demo that was prepared there before. The full data is used
where goodbooks-10k lies beside the project, else the demo shelf.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from benchmarks.goodbooks import GOODBOOKS
from benchmarks.load import LoadResult, measure, request
from benchmarks.manage import manage
from benchmarks.report import heading, row
from benchmarks.server import running_server

CONNECTIONS = 16
SECONDS = 8.0
LEAST_RPS, MOST_P99_MS = 300, 150
ROUNDS, ROUND_SECONDS = 9, 3.0  # short, so that what else the machine does falls on both; long beside a flush, 0.5 s
LEAST_NOTED_SHARE = 0.9  # of the requests per second of a server that notes no list
TIMES = 4  # how many times as many events the second reading has
ENDPOINTS = {
    "recommendations, 10 books": "/api/v1/readers/{}/recommendations",
    "home, all rows": "/api/v1/readers/{}/home",
    "similar": "/api/v1/books/{}/similar?age_band=adult",
    "popular": "/api/v1/popular?reader={}",
}

ACCESS = """
import json
from django.utils import timezone
from apps.catalog.selectors.shelf import shelf
from apps.platform.services.api_keys import create_api_key
from apps.readers.selectors import sample_readers
scopes, now = ["recommendations:read"], timezone.now()
key = create_api_key(name="benchmark", scopes=scopes, requests_per_minute=10_000_000, now=now)
cards = shelf().cards
print(json.dumps({
    "secret": key.secret,
    "readers": [reader.key for reader in sample_readers(per_band=100)],
    "books": [card.key for card in cards[:: max(1, len(cards) // 400)]],
    "catalogue": len(cards),
}))
"""

NOTED = """
from apps.events.models import ServedList
print(ServedList.objects.filter(surface="recommendations").count())
"""

# Linux only. VmHWM is the peak since the last write of 5 to clear_refs; the catalogue is in memory before that.
MEMORY = """
import json, pathlib, time
from django.db import connection
from django.utils import timezone
from apps.catalog.selectors.shelf import shelf
from apps.recommendations.services.snapshot import take_snapshot

def status(name):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

def peak_of(do):
    before = status("VmRSS")
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    started = time.perf_counter()
    rows = do()
    return {"rows": rows, "bytes": max(status("VmHWM") - before, 0), "seconds": time.perf_counter() - started}

def all_at_once():
    with connection.cursor() as cursor:
        cursor.execute("SELECT reader_id, book_id, value, occurred_at FROM events_event WHERE kind = 'rated'")
        return len(cursor.fetchall())

shelf()
with connection.cursor() as cursor:
    cursor.execute("PRAGMA mmap_size=0")  # pages of the file that are mapped would count as memory of the process
chunked = peak_of(lambda: take_snapshot(up_to=timezone.now()).log.rows_read)
print(json.dumps({"chunked": chunked, "at_once": peak_of(all_at_once)}))
"""

COPY = """
from django.db import connection
times = {times}
with connection.cursor() as cursor:
    cursor.execute("SELECT max(id) FROM readers_reader")
    step = cursor.fetchone()[0]
    for copy in range(1, times):
        cursor.execute(
            "INSERT INTO readers_reader (id, key, age_band, level_min, level_max, languages, created_at, updated_at) "
            "SELECT id + %s, key || %s, age_band, level_min, level_max, languages, created_at, updated_at "
            "FROM readers_reader WHERE id <= %s", [step * copy, f"-{{copy}}", step])
        cursor.execute(
            "INSERT INTO events_event (event_id, reader_id, book_id, kind, value, surface, list_id, "
            "occurred_at, received_at) "
            "SELECT event_id || %s, reader_id + %s, book_id, kind, value, surface, list_id, occurred_at, received_at "
            "FROM events_event WHERE reader_id <= %s", [f"-{{copy}}", step * copy, step])
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure requests first, then memory; the memory's copies of events are made last, in the same folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--var", type=Path, help="a folder in which the demo was prepared before")
    chosen = parser.parse_args(arguments)
    heading("Recommendations")
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        var = Path(folder)
        if chosen.var:
            copy_of(chosen.var, var)
        else:
            prepare(var)
        measure_requests(var)
        measure_noting(var)
        measure_memory(var)


def prepare(var: Path) -> None:
    """The demo is prepared in this folder."""
    data = ["--data", str(GOODBOOKS)] if GOODBOOKS.is_dir() else []
    if not data:
        print(f"  with the demo shelf: {GOODBOOKS} is not there")
    manage(var, "demo", *data)


def copy_of(prepared: Path, var: Path) -> None:
    """What was prepared elsewhere, so that nothing there is changed."""
    subprocess.run(["cp", "-r", f"{prepared}/.", str(var)], check=True)


def measure_requests(var: Path) -> None:
    """Each endpoint under the same load, for the readers of every age band in turn."""
    access = json.loads(run(var, ACCESS))
    headers = {"Authorization": f"Bearer {access['secret']}"}
    print(f"  {access['catalogue']:,} books, granian with 2 workers, {CONNECTIONS} connections kept alive")
    with running_server(var=var) as port:
        for name, address in ENDPOINTS.items():
            keys = access["books"] if name == "similar" else access["readers"]
            requests = [request(address.format(key), headers=headers) for key in keys]
            show(name, measure(cycle(requests), port=port, connections=CONNECTIONS, seconds=SECONDS))


def measure_noting(var: Path) -> None:
    """Recommendations from a server that notes the lists and one that does not, in turn; the median round of each pair.

    Two servers on one database, of which only one has work at a time.
    """
    access = json.loads(run(var, ACCESS))
    headers = {"Authorization": f"Bearer {access['secret']}"}
    address = ENDPOINTS["recommendations, 10 books"]
    requests = cycle([request(address.format(key), headers=headers) for key in access["readers"]])
    with (
        running_server(var=var) as noting,
        running_server(var=var, application="benchmarks.unnoted_rsgi:application") as unnoted,
    ):

        def load(port: int) -> LoadResult:
            return measure(requests, port=port, connections=CONNECTIONS, seconds=ROUND_SECONDS, warm_up=0)

        for port in (noting, unnoted):  # models and shelf are in memory after it
            measure(requests, port=port, connections=CONNECTIONS, seconds=SECONDS, warm_up=0)
        pairs = []
        for number in range(ROUNDS):  # each goes first in turn
            first, second = (noting, unnoted) if number % 2 else (unnoted, noting)
            found = {first: load(first), second: load(second)}
            pairs.append((found[noting], found[unnoted]))
    show_noting(pairs)
    noted = int(run(var, NOTED))
    row("lists in the database", f"{noted:,}", compared_with="of all rounds, and of the requests before them")


def show_noting(pairs: Sequence[tuple[LoadResult, LoadResult]]) -> None:
    """One row: requests per second with lists noted, without, and the ratio."""
    noted, unnoted = sorted(pairs, key=lambda pair: pair[0].rps / pair[1].rps)[len(pairs) // 2]
    ratio, errors = noted.rps / unnoted.rps, sum(result.errors for pair in pairs for result in pair)
    row(
        "recommendations, each list noted",
        f"{noted.rps:,.0f} requests/s",
        compared_with=f"none noted: {unnoted.rps:,.0f}/s, so {ratio:.3f} of it; {errors} errors",
        target=f">= {LEAST_NOTED_SHARE:.2f} of it",
        met=ratio >= LEAST_NOTED_SHARE and not errors,
    )


def show(name: str, result: LoadResult) -> None:
    """Two rows: requests per second, and the slowest of a hundred."""
    is_target = name.startswith("recommendations")
    rps = f"{result.rps:,.0f} requests/s"
    row(
        name,
        rps,
        compared_with=f"{result.errors} errors in {result.requests:,}",
        target=f">= {LEAST_RPS}" if is_target else "",
        met=result.rps >= LEAST_RPS and not result.errors if is_target else None,
    )
    row(
        f"{name}: p99",
        f"{result.p99_ms:.1f} ms",
        compared_with=f"p50 {result.p50_ms:.1f} ms",
        target=f"< {MOST_P99_MS} ms" if is_target else "",
        met=result.p99_ms < MOST_P99_MS if is_target else None,
    )


def measure_memory(var: Path) -> None:
    """Memory that reading all events adds, for the events as they are and for four times as many."""
    once = json.loads(run(var, MEMORY))
    run(var, COPY.format(times=TIMES))
    more = json.loads(run(var, MEMORY))
    for found in (once, more):
        chunked, at_once = found["chunked"], found["at_once"]
        row(
            f"reading {chunked['rows']:,} events for a training",
            f"{chunked['bytes'] / 2**20:,.0f} MiB",
            compared_with=f"{at_once['bytes'] / 2**20:,.0f} MiB as rows all at once; {chunked['seconds']:.1f} s",
        )
    grown = more["chunked"]["bytes"] - once["chunked"]["bytes"]
    events = more["chunked"]["rows"] - once["chunked"]["rows"]
    naive = (more["at_once"]["bytes"] - once["at_once"]["bytes"]) / events
    row("each further event", f"{grown / events:,.0f} bytes", compared_with=f"{naive:,.0f} bytes as rows all at once")


def run(var: Path, code: str) -> str:
    """What the code prints in a Django shell of its own."""
    return manage(var, "shell", "-v0", "-c", code)


if __name__ == "__main__":
    main()
