"""What only SQLite needs: writes that do not wait long for its one lock, and files without what was deleted."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

SHORT_MS = 100  # for writes that a request can do without
DELETING_MS = 500  # for who reads at this moment; where it is not enough the next checkpoint does it


@contextmanager
def short_wait(milliseconds: int = SHORT_MS) -> Iterator[None]:
    """Let what finds the lock taken fail after this time instead of the connection's, if that is longer.

    Measured while another writer held the lock for 12 s: suggestions waited up to 16.6 s for counts and notes that
    would not be missed. PostgreSQL locks rows, and who counts holds one for no longer than a statement.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:  # within a transaction the lock is held already
        yield
        return
    connection.ensure_connection()
    opened = connection.connection  # below Django, which would log and count these as queries
    (usual,) = opened.execute("PRAGMA busy_timeout").fetchone()
    opened.execute(f"PRAGMA busy_timeout = {min(milliseconds, usual)}")
    try:
        yield
    finally:
        if connection.connection is opened:  # else it was closed meanwhile, and a new one waits as usual
            opened.execute(f"PRAGMA busy_timeout = {usual}")


def leave_nothing_on_disk() -> None:
    """Write back the pages that were overwritten, and cut the log that had what was deleted; PostgreSQL vacuums."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with short_wait(DELETING_MS), connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
