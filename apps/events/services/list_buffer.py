"""The served lists that this process did not store yet, and the thread that stores them."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import Error, connection
from prometheus_client import Counter, Gauge

from apps.events.services.list_storing import NewRow
from apps.platform.services.metrics import registry
from apps.platform.services.outages import log_outage, outage_of, reason_of

ROWS_PER_FLUSH = 500
MOST_ROWS = 10_000  # 10 MB; at 500 lists a second, 20 s of a database that is away
RETRY_SECONDS = 0.5

SERVED = Counter("epicml_lists_served", "Lists that were shown.", ("surface",), registry=registry)
STORED = Counter("epicml_lists_stored", "Served lists that were stored.", registry=registry)
DROPPED = Counter("epicml_lists_dropped", "Served lists that were not stored.", ("reason",), registry=registry)
BUFFERED = Gauge(
    "epicml_lists_buffered",
    "Served lists that wait in memory.",
    registry=registry,
    multiprocess_mode="livesum",
)
Store = Callable[[Sequence[NewRow]], int]

logger = logging.getLogger(__name__)


class ListBuffer:
    """Rows in memory: stored together EPICML_LISTS_FLUSH_SECONDS after the first of them, or when they are many."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reset()

    def reset(self) -> None:
        """Forget what waits, and the thread: in a process that was forked it is the parent's, which stores its own."""
        self._rows: deque[NewRow] = deque()
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._some = threading.Event()
        self._many = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, row: NewRow) -> None:
        """Keep this row until it is stored; of too many the oldest is dropped."""
        with self._lock:
            self._rows.append(row)
            waiting = len(self._rows)
            if waiting > MOST_ROWS:
                self._rows.popleft()
                DROPPED.labels("full").inc()
            if self._thread is None and settings.EPICML_LISTS_FLUSH_SECONDS is not None:
                self._thread = threading.Thread(target=self._run, name="lists", daemon=True)
                self._thread.start()
        if waiting >= ROWS_PER_FLUSH:
            self._many.set()
        if not self._some.is_set():
            self._some.set()
        SERVED.labels(row.surface).inc()

    def flush(self) -> bool:
        """Store what waits; tells whether nothing does any more. While the database is away, it goes on waiting."""
        with self._flushing:
            while rows := self._take():
                try:
                    self._store_or_drop(rows)
                except Error as error:
                    outage = outage_of(error)
                    if outage is None:
                        raise
                    log_outage(outage, error)
                    self._put_back(rows)
                    break
        BUFFERED.set(len(self._rows))
        return not self._rows

    def end(self) -> None:
        """Store what waits, or say how much is lost: the process ends."""
        if self._rows and not self.flush():
            lost = len(self._rows)
            DROPPED.labels("ended").inc(lost)
            self._rows.clear()
            logger.error("%d served lists are lost: the process ends while the database does not store them.", lost)

    def _take(self) -> list[NewRow]:
        with self._lock:
            return [self._rows.popleft() for _ in range(min(len(self._rows), ROWS_PER_FLUSH))]

    def _put_back(self, rows: Sequence[NewRow]) -> None:
        with self._lock:
            self._rows.extendleft(reversed(rows))
            while len(self._rows) > MOST_ROWS:
                self._rows.popleft()
                DROPPED.labels("full").inc()

    def _store_or_drop(self, rows: Sequence[NewRow]) -> None:
        """Store all rows, or one by one where the database refuses some; only an outage is raised."""
        try:
            self._store_some(rows)
        except (Error, TypeError, ValueError) as error:
            if outage_of(error) is not None:
                raise
            refused = sum(not self._is_stored(row) for row in rows)
            DROPPED.labels("refused").inc(refused)
            logger.error("%d served lists are not stored: %s", refused, reason_of(error))  # noqa: TRY400 - rows in it

    def _is_stored(self, row: NewRow) -> bool:
        try:
            self._store_some([row])
        except (Error, TypeError, ValueError) as error:
            if outage_of(error) is not None:
                raise
            return False
        return True

    def _store_some(self, rows: Sequence[NewRow]) -> None:
        stored = self._store(rows)
        STORED.inc(stored)
        DROPPED.labels("reader_erased").inc(len(rows) - stored)

    def _run(self) -> None:
        some, many = self._some, self._many
        while True:
            some.wait()
            BUFFERED.set(len(self._rows))
            many.wait(settings.EPICML_LISTS_FLUSH_SECONDS)
            some.clear()  # before the flush: who adds a row after it asks for the next one
            many.clear()
            try:
                if not self.flush():
                    some.set()
                    time.sleep(RETRY_SECONDS)
            except Exception:  # the edge of the thread: the next row is stored all the same
                logger.exception("Served lists could not be stored")
            finally:
                connection.close()
