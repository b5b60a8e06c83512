import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime

import pytest
from django.db import DataError, OperationalError
from pytest_django import Settings

from apps.events.services import list_buffer
from apps.events.services.list_buffer import ListBuffer
from apps.events.services.list_storing import NewRow
from apps.events.services.lists import new_list_id
from apps.platform.services.metrics import registry
from epicml.audience.bands import AgeBand
from tests.conftest import NOW

LONGEST = 10.0


class Table:
    """Where a buffer stores: it may be away, and refuse rows with this surface."""

    def __init__(self, *, away: bool = False, refuses: str = "") -> None:
        self.rows: list[NewRow] = []
        self.batches: list[int] = []
        self.away = away
        self._refuses = refuses
        self.thread: str = ""

    def store(self, rows: Sequence[NewRow]) -> int:
        if self.away:
            raise OperationalError("the connection was lost")
        if any(row.surface == self._refuses for row in rows):
            raise DataError("value too long") from _too_long()
        self.thread = threading.current_thread().name
        self.batches.append(len(rows))
        self.rows += rows
        return len(rows)

    def has(self, count: int) -> bool:
        """Whether there are so many rows, now or soon."""
        end = time.monotonic() + LONGEST
        while len(self.rows) < count and time.monotonic() < end:
            time.sleep(0.01)
        return len(self.rows) == count


def _too_long() -> Exception:
    error = Exception()
    error.sqlstate = "22001"  # type: ignore[attr-defined]
    return error


def a_row(surface: str = "home", *, now: datetime = NOW) -> NewRow:
    """A list as it was shown."""
    return NewRow(new_list_id(now), surface, None, AgeBand.ADULT, [1, 2], 1, "", {}, None, "", now)


def count(metric: str, **labels: str) -> float:
    """What this process counted so far."""
    return registry.get_sample_value(metric, labels) or 0.0


class TestListBuffer:
    def test_stores_alone_soon_after_the_first_row(self, settings: Settings) -> None:
        settings.EPICML_LISTS_FLUSH_SECONDS = 0.05
        table = Table()
        buffer = ListBuffer(table.store)
        buffer.add(a_row())
        buffer.add(a_row())
        assert table.has(2)
        assert (table.batches, table.thread) == ([2], "lists")
        buffer.add(a_row())
        assert table.has(3)

    def test_does_not_wait_when_rows_are_many(self, settings: Settings) -> None:
        settings.EPICML_LISTS_FLUSH_SECONDS = 60
        table = Table()
        buffer = ListBuffer(table.store)
        for _ in range(list_buffer.ROWS_PER_FLUSH):
            buffer.add(a_row())
        assert table.has(list_buffer.ROWS_PER_FLUSH)

    def test_keeps_rows_in_order_while_the_database_is_away(self) -> None:
        table = Table(away=True)
        buffer = ListBuffer(table.store)
        rows = [a_row() for _ in range(3)]
        buffer.add(rows[0])
        buffer.add(rows[1])
        assert not buffer.flush()
        buffer.add(rows[2])
        table.away = False
        assert buffer.flush()
        assert table.rows == rows

    def test_tries_again_by_itself(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.EPICML_LISTS_FLUSH_SECONDS = 0.01
        monkeypatch.setattr(list_buffer, "RETRY_SECONDS", 0.01)
        table = Table(away=True)
        buffer = ListBuffer(table.store)
        buffer.add(a_row())
        time.sleep(0.05)
        table.away = False
        assert table.has(1)

    def test_drops_and_counts_the_oldest_of_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(list_buffer, "MOST_ROWS", 5)
        table = Table(away=True)
        buffer = ListBuffer(table.store)
        before = count("epicml_lists_dropped_total", reason="full")
        rows = [a_row() for _ in range(8)]
        for row in rows[:6]:
            buffer.add(row)
        assert not buffer.flush()
        assert count("epicml_lists_buffered") == 5
        for row in rows[6:]:
            buffer.add(row)
        table.away = False
        buffer.flush()
        assert table.rows == rows[3:]
        assert count("epicml_lists_dropped_total", reason="full") == before + 3
        assert count("epicml_lists_buffered") == 0

    def test_loses_only_the_row_that_is_refused(self, caplog: pytest.LogCaptureFixture) -> None:
        table = Table(refuses="bad")
        buffer = ListBuffer(table.store)
        refused, stored = count("epicml_lists_dropped_total", reason="refused"), count("epicml_lists_stored_total")
        for surface in ("home", "bad", "similar"):
            buffer.add(a_row(surface))
        with caplog.at_level(logging.ERROR):
            assert buffer.flush()
        assert [row.surface for row in table.rows] == ["home", "similar"]
        assert count("epicml_lists_dropped_total", reason="refused") == refused + 1
        assert count("epicml_lists_stored_total") == stored + 2
        assert "1 served lists are not stored" in caplog.text

    def test_counts_what_is_served_by_surface(self) -> None:
        buffer = ListBuffer(Table().store)
        before = count("epicml_lists_served_total", surface="similar")
        buffer.add(a_row("similar"))
        buffer.add(a_row("similar"))
        assert count("epicml_lists_served_total", surface="similar") == before + 2

    def test_loses_no_row_of_many_threads(self, settings: Settings) -> None:
        settings.EPICML_LISTS_FLUSH_SECONDS = 0.001
        table = Table()
        buffer = ListBuffer(table.store)

        def serve() -> None:
            for _ in range(400):
                buffer.add(a_row())

        threads = [threading.Thread(target=serve) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert table.has(8 * 400)
        assert len({row.id for row in table.rows}) == 8 * 400

    def test_stores_what_waits_at_the_end(self) -> None:
        table = Table()
        buffer = ListBuffer(table.store)
        buffer.add(a_row())
        buffer.end()
        assert len(table.rows) == 1

    def test_says_at_the_end_what_is_lost(self, caplog: pytest.LogCaptureFixture) -> None:
        buffer = ListBuffer(Table(away=True).store)
        before = count("epicml_lists_dropped_total", reason="ended")
        buffer.add(a_row())
        with caplog.at_level(logging.ERROR):
            buffer.end()
        assert "1 served lists are lost" in caplog.text
        assert count("epicml_lists_dropped_total", reason="ended") == before + 1
