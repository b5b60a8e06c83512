"""What time it is for the ledger: one clock for all machines that work on it."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import DatabaseError, connection

ASKED_EVERY_SECONDS = 10.0


def ledger_now(local: datetime) -> datetime:
    """Return the database's time. SQLite has no clock but this machine's, whose time is given."""
    if connection.vendor == "sqlite":
        return local
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


class LedgerClock:
    """The ledger's time for a process that works on it: asked of the database now and then, counted on in between.

    Leases and heartbeats are written by one machine and judged by another. With clocks of their own, a machine that
    is a minute behind would lose every job it takes; and a clock that is set would reach the ledger at once.
    """

    def __init__(self, local: Callable[[], datetime], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._local = local
        self._monotonic = monotonic
        self._known: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        """Return the time; the first call needs the database, later ones go on without it."""
        if connection.vendor == "sqlite":
            return self._local()
        asked = self._monotonic()
        if self._known is None or asked - self._known[1] >= ASKED_EVERY_SECONDS:
            try:
                self._known = (ledger_now(self._local()), asked)
            except DatabaseError:
                if self._known is None:
                    raise
        return self._known[0] + timedelta(seconds=asked - self._known[1])
