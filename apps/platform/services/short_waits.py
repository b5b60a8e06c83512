"""Writes that a request can do without: they do not wait long for SQLite's one lock."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

SHORT_MS = 100
USUAL_SECONDS = 5.0  # of sqlite3, where the settings say nothing


@contextmanager
def short_wait() -> Iterator[None]:
    """Inside, a write that finds the lock taken fails after SHORT_MS instead of the time of the settings.

    Measured while another writer held the lock for 12 s: suggestions waited up to 16.6 s for counts and notes that
    would not be missed. PostgreSQL locks rows, and who counts holds one for no longer than a statement.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:  # within a transaction the lock is held already
        yield
        return
    connection.ensure_connection()
    _set_wait(SHORT_MS)
    try:
        yield
    finally:
        usual = float(connection.settings_dict.get("OPTIONS", {}).get("timeout", USUAL_SECONDS))
        _set_wait(int(usual * 1000))


def _set_wait(milliseconds: int) -> None:
    if connection.connection is not None:  # it may have been closed meanwhile, and a new one waits as usual
        connection.connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
