"""What readers were shown and did, as serving, training and pages read it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection

from apps.events import models
from epicml.audience.bands import AgeBand
from epicml.datasets.feedback import Act, Acts, feedback

# The conditions are written out, not bound: SQLite uses a partial index only where the text is that of the index.
FACTS = "kind IN ('started', 'finished', 'rated', 'liked', 'hidden')"
ACT = " ".join(("CASE kind", *(f"WHEN '{act.name.lower()}' THEN {act.value}" for act in Act), "END"))
HISTORY_SQL = """
    SELECT book_id, {act}, value, {epoch} FROM events_event
    WHERE reader_id = %s AND {facts} ORDER BY occurred_at DESC, id DESC LIMIT %s
"""
# Of each book only the newest act of each kind can count: at most five rows a book, however often it was started.
# The range leaves out nothing; without it SQLite takes the index of the foreign key and passes over all that was shown.
LONG_HISTORY_SQL = """
    SELECT book_id, {act}, value, {epoch} FROM (
        SELECT id, book_id, kind, value, occurred_at,
            ROW_NUMBER() OVER (PARTITION BY book_id, kind ORDER BY occurred_at DESC, id DESC) AS age
        FROM events_event WHERE reader_id = %s AND {facts} AND occurred_at < '9999-01-01'
    ) AS acts WHERE age = 1 ORDER BY occurred_at DESC, id DESC
"""
MANY_ACTS = 1000  # whose acts are fewer is read by the index alone, which takes a third of the time
ACTS_SQL = f"""
    SELECT book_id, kind, occurred_at FROM events_event
    WHERE reader_id = %s AND {FACTS} ORDER BY occurred_at DESC, id DESC LIMIT %s
"""  # noqa: S608  # constants only
TRAINING_SQL = """
    SELECT reader_id, book_id, {act}, value, {epoch} FROM events_event
    WHERE {facts} AND occurred_at <= %s ORDER BY reader_id, occurred_at, id
"""
EPOCH = {
    "sqlite": "CAST(strftime('%%s', occurred_at) AS INTEGER)",
    "postgresql": "EXTRACT(EPOCH FROM occurred_at)::bigint",
}


@dataclass(frozen=True, slots=True, eq=False)
class ReadingHistory:
    """Everything a reader read, by the newest act on each book, newest first, and what is hidden."""

    book_ids: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]  # 1 to 5: the opinion, or what the acts imply
    hidden_ids: npt.NDArray[np.int64]
    hidden_read_ids: npt.NDArray[np.int64]  # those of the hidden books that were read before
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class LastAct:
    """One thing a reader did with a book."""

    book_id: int
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ActOnList:
    """One thing a reader did with a book that stood in a list, of whatever kind."""

    list_id: UUID
    book_id: int
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ServedList:
    """One list of books that was shown; `items` are ids of books in the order shown."""

    id: UUID
    surface: str
    reader_id: int | None
    age_band: AgeBand
    items: tuple[int, ...]
    first_position: int  # of the first item
    release: str
    arms: Mapping[str, str]
    propensities: tuple[float, ...] | None
    fallback: str
    served_at: datetime
    sender: str  # "" for our own


def history(reader_id: int) -> ReadingHistory:
    """Return what this reader read, liked or hid up to this moment: every book, for none may be offered again."""
    rows = _acts_that_count(reader_id)[::-1]
    books, kinds, ratings, at = zip(*rows, strict=True) if rows else ((), (), (), ())
    acts = Acts.of(reader=np.zeros(len(rows), np.int64), book=books, act=kinds, rating=ratings, at=at)
    said = feedback(acts)
    book, value, hidden = acts.book[said.newest][::-1], said.value[::-1], said.hidden[::-1]
    return ReadingHistory(
        book_ids=book[~hidden],
        values=value[~hidden],
        hidden_ids=book[hidden],
        hidden_read_ids=book[hidden & (value > 0)],
        newest_at=datetime.fromtimestamp(at[-1], UTC) if at else None,
    )


def _acts_that_count(reader_id: int) -> list[tuple[Any, ...]]:
    """Read book, act, rating and second, newest first; no row is left out that could change the history."""
    words = {"act": ACT, "facts": FACTS, "epoch": EPOCH[connection.vendor]}
    with connection.cursor() as cursor:
        cursor.execute(HISTORY_SQL.format(**words), [reader_id, MANY_ACTS])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if len(rows) == MANY_ACTS:
            cursor.execute(LONG_HISTORY_SQL.format(**words), [reader_id])
            rows = cursor.fetchall()
    return rows


def last_acts(reader_id: int, *, limit: int) -> list[LastAct]:
    """Return the last things this reader did that say something about a book, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(ACTS_SQL, [reader_id, limit])
        rows = cursor.fetchall()
    return [LastAct(book, kind, at if at.tzinfo else at.replace(tzinfo=UTC)) for book, kind, at in rows]


