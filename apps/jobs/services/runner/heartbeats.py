"""A thread that keeps the lease of the job in hand alive while the task computes."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import DatabaseError, connection

from apps.jobs.models import Runner
from apps.jobs.services.ledger import leases

logger = logging.getLogger(__name__)

BEATS_PER_LEASE = 4  # three may fail before the job counts as lost
LONGEST_PAUSE_SECONDS = 10.0  # with a long lease too: a runner that was not seen for 30 s counts as gone


class Heartbeat:
    """One thread for one runner; it touches the database only for a job that outlasts the first beat."""

    def __init__(self, *, clock: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._held_at = 0.0
        self._lease: leases.Lease | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, lease: leases.Lease) -> Iterator[None]:
        """Renew the lease until the block ends."""
        self._hold(lease)
        try:
            yield
        finally:
            self._hold(None)

    @property
    def lease(self) -> leases.Lease | None:
        """The lease in hand."""
        return self._lease

    def worked(self) -> float:
        """Return the seconds since the lease in hand was taken up."""
        return self._monotonic() - self._held_at

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _hold(self, lease: leases.Lease | None) -> None:
        with self._changed:
            self._lease, self._held_at = lease, self._monotonic()
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
            self._thread.start()

    def _beat(self) -> None:
        try:
            while (lease := self._next()) is not None:
                self._renew(lease)
        finally:
            connection.close()

    def _next(self) -> leases.Lease | None:
        """Wait for a lease that is held through a whole interval; None once closed."""
        with self._changed:
            while not self._closed:
                lease = self._lease
                interval = None if lease is None else min(lease.seconds / BEATS_PER_LEASE, LONGEST_PAUSE_SECONDS)
                if not self._changed.wait(interval) and lease is not None:
                    return lease
        return None

    def _renew(self, lease: leases.Lease) -> None:
        try:
            now = self._clock()
            leases.heartbeat(lease, now=now, worked=self.worked())
            Runner.objects.filter(owner=lease.owner).update(seen_at=now)  # its loop waits for the task
        except leases.LeaseLostError:
            pass  # the task learns it at its next write
        except DatabaseError as error:
            logger.warning("No heartbeat for job %s: %s", lease.job_id, type(error).__name__)
            connection.close()
