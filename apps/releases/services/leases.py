"""The sign of life of a build: its lease is renewed while its process lives, and runs out soon after it died."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import DatabaseError, connection

from apps.releases.models import LEASE, Release

logger = logging.getLogger(__name__)

BEATS_PER_LEASE = 4  # three may fail before the build is taken for abandoned


@contextmanager
def kept_lease(release_id: int, *, clock: Callable[[], datetime]) -> Iterator[None]:
    """The lease of this build is renewed until the block ends, however long a step of it takes."""
    over = threading.Event()
    thread = threading.Thread(target=_renew, args=(release_id, over, clock), name="build lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=5)


def _renew(release_id: int, over: threading.Event, clock: Callable[[], datetime]) -> None:
    while not over.wait(LEASE.total_seconds() / BEATS_PER_LEASE):
        try:
            Release.objects.building().filter(pk=release_id).update(lease_until=clock() + LEASE)
        except DatabaseError as error:
            logger.warning("The lease of release %d was not renewed (%s).", release_id, type(error).__name__)
        connection.close()
