"""Suggestions over HTTP against a plain view of the same size on the same server, and the engine alone.

Titles are typed letter by letter: drawn by popularity, as readers do, and each title once, so that only first letters
come twice and hardly anything is answered from memory. Each stream goes on over warm-up and rounds. The constant view,
behind all middleware of a page, is measured in turn with them on one server.
"""

import random
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from benchmarks.goodbooks import GOODBOOKS, all_books
from benchmarks.load import LoadResult, measure, request
from benchmarks.manage import manage
from benchmarks.report import heading, row
from benchmarks.server import running_server

SEED = 2026
TITLES = 10_000
LETTERS = 15
ROUNDS = 3
SECONDS = 4.0
WARM_UP_SECONDS = 10.0  # a server that has been up for a while remembers what everybody types first
TARGET_RATIO = 0.5
TARGET_P99_MS = 1.0
TARGET_IN_TURN = 1.5  # two releases that dropped each other's answers would take ten times as long
A_MINUTE = 10_000_000  # the key's limit, so that the throttle counts but never says no


def main() -> None:
    """Measure both, with all 10,000 books."""
    heading("Suggestions: HTTP (2 workers, 16 connections, keep-alive) and engine alone, 10,000 books")
    if not GOODBOOKS.is_dir():
        print(f"  not measured, {GOODBOOKS} is not there")
        return
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        var = Path(folder)
        secret = _prepare(var)
        _over_http(var, secret)
        manage(var, "shell", "-c", "from benchmarks.suggest import engine_alone; engine_alone()", shown=True)
        manage(var, "rebuild_search_index")  # passes its gate, and waits
        manage(var, "shell", "-c", "from benchmarks.suggest import two_releases; two_releases()", shown=True)


def _prepare(var: Path) -> str:
    """A project with goodbooks, a live index and a key; answers the key."""
    manage(var, "migrate")
    manage(var, "import_books", str(GOODBOOKS / "books.csv"))
    manage(var, "rebuild_search_index", "--promote")
    return manage(var, "create_api_key", "benchmark", "--scope", "search:read", "--limit", str(A_MINUTE)).strip()


def typed(*, by_popularity: bool) -> list[str]:
    """Titles as they are typed: each beginning is one request."""
    books = all_books()
    drawn = random.Random(SEED)
    if by_popularity:
        targets = drawn.choices(books, [book.popularity for book in books], k=TITLES)
    else:
        targets = drawn.sample(books, k=TITLES)
    return [book.title[:length] for book in targets for length in range(1, min(len(book.title), LETTERS) + 1)]


def _over_http(var: Path, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}"}
    streams = {
        "titles drawn by popularity": _requests(typed(by_popularity=True), headers),
        "each title once": _requests(typed(by_popularity=False), headers),
    }
    constant = cycle([request("/benchmark/constant")])
    size = _mean_size(var, streams["titles drawn by popularity"])
    environment = {"EPICML_BENCHMARK_BYTES": str(size)}
    with running_server(var=var, env=environment, application="benchmarks.suggest_rsgi:application") as port:
        for name, requests in streams.items():
            going_on = cycle(requests)  # over all rounds: no round is answered from the memory of the one before
            measure(going_on, port=port, connections=16, seconds=WARM_UP_SECONDS, warm_up=0)
            pairs = [(_load(going_on, port), _load(constant, port)) for _ in range(ROUNDS)]
            _report(name, pairs, size)


def _load(requests: Iterator[bytes], port: int) -> LoadResult:
    return measure(requests, port=port, connections=16, seconds=SECONDS)


def _requests(texts: Sequence[str], headers: dict[str, str]) -> list[bytes]:
    return [request(f"/api/v1/suggest?q={quote(text)}&age_band=adult", headers=headers) for text in texts]


def _mean_size(var: Path, requests: Sequence[bytes]) -> int:
    with running_server(var=var, workers=1) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        file = connection.makefile("rb")
        return sum(_body_size(connection, file, each) for each in islice(requests, 300)) // 300


def _body_size(connection: socket.socket, file: BinaryIO, each: bytes) -> int:
    connection.sendall(each)
    length = 0
    while (line := file.readline()) != b"\r\n":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    file.read(length)
    return length


def _report(name: str, pairs: Sequence[tuple[LoadResult, LoadResult]], size: int) -> None:
    suggest, constant = sorted(pairs, key=lambda pair: pair[0].rps / pair[1].rps)[len(pairs) // 2]
    ratio = suggest.rps / constant.rps
    row(
        f"suggest, {name}",
        f"{suggest.rps:,.0f} requests/s",
        compared_with=f"constant of {size:,} bytes: {constant.rps:,.0f}/s, so {ratio:.2f} of it",
        target=f">= {TARGET_RATIO:.2f} of it",
        met=ratio >= TARGET_RATIO,
    )
    errors = sum(result.errors for pair in pairs for result in pair)
    row("  latency", f"p99 {suggest.p99_ms:.1f} ms", compared_with=f"p50 {suggest.p50_ms:.1f} ms, {errors} errors")


def engine_alone() -> None:
    """Print the time of ranking one suggestion, names included, in this process, by the thread's own clock."""
    from django.utils import timezone

    from apps.search.serving import indexes
    from epicml.audience.bands import AgeBand
    from epicml.search.plan import Typed
    from epicml.search.ranking import rank_suggestions

    engine = indexes.current(timezone.now())
    assert engine is not None
    for name, by_popularity in (("drawn by popularity", True), ("drawn uniformly", False)):
        times = []
        for text in typed(by_popularity=by_popularity)[:10_000]:
            started = time.thread_time()
            rank_suggestions(Typed.read(text), engine=engine, lexicon=engine.lexicon, audience=AgeBand.ADULT, limit=10)
            times.append((time.thread_time() - started) * 1000)
        times.sort()
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
        row(
            f"engine alone, titles {name}",
            f"p99 {p99:.3f} ms",
            compared_with=f"p50 {p50:.3f} ms, max {times[-1]:.2f} ms (thread CPU)",
            target=f"< {TARGET_P99_MS:g} ms",
            met=p99 < TARGET_P99_MS,
        )


def two_releases() -> None:
    """Print what a remembered suggestion takes where two releases are asked in turn, beside the live one alone."""
    from django.utils import timezone

    from apps.releases.selectors.listing import releases
    from apps.search.services.suggesting import suggest
    from epicml.audience.bands import AgeBand

    now = timezone.now()
    waiting, live = (releases(kind="search_index", states=[state], limit=1)[0].key for state in ("passed", "live"))
    texts = list(dict.fromkeys(typed(by_popularity=True)))[:1_000]

    def seconds(*named: str) -> float:
        """The thread's own time of one suggestion."""
        started = time.thread_time()
        for text in texts:
            for release in named:
                answer = suggest(text, limit=10, age_band=AgeBand.ADULT, release=release, now=now)
                assert answer.release == release
        return (time.thread_time() - started) / len(texts) / len(named)

    seconds(live, waiting)
    pairs = [(seconds(live, waiting), seconds(live)) for _ in range(2 * ROUNDS + 1)]
    in_turn, alone = sorted(pairs, key=lambda pair: pair[0] / pair[1])[ROUNDS]
    row(
        "two releases in turn, remembered",
        f"{in_turn * 1e6:.1f} us each",
        compared_with=f"one alone: {alone * 1e6:.1f} us, so {in_turn / alone:.2f} of it",
        target=f"<= {TARGET_IN_TURN:.1f} of it",
        met=in_turn / alone <= TARGET_IN_TURN,
    )


if __name__ == "__main__":
    main()
