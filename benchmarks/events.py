"""Events over HTTP in batches of 100 on SQLite and on PostgreSQL, and what a serializer with bulk_create would do.

Every event is new: each request is sent once, and afterwards the rows are counted, so that the figure is that of events
which are stored and not of answers. PostgreSQL is started for the benchmark and does not wait for the disk.
"""

import json
import os
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.load import LoadResult, measure, request
from benchmarks.manage import manage, postgresql
from benchmarks.report import heading, row
from benchmarks.server import running_server

BATCH = 100
READERS = BOOKS = 2000
SECONDS = 6.0
MOST_EVENTS_PER_SECOND = 40_000  # so many are prepared for each second; they are never sent twice
TARGET = 15_000
A_MINUTE = 10_000_000  # the key's limit, so that the throttle counts but never says no
IN_PROCESS_BATCHES = 60
KINDS = ("shown", "opened", "started", "finished", "liked")


def main() -> None:
    """Measure both databases, the second where its programs are installed."""
    heading(f"Events: batches of {BATCH}, 2 workers, 16 connections, keep-alive")
    os.environ.pop("DATABASE_URL", None)  # the server must not see it either
    _measure("SQLite", {})
    with postgresql() as url:
        if url:
            _measure("PostgreSQL", {"DATABASE_URL": url})


def _measure(name: str, env: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        var = Path(folder)
        secret = _prepare(var, env)
        with running_server(var=var, workers=2, env=env) as port:
            warm_up, result = (_load(part, secret, port) for part in ("warm-up", "counted"))
        stored = int(manage(var, "shell", "-v0", "-c", "from benchmarks.events import count; count()", env=env))
        sent = (warm_up.requests - warm_up.errors + result.requests - result.errors) * BATCH
        per_second = result.rps * BATCH
        row(
            f"{name}: stored over HTTP",
            f"{per_second:,.0f} events/s",
            compared_with=f"p50 {result.p50_ms:.0f} ms, p99 {result.p99_ms:.0f} ms, {result.errors} errors",
            target=f">= {TARGET:,}/s",
            met=per_second >= TARGET and stored >= sent and not result.errors,
        )
        row("  rows afterwards", f"{stored:,}", compared_with=f"{sent:,} answered as stored")
        manage(var, "shell", "-v0", "-c", "from benchmarks.events import in_process; in_process()", env=env, shown=True)


def _prepare(var: Path, env: Mapping[str, str]) -> str:
    manage(var, "migrate", env=env)
    manage(var, "shell", "-v0", "-c", "from benchmarks.events import fill; fill()", env=env)
    asked = ("create_api_key", "bench", "--scope", "events:write", "--limit", str(A_MINUTE))
    return manage(var, *asked, env=env).strip()


def _load(part: str, secret: str, port: int) -> LoadResult:
    seconds = SECONDS if part == "counted" else 1.0
    batches = int(MOST_EVENTS_PER_SECOND * seconds / BATCH)
    headers = {"Authorization": f"Bearer {secret}"}
    requests = (
        request("/api/v1/events", method="POST", headers=headers, body=json.dumps({"events": events}).encode())
        for events in made_batches(part, batches)
    )
    return measure(iter([*requests]), port=port, connections=16, seconds=seconds, warm_up=0)


def made_batches(part: str, batches: int) -> Iterator[list[dict[str, Any]]]:
    """Batches of events as a shop sends them: one reader, one moment, many books shown."""
    drawn = random.Random(part)
    for batch in range(batches):
        reader = f"r{drawn.randrange(READERS)}"
        yield [
            {
                "event_id": f"{part}-{batch}-{number}",
                "reader": reader,
                "book": f"b{drawn.randrange(BOOKS)}",
                "kind": drawn.choice(KINDS),
                "surface": "home",
                "list_id": f"{part}-{batch}",
                "occurred_at": "2026-11-20T08:00:00Z",
            }
            for number in range(BATCH)
        ]


def fill() -> None:
    """Books and readers that the events are about."""
    from apps.catalog.services.book_values import BookInput
    from apps.catalog.services.books import save_books
    from apps.readers.services import ReaderInput, save_readers
    from epicml.audience.bands import AgeBand

    now = datetime.now(UTC)
    save_books([BookInput(key=f"b{n}", title=f"Book {n}") for n in range(BOOKS)], now=now)
    save_readers([ReaderInput(key=f"r{n}", age_band=AgeBand.ADULT) for n in range(READERS)], now=now)


def count() -> None:
    """Print how many events are stored."""
    from apps.events.models import Event

    print(Event.objects.count())


def in_process() -> None:
    """The same batches in this process, by hand and by serializer, in turn."""
    from apps.events.services.ingest import ingest

    now = datetime.now(UTC)
    by_hand = by_serializer = 0.0
    batches = list(made_batches("in-process", 2 * IN_PROCESS_BATCHES))
    for first, second in zip(batches[::2], batches[1::2], strict=True):
        by_hand += _seconds(lambda events=first: ingest(events, now=now))
        by_serializer += _seconds(lambda events=second: _with_serializer(events, now))
    events = BATCH * IN_PROCESS_BATCHES
    row(
        "  in process, one writer",
        f"{events / by_hand:,.0f} events/s",
        compared_with=f"serializer and bulk_create {events / by_serializer:,.0f}/s",
    )


def _with_serializer(events: list[dict[str, Any]], now: datetime) -> None:
    from rest_framework import serializers

    from apps.catalog.selectors.books import book_ids
    from apps.events.models import Event
    from apps.readers.selectors import reader_ids

    class EventSerializer(serializers.Serializer[None]):
        """The same fields as anybody would declare them; the product's own are for its documentation only."""

        event_id = serializers.RegexField(r"^[A-Za-z0-9._:-]+$", max_length=64)
        reader = serializers.CharField(max_length=64)
        book = serializers.CharField(max_length=64)
        kind = serializers.ChoiceField(choices=KINDS)
        surface = serializers.CharField(max_length=32, allow_blank=True)
        list_id = serializers.CharField(max_length=64, allow_blank=True)
        occurred_at = serializers.DateTimeField()

    serializer = EventSerializer(data=events, many=True)
    serializer.is_valid(raise_exception=True)
    sent: list[Any] = list(serializer.validated_data)
    readers = reader_ids([event["reader"] for event in sent])
    books = book_ids([event["book"] for event in sent])
    Event.objects.bulk_create(
        [
            Event(reader_id=readers[event.pop("reader")], book_id=books[event.pop("book")], received_at=now, **event)
            for event in sent
        ],
        ignore_conflicts=True,
    )


def _seconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
