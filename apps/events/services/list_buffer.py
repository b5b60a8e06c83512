"""The served lists that this process did not store yet, and the thread that stores them."""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import connection

from apps.events.services.list_storing import NewRow

ROWS_PER_FLUSH = 500


class ListBuffer:
    """Rows in memory, stored together at the latest EPICML_LISTS_FLUSH_SECONDS after the first, or ROWS_PER_FLUSH."""

    def __init__(self, store: Callable[[Sequence[NewRow]], int]) -> None:
        self._store = store
        self.reset()
        os.register_at_fork(after_in_child=self.reset)  # the parent stores its own

    def reset(self) -> None:
        """Forget what waits; a thread is started with the next row."""
        self._rows: deque[NewRow] = deque()
        self._flushing = threading.Lock()
        self._full = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, row: NewRow) -> None:
        """Keep this row until it is stored."""
        self._rows.append(row)
        if len(self._rows) >= ROWS_PER_FLUSH:
            self._full.set()
        if self._thread is None:
            self._start()

    def flush(self) -> None:
        """Store what waits."""
        with self._flushing:
            while self._rows:
                rows = [self._rows.popleft() for _ in range(min(len(self._rows), ROWS_PER_FLUSH))]
                self._store(rows)

    def _start(self) -> None:
        if settings.EPICML_LISTS_FLUSH_SECONDS is not None:
            self._thread = threading.Thread(target=self._run, name="lists", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        self._full.wait(settings.EPICML_LISTS_FLUSH_SECONDS)
        self._thread = None
        try:
            self.flush()
        finally:
            connection.close()
