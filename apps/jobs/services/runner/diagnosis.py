"""What is wrong with the background work, each thing in a sentence, and its remedy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.jobs.models import Lane
from apps.jobs.selectors import jobs
from apps.jobs.selectors.purges import held_purges
from apps.jobs.selectors.runners import RunnerRow, lanes_covered, place_of, runners_able, runners_seen
from apps.jobs.services.ledger.registry import registrations

LONGEST_WAIT = timedelta(seconds=60)
# Longer than the longest step of a job without a word: a training said nothing for 87 s.
LONGEST_SILENCE = timedelta(minutes=15)
RECENT = timedelta(days=1)
CLOCKS_APART = timedelta(seconds=5)
LANE_NAMES = {Lane.QUICK: "quick jobs (changes of books)", Lane.LONG: "long jobs (trainings and index builds)"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and its remedy."""

    detail: str
    remedy: str


def diagnose(*, now: datetime, local: datetime, broker: bool) -> list[Finding]:
    """Find all that is wrong now, what stops most first.

    Args:
        now: the ledger's time.
        local: the time of this machine's own clock.
        broker: whether Celery's workers are expected to run the jobs (REDIS_URL is set).
    """
    return [
        *(_without_workers(now) if broker else _without_runners(now)),
        *_waiting(now),
        *_silent(now),
        *_dead(now),
        *_held(),
        *_clocks(now, local),
    ]


def _without_runners(now: datetime) -> Iterator[Finding]:
    able = runners_able(now)
    if not able:
        yield Finding(
            "Nobody does the background work: no runner was seen in the last 30 s.",
            "Start manage.py serve or manage.py runjobs.",
        )
        return
    for lane in _uncovered(able):
        yield Finding(
            f"No runner takes {LANE_NAMES[lane]}.",
            "Start manage.py runjobs without --quick-only, or manage.py serve with --runners 2.",
        )


def _without_workers(now: datetime) -> Iterator[Finding]:
    seen, able = runners_seen(now), runners_able(now)
    uncovered = _uncovered(able)
    if not uncovered:
        return
    relays = [row for row in seen if row.is_relay]
    workers = [row for row in seen if row.is_worker]
    fit = [row for row in workers if not row.problem]
    if not relays:
        yield Finding(
            "Nobody hands jobs to the Celery workers: no relay was seen in the last 30 s.",
            "Start manage.py serve or manage.py relayjobs.",
        )
    elif all(row.problem for row in relays):
        yield Finding(f"The relay hands no jobs over: {relays[0].problem}.", "It goes on by itself: start Redis again.")
    if not workers:
        yield Finding(
            "Nobody runs the jobs that are handed over: no Celery worker was seen in the last 30 s.",
            "Start manage.py runworkers.",
        )
    elif not fit:
        yield Finding(
            f"Celery workers are there and cannot work: {workers[0].problem}.",
            "Start Redis if it is away. manage.py runworkers starts a worker anew that does not come back; "
            "one that was started without it must be started anew by hand.",
        )
    else:
        for lane in [lane for lane in uncovered if lane not in lanes_covered(fit)]:
            yield Finding(f"No Celery worker takes {LANE_NAMES[lane]}.", f"Start manage.py runworkers --queues {lane}.")


def _uncovered(able: list[RunnerRow]) -> list[Lane]:
    covered = lanes_covered(able)
    return [lane for lane in Lane if lane.value not in covered]


def _waiting(now: datetime) -> Iterator[Finding]:
    known = registrations()
    able = runners_able(now)
    for lane in Lane:
        names = [job.name for job in known if job.long == (lane == Lane.LONG)]
        takers = [row for row in able if lane.value in row.lanes]
        oldest = jobs.oldest_due_at(now, names=names)
        if takers and oldest is not None and now - oldest > LONGEST_WAIT:
            yield _pile(takers, waited=now - oldest, names=names, now=now)
    unknown = jobs.unknown_due(now, names=[job.name for job in known])
    if unknown:
        yield Finding(
            f"Jobs wait that this version does not know: {', '.join(unknown)}.",
            "Finish the upgrade or roll-back that is under way; or cancel them under Jobs on the staff site.",
        )


def _pile(takers: Sequence[RunnerRow], *, waited: timedelta, names: Sequence[str], now: datetime) -> Finding:
    seconds, since = int(waited.total_seconds()), now - LONGEST_WAIT
    is_moving = jobs.anything_moved(since, names=names) or any(row.started_at >= since for row in takers)
    if is_moving:
        return Finding(
            f"A job has been waiting for {seconds} s; runners are at work but behind.",
            "They will catch up unless more comes than they can do; more runners are quicker "
            "(serve --runners, runworkers --concurrency).",
        )
    return Finding(
        f"A job has been waiting for {seconds} s; {len(takers)} runners are alive and nothing was done for 60 s.",
        "They are stuck: end them (kill -9 loses nothing) and start them again.",
    )


def _silent(now: datetime) -> Iterator[Finding]:
    for job in jobs.stalled_jobs(now, since=now - LONGEST_SILENCE):
        machine, process = place_of(job.lease_owner)
        holder = f"process {process} on {machine}" if machine else job.lease_owner
        minutes = int((now - (job.progress_at or now)).total_seconds() // 60)
        yield Finding(
            f"Job {job.pk} ({job.name}) has got no further for {minutes} minutes; {holder} holds it.",
            "If that process is stuck, end it (kill -9 loses nothing): the job goes on elsewhere within a minute.",
        )


def _dead(now: datetime) -> Iterator[Finding]:
    names = jobs.dead_names(now - RECENT)
    if names:
        told = ", ".join(f"{name} ({count})" for name, count in names.items())
        yield Finding(
            f"Jobs died in the last day: {told}.",
            "Read why under Jobs on the staff site (state: Dead), put it right, and retry them there.",
        )


def _held() -> Iterator[Finding]:
    for purge in held_purges():
        command = f"manage.py purge_{purge.name}"
        yield Finding(
            f"The purge of {purge.name} is held: it would erase {purge.rows:,} of {purge.total:,} rows, "
            f"those from before {purge.before:%Y-%m-%d}. {purge.reason}",
            f"Look at the clock first, then run {command}. If all that may go: {command} --accept --why REASON.",
        )


def _clocks(now: datetime, local: datetime) -> Iterator[Finding]:
    apart = local - now
    if abs(apart) > CLOCKS_APART:
        how = f"{abs(int(apart.total_seconds()))} s {'ahead of' if apart > timedelta() else 'behind'}"
        yield Finding(
            f"The clock of this machine is {how} the database's.",
            "Set both by NTP; whichever is wrong, jobs and dates are wrong with it.",
        )
