"""Put work into the ledger, in the caller's own transaction: it exists exactly when the change does."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction

from apps.jobs.services.ledger.registry import registration_of
from apps.platform.services.errors import EpicmlError

BATCH = 1000
MAX_KEY = 200  # as wide as the column
MAX_ARGUMENTS = 100_000  # characters of JSON: a job names its data, it does not carry it
# Nothing is planned further ahead: a job that waits longer was queued by a clock that was wrong.
LONGEST_AHEAD = timedelta(days=31)
LONGEST_DELAY_SECONDS = 5400.0  # after a failed attempt, jitter and all: see execution.backoff

INSERT = 'INSERT INTO jobs_job (name, arguments, "key", run_at, created_at) VALUES (%s, %s, %s, %s, %s)'
# The update of a row that waits already also locks it until the caller's transaction ends. Without that lock a runner
# on PostgreSQL could take the row before the change is visible, and the change would be missed.
# A failed job keeps the time of its next attempt; else every change would use up one. Later than any delay it is none:
# a clock was ahead then.
QUEUE_ONCE = f"""
{INSERT}
ON CONFLICT (name, "key") WHERE state = 'queued' AND NOT ("key" = '')
DO UPDATE SET run_at = CASE WHEN excluded.run_at < jobs_job.run_at AND (jobs_job.attempt = 0 OR jobs_job.run_at > %s)
  THEN excluded.run_at ELSE jobs_job.run_at END
RETURNING id
"""


class InvalidJobError(EpicmlError):
    """Arguments or a key that the ledger cannot hold."""

    code = "invalid_job"


def enqueue(
    name: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    run_at: datetime | None = None,
    now: datetime,
) -> int:
    """Queue a job, to be run once this transaction commits, at run_at or at once; returns its id.

    Jobs of one name with one key are the same work: while one waits, its id is returned and nothing is added; while one
    runs, the new one waits behind it, so that no change is missed. `run_at` is at most LONGEST_AHEAD from now.
    """
    registration_of(name)
    values = _values(name, arguments or {}, key=key, run_at=run_at or now, now=now)
    latest_retry = connection.ops.adapt_datetimefield_value(now + timedelta(seconds=LONGEST_DELAY_SECONDS))
    with connection.cursor() as cursor:
        if key:
            cursor.execute(QUEUE_ONCE, (*values, latest_retry))
        else:
            cursor.execute(f"{INSERT} RETURNING id", values)
        return int(cursor.fetchone()[0])


def enqueue_many(
    name: str, arguments: Iterable[Mapping[str, Any]], *, run_at: datetime | None = None, now: datetime
) -> int:
    """Queue a job without a key for each of these arguments, all of them or none; returns how many."""
    registration_of(name)
    rows = (_values(name, each, key=None, run_at=run_at or now, now=now) for each in arguments)
    count = 0
    with transaction.atomic(), connection.cursor() as cursor:
        while batch := list(islice(rows, BATCH)):
            cursor.executemany(INSERT, batch)
            count += len(batch)
    return count


def _values(
    name: str, arguments: Mapping[str, Any], *, key: str | None, run_at: datetime, now: datetime
) -> tuple[Any, ...]:
    if key and len(key) > MAX_KEY:
        raise InvalidJobError(f"The key of a job may have {MAX_KEY} characters, not {len(key)}.")
    if run_at > now + LONGEST_AHEAD:
        latest = f"at most {LONGEST_AHEAD.days} days from now"
        raise InvalidJobError(
            f"A job runs {latest}; {name!r} was to run at {run_at:%Y-%m-%d %H:%M}. Look at the clock."
        )
    moment = connection.ops.adapt_datetimefield_value
    return name, _json(name, arguments), key or "", moment(run_at), moment(now)


def _json(name: str, arguments: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(arguments, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidJobError(f"The arguments of {name!r} are no JSON: {error}.") from error
    if len(text) > MAX_ARGUMENTS or "\\u0000" in text:
        raise InvalidJobError(f"The arguments of {name!r} are too long, or hold a NUL character.")
    return text