def training_rows(
    *, up_to: datetime, received_by: datetime | None = None, last_event: int | None = None, chunk: int = 50_000
) -> Iterator[Acts]:
    """Read all that readers read, rated or hid up to a moment, by reader, then time, one chunk at a time.

    With `received_by` only what was known by then, and with `last_event` nothing past this id: the same rows whenever
    they are asked for, and none that was stored while they were read.
    """
    known = ("" if received_by is None else " AND received_at <= %s") + ("" if last_event is None else " AND id <= %s")
    sql = TRAINING_SQL.format(act=ACT, facts=FACTS + known, epoch=EPOCH[connection.vendor])
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, [bound for bound in (received_by, last_event, up_to) if bound is not None])
        while rows := cursor.fetchmany(chunk):
            yield Acts.of_rows(rows)


def lists_of_reader(reader_id: int, *, limit: int) -> list[ServedList]:
    """Return the lists that this reader was shown last, newest first; none that waits in a process's buffer."""
    rows = models.ServedList.objects.filter(reader_id=reader_id).order_by("-id")[:limit]
    return [_served_list(row) for row in rows]


def served_list(list_id: UUID) -> ServedList | None:
    """Return the list with this id, if it is stored."""
    row = models.ServedList.objects.filter(id=list_id).first()
    return None if row is None else _served_list(row)


def acts_on_lists(reader_id: int, list_ids: Collection[UUID]) -> list[ActOnList]:
    """Return what this reader did that names one of these lists, by our id or its sender's, oldest first."""
    named = models.ServedList.objects.filter(id__in=list_ids).exclude(sent_id="").values("sent_id")
    sent = models.ServedList.objects.filter(reader_id=reader_id, sent_id__in=named)  # of other senders too
    own = {(sender, name): list_id for sender, name, list_id in sent.values_list("sender", "sent_id", "id")}
    names = {name: list_id for (_, name), list_id in own.items()} | {str(list_id): list_id for list_id in list_ids}
    rows = models.Event.objects.filter(reader_id=reader_id, list_id__in=names, book__isnull=False)
    found = rows.order_by("occurred_at", "id").values_list("sender", "list_id", "book_id", "kind", "occurred_at")
    return [
        ActOnList(own.get((sender, name), names[name]), book_id, kind, at) for sender, name, book_id, kind, at in found
    ]


def latest_event_id() -> int:
    """Return the id of the newest event, 0 when there is none."""
    return models.Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _served_list(row: models.ServedList) -> ServedList:
    return ServedList(
        id=row.id,
        surface=row.surface,
        reader_id=row.reader_id,
        age_band=AgeBand(row.age_band),
        items=tuple(row.items),
        first_position=row.first_position,
        release=row.release,
        arms=row.arms,
        propensities=None if row.propensities is None else tuple(row.propensities),
        fallback=row.fallback,
        served_at=row.served_at,
        sender=row.sender,
    )
