"""How often somebody may try to log in: counted in the database, for all processes, before anything is hashed.

Three counts brake, each with a wait that doubles up to its longest: one name from one address, one address, and one
name from everywhere. The last only slows, so that no stranger locks a member of staff out from everywhere. A browser in
which somebody logged in before is a known device: for that name it has a count of its own, and no stranger's failures
count against it. Names are stored as keyed hashes: people type passwords where the name belongs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet, Sum

KEPT_FOR = timedelta(hours=24)  # a failure that is older than this counts no more, and is deleted
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - stored, not bound: all that come without an address count as one
MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True)
class Backoff:
    """So many failures cost nothing; after them the wait starts with the first, and doubles with each failure."""

    free: int
    first: timedelta
    longest: timedelta

    def wait_after(self, failures: int) -> timedelta:
        """Return how long after the last of so many failures the next attempt may come.

        >>> backoff = Backoff(free=5, first=timedelta(minutes=1), longest=timedelta(minutes=60))
        >>> [int(backoff.wait_after(failures).total_seconds()) for failures in (4, 5, 6, 7, 10, 11, 99)]
        [0, 60, 120, 240, 1920, 3600, 3600]
        """
        if failures < self.free:
            return timedelta()
        doubled: timedelta = self.first * 2 ** min(failures - self.free, MOST_DOUBLINGS)
        return min(doubled, self.longest)


# Five wrong passwords are typed by people; about 35 a day are then left to who guesses from one address.
NAME_AT_ADDRESS = Backoff(free=5, first=timedelta(minutes=1), longest=timedelta(hours=1))
# A library shares one address. Who logs in at last takes the own failures out of the count.
ADDRESS = Backoff(free=20, first=timedelta(minutes=1), longest=timedelta(hours=1))
# Guesses at one name from many addresses: half a minute slows them, and locks nobody out.
NAME = Backoff(free=20, first=timedelta(seconds=1), longest=timedelta(seconds=30))


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """Who tries to log in: the name as its hash, the address, and the device where this name is known on it."""

    name_hash: str
    address: str
    device: str = ""


def take_attempt(attempt: LoginAttempt, *, now: datetime) -> datetime | None:
    """Count the attempt as failed and return None, or count nothing and return when the next one may come.

    It is counted before the password is looked at: of sixteen at once no more get through than of one after another.
    """
    until = next_attempt_at(attempt, now=now)
    if until is not None:  # most attempts of who guesses end here, without the lock that writers of SQLite wait for
        return until
    with transaction.atomic():
        until = _general_wait(attempt, now=now)
        if until is not None:
            return until
        row, _ = AccessAttempt.objects.select_for_update().get_or_create(
            **_own(attempt), defaults={"failures_since_start": 0}
        )
        failures = row.failures_since_start if row.attempt_time > now - KEPT_FOR else 0
        until = _until(NAME_AT_ADDRESS, failures, row.attempt_time, now=now)
        if until is None:
            row.failures_since_start, row.attempt_time = failures + 1, now
            row.save(update_fields=["failures_since_start", "attempt_time"])
        return until


def give_back(attempt: LoginAttempt) -> None:
    """Take the attempt back, for it was no failure: nobody looked at the password."""
    _rows(attempt).filter(failures_since_start__gt=0).update(failures_since_start=F("failures_since_start") - 1)


def forget_failures(attempt: LoginAttempt) -> None:
    """Forget the failures of this name from there: who tried has logged in."""
    _rows(attempt).delete()


def next_attempt_at(attempt: LoginAttempt, *, now: datetime) -> datetime | None:
    """Return when this client may try this name again; None if at once."""
    row = _rows(attempt).filter(attempt_time__gt=now - KEPT_FOR).first()
    own = _until(NAME_AT_ADDRESS, row.failures_since_start, row.attempt_time, now=now) if row else None
    return max(filter(None, (own, _general_wait(attempt, now=now))), default=None)


def purge_attempts(*, now: datetime) -> int:
    """Delete what is stored of attempts that count no more; returns how many rows there were."""
    count: int = AccessAttempt.objects.filter(attempt_time__lte=now - KEPT_FOR).delete()[0]
    return count


def _general_wait(attempt: LoginAttempt, *, now: datetime) -> datetime | None:
    """Return what the address and the name have to wait for; a known device for neither."""
    if attempt.device:
        return None
    waits = (
        _wait_of(Q(ip_address=attempt.address), ADDRESS, now=now),
        _wait_of(Q(username=attempt.name_hash), NAME, now=now),
    )
    return max(filter(None, waits), default=None)


def _wait_of(which: Q, backoff: Backoff, *, now: datetime) -> datetime | None:
    counted = AccessAttempt.objects.filter(which, user_agent="", attempt_time__gt=now - KEPT_FOR)
    found = counted.aggregate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
    return _until(backoff, found["failures"] or 0, found["last"], now=now)


def _until(backoff: Backoff, failures: int, last: datetime | None, *, now: datetime) -> datetime | None:
    """Return when the wait after so many failures ends; None if it is over, or there is none."""
    wait = backoff.wait_after(failures)
    return last + wait if last is not None and wait and last + wait > now else None


def _own(attempt: LoginAttempt) -> dict[str, str]:
    """Return the row of this attempt. What axes calls a user agent tells known devices apart, and names no browser."""
    address = UNKNOWN_ADDRESS if attempt.device else attempt.address  # a device has one count, wherever it is
    return {"username": attempt.name_hash, "ip_address": address, "user_agent": attempt.device}


def _rows(attempt: LoginAttempt) -> QuerySet[Any]:
    found: QuerySet[Any] = AccessAttempt.objects.filter(**_own(attempt))
    return found
