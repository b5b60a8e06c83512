"""What was deleted leaves the files of the database too. PostgreSQL's vacuum does that by itself, SQLite is told to."""

from django.db import connection

from apps.platform.services.short_waits import short_wait

WAIT_MS = 500  # for who reads at this moment; where it is not enough the next checkpoint does it


def leave_nothing_on_disk() -> None:
    """Pages that were overwritten are written back, and the log that had the old ones is cut."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with short_wait(WAIT_MS), connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
