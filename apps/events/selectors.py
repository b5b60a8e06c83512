"""What readers did, as serving and training read it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from apps.events.models import Event

# The conditions are written out, not bound: SQLite uses a partial index only where the text is that of the index.
# A rating is worth itself; to finish, like or start a book is worth what readers who do so give on average, rounded.
FACTS = "kind IN ('started', 'finished', 'rated', 'liked', 'hidden')"
STRENGTH = "CASE kind WHEN 'started' THEN 3.0 WHEN 'finished' THEN 4.0 WHEN 'liked' THEN 5.0 ELSE value END"
HISTORY_SQL = f"""
    SELECT book_id, {STRENGTH}, kind, occurred_at FROM events_event
    WHERE reader_id = %s AND {FACTS} ORDER BY occurred_at DESC, id DESC LIMIT %s
"""  # noqa: S608  # constants only
ACTS_SQL = f"""
    SELECT book_id, kind, occurred_at FROM events_event
    WHERE reader_id = %s AND {FACTS} ORDER BY occurred_at DESC, id DESC LIMIT %s
"""  # noqa: S608  # constants only
TRAINING_SQL = """
    SELECT reader_id, book_id, {strength}, {epoch} FROM events_event
    WHERE {facts} AND kind <> 'hidden' AND occurred_at <= %s ORDER BY reader_id, occurred_at, id
"""
EPOCH = {
    "sqlite": "CAST(strftime('%%s', occurred_at) AS INTEGER)",
    "postgresql": "EXTRACT(EPOCH FROM occurred_at)::bigint",
}
FACTS_PER_BOOK = 4  # started, finished, rated, liked: so many rows at most are read for each book of a history


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """A reader's books by the latest thing that happened to each, newest first."""

    book_ids: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]  # 1 to 5: the rating, or what the act implies
    hidden_ids: npt.NDArray[np.int64]
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Act:
    """One thing a reader did with a book."""

    book_id: int
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class TrainingChunk:
    """Some rows of what all readers did, as arrays of one length."""

    reader_ids: npt.NDArray[np.int64]
    book_ids: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    at: npt.NDArray[np.int64]  # seconds since 1970


def history(reader_id: int, *, limit: int = 500) -> History:
    """What this reader read, liked or hid last, at most so many books."""
    with connection.cursor() as cursor:
        cursor.execute(HISTORY_SQL, [reader_id, limit * FACTS_PER_BOOK])
        rows = cursor.fetchall()
    latest: dict[int, tuple[float | None, str]] = {}
    for book_id, value, kind, _ in rows:
        latest.setdefault(book_id, (value, kind))
    read = {book_id: value for book_id, (value, kind) in latest.items() if kind != "hidden"}
    return History(
        book_ids=np.array(list(read)[:limit], dtype=np.int64),
        values=np.array(list(read.values())[:limit], dtype=np.float32),
        hidden_ids=np.array([book_id for book_id, (_, kind) in latest.items() if kind == "hidden"], dtype=np.int64),
        newest_at=_aware(rows[0][3]) if rows else None,
    )


def last_acts(reader_id: int, *, limit: int) -> list[Act]:
    """The last things this reader did that say something about a book, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(ACTS_SQL, [reader_id, limit])
        return [Act(book_id, kind, _aware(at)) for book_id, kind, at in cursor.fetchall()]


def training_rows(
    *, up_to: datetime, received_by: datetime | None = None, chunk: int = 50_000
) -> Iterator[TrainingChunk]:
    """All that readers read or rated up to a moment, by reader, then time; one chunk in memory at a time.

    With `received_by`, only what was known by then: the same rows whenever they are asked for.
    """
    known = "" if received_by is None else " AND received_at <= %s"
    sql = TRAINING_SQL.format(strength=STRENGTH, facts=FACTS + known, epoch=EPOCH[connection.vendor])
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, [up_to] if received_by is None else [received_by, up_to])
        while rows := cursor.fetchmany(chunk):
            yield _training_chunk(rows)


def event_count() -> int:
    """How many events are stored."""
    return Event.objects.count()


def latest_event_id() -> int:
    """The id of the newest event, 0 when there is none: cheap to compare where counting is not."""
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _training_chunk(rows: Sequence[tuple[Any, ...]]) -> TrainingChunk:
    readers, books, values, at = zip(*rows, strict=True)
    return TrainingChunk(
        reader_ids=np.array(readers, dtype=np.int64),
        book_ids=np.array(books, dtype=np.int64),
        values=np.array(values, dtype=np.float32),
        at=np.array(at, dtype=np.int64),
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
