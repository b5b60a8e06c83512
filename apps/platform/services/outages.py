"""What failed behind us, told from what we did wrong: the first is answered 503 and passes, the second is a fault.

Django's classes do not tell it: SQLite calls a missing column an OperationalError, and PostgreSQL a standby that takes
no writes an InternalError. The codes below them do.

Sources: https://www.sqlite.org/rescode.html; PostgreSQL's documentation, appendix A; PEP 249 for the names of errors.
"""

import errno
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import Error

LOGGED_EVERY_SECONDS = 10.0
_DRIVERS = frozenset({"django", "psycopg", "sqlite3"})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outage:
    """What clients are told, after how many seconds they may ask again, and what the person who mends it looks at."""

    code: str
    message: str
    retry_after: int
    remedy: str


AWAY = Outage("database_unavailable", "The database does not answer.", 5, "Look at the database and at DATABASE_URL.")
BUSY = Outage(
    "database_busy", "The database was too busy to answer in time.", 1, "Something else holds the database; try again."
)
FULL = Outage("storage_full", "There is no room to store anything.", 60, "Make room on the disk.")
READ_ONLY = Outage(
    "storage_read_only", "Nothing can be stored at the moment.", 30, "The disk or the database takes no writes."
)

_BY_SQLSTATE = {
    "53100": FULL,
    "25006": READ_ONLY,
    **dict.fromkeys(("40001", "40P01", "55P03", "57014"), BUSY),  # serialisation, deadlock, lock, statement timeout
    **dict.fromkeys(("25P03", "25P04", "XX001", "XX002"), AWAY),  # ended for its idle or long transaction; damaged
}
# Connection, credentials, resources, operator's intervention, the system below.
_AWAY_CLASSES = frozenset({"08", "28", "53", "57", "58"})
_BY_SQLITE_CODE = {
    13: FULL,
    8: READ_ONLY,
    **dict.fromkeys((5, 6), BUSY),
    **dict.fromkeys(
        (7, 9, 10, 11, 14, 15, 26), AWAY
    ),  # memory, interrupt, I/O, malformed, cannot open, lock, no database
}
_BY_ERRNO = {errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EROFS: READ_ONLY, errno.EIO: READ_ONLY}


def outage_of(error: BaseException | None) -> Outage | None:
    """Return the outage that this error tells of; None for a fault of ours."""
    if isinstance(
        error, SessionInterrupted
    ):  # Django's word for a session that could not be saved, whatever the reason
        return _first_below(error)
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0)
    if error is None:
        return None
    # COPY does not pass through Django, and raises the errors of the driver itself.
    if not isinstance(error, Error) and type(error).__module__.partition(".")[0] not in _DRIVERS:
        return None
    driver = error.__cause__ if isinstance(error, Error) and error.__cause__ is not None else error
    state, code = getattr(driver, "sqlstate", None), getattr(driver, "sqlite_errorcode", None)
    if state:
        return _BY_SQLSTATE.get(state) or (AWAY if state[:2] in _AWAY_CLASSES else None)
    if code is not None:
        return _BY_SQLITE_CODE.get(code & 0xFF)
    # A connection that failed or was lost has no code, and nor has what a driver cannot place.
    names = {kind.__name__ for kind in type(error).__mro__}
    has_failed = type(error).__name__ == "DatabaseError" or not names.isdisjoint({"OperationalError", "InterfaceError"})
    return AWAY if has_failed else None


def reason_of(error: BaseException) -> str:
    """Return the first line of what was said, with its class: the lines after it may hold values of a row."""
    return f"{type(error).__name__}: {error}".splitlines()[0].strip()


def _first_below(error: BaseException) -> Outage | None:
    below = error.__cause__ or error.__context__
    while below is not None:
        found = outage_of(below)
        if found is not None:
            return found
        below = below.__cause__ or below.__context__
    return None


class OutageLog:
    """One line for all that failed for one outage within a while, instead of a traceback for each."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._said_at: dict[str, float] = {}
        self._kept_back: dict[str, int] = {}

    def add(self, outage: Outage, error: BaseException) -> None:
        """Log it, at once or with the next line of this outage."""
        with self._lock:
            now, last = self._clock(), self._said_at.get(outage.code)
            if last is not None and now - last < LOGGED_EVERY_SECONDS:
                self._kept_back[outage.code] = self._kept_back.get(outage.code, 0) + 1
                return
            self._said_at[outage.code] = now
            more = self._kept_back.pop(outage.code, 0)
        counted = f" {more} more since the last such line." if more else ""
        logger.error("%s (%s). %s%s", outage.code, reason_of(error), outage.remedy, counted)

    def reset(self) -> None:
        """Log the next outage of each kind at once."""
        with self._lock:
            self._said_at.clear()
            self._kept_back.clear()


_log = OutageLog()
log_outage, reset_outage_log = _log.add, _log.reset
