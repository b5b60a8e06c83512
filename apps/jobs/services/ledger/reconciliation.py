"""Put right what dead runners and time leave behind."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Max, Q, QuerySet, Value, When

from apps.jobs.models import Attempt, Job, Runner, ScheduleSlot
from apps.jobs.services.ledger import attempts
from apps.jobs.services.ledger.attempts import Ending, Failure, Outcome
from apps.jobs.services.ledger.leases import lease_of
from apps.jobs.services.ledger.queue import LONGEST_AHEAD, LONGEST_DELAY_SECONDS
from apps.jobs.services.ledger.registry import MAX_ATTEMPTS, find_registration, registrations

logger = logging.getLogger(__name__)

# Clocks of machines differ by seconds; a moment further ahead than this was written by one that was wrong.
FUTURE = timedelta(minutes=1)
KEEP_DONE = timedelta(days=14)
KEEP_NEWEST = 10_000  # a week of a quiet library
# The bill of a month comes in the next one, and is compared with that of the season before.
KEEP_ATTEMPTS = timedelta(days=190)
KEEP_NEWEST_ATTEMPTS = 100_000  # about 30 MB
KEEP_SLOTS = timedelta(days=90)
KEEP_RUNNERS = timedelta(hours=1)
PURGE_BATCH = 5000  # rows in one transaction, so that SQLite's other writers wait milliseconds
LOST = Failure("RunnerLost", "The runner stopped without a word; its lease ran out.")


def requeue_lost(*, now: datetime) -> int:
    """Requeue the jobs whose lease ran out, or mark them dead after their last attempt; returns how many there were.

    A lease that ends later than any that is given now was given by a clock that was ahead; it would never run out.
    """
    latest = now + FUTURE
    over = Q(lease_expires_at__lt=now) | Q(heartbeat_at__gt=latest)
    for known in registrations():
        over |= Q(name=known.name, lease_expires_at__gt=latest + timedelta(seconds=known.lease_seconds))
    expired = Job.objects.filter(over, state=Job.State.LEASED)
    if not expired.exists():  # a read: an idle runner asks every second and must not take SQLite's write lock
        return 0
    with transaction.atomic():
        jobs = list(expired.select_for_update(skip_locked=True))
        for job in jobs:
            registration = find_registration(job.name)
            is_last = job.attempt >= (registration.max_attempts if registration else MAX_ATTEMPTS)
            end = attempts.mark_dead if is_last else attempts.requeue
            end(lease_of(job), Ending(Outcome.LOST, now, failure=LOST))
    return len(jobs)


def correct_future_times(*, now: datetime) -> int:
    """Put right what lies in the future, because a clock was ahead and was set back; returns how many rows.

    Without that a waiting job would wait for years, a finished one stay as long, and a schedule miss its next slots.
    """
    latest = now + FUTURE
    waiting = Job.objects.filter(state=Job.State.QUEUED)
    # Longer than anybody may ask for, or than a failed job waits for its next attempt.
    too_late = Q(created_at__gt=latest) | Q(run_at__gt=latest + LONGEST_AHEAD)
    too_late |= Q(attempt__gt=0, run_at__gt=latest + timedelta(seconds=LONGEST_DELAY_SECONDS))
    corrected = {
        "waiting jobs": _correct_jobs(
            waiting.filter(too_late | Q(relayed_at__gt=latest)),
            now=now,
            run_at=Case(When(too_late, then=Value(now)), default=F("run_at")),
            relayed_at=None,
        ),
        "ended jobs": _correct_jobs(
            Job.objects.filter(state__in=[Job.State.DONE, Job.State.CANCELLED], finished_at__gt=latest),
            now=now,
            finished_at=now,
        ),
        "attempts": _correct_attempts(Attempt.objects.filter(ended_at__gt=latest), now=now),
        "slots": _erase(ScheduleSlot.objects.filter(slot_at__gt=latest)),
        "runners": _erase(Runner.objects.filter(seen_at__gt=latest)),
    }
    found = ", ".join(f"{count} {what}" for what, count in corrected.items() if count)
    if found:
        logger.warning("A clock was ahead and was set back: moments in the future were put right (%s).", found)
    return sum(corrected.values())


def _correct_jobs(jobs: QuerySet[Job], *, now: datetime, **values: object) -> int:
    """Give these jobs these values, and no mark of the future; they are looked at first, as a read takes no lock."""
    if not jobs.exists():
        return 0
    marks = {
        name: Case(When(**{f"{name}__gt": now + FUTURE}, then=Value(now)), default=F(name))
        for name in ("run_at", "created_at", "started_at", "progress_at")
    }
    return jobs.update(**{**marks, **values})


def _correct_attempts(rows: QuerySet[Attempt], *, now: datetime) -> int:
    if not rows.exists():
        return 0
    return rows.update(
        ended_at=now, started_at=Case(When(started_at__gt=now, then=Value(now)), default=F("started_at"))
    )


def _erase(rows: QuerySet[ScheduleSlot] | QuerySet[Runner]) -> int:
    return rows.delete()[0] if rows.exists() else 0


@transaction.atomic
def requeue_all(*, now: datetime) -> str:
    """Take every job back after a restore, from runners of before and from the broker; says how many were running.

    An attempt that a restore cut off is not counted against its job.
    """
    held = list(Job.objects.filter(state=Job.State.LEASED).select_for_update())
    for job in held:
        attempts.release(lease_of(job), now=now)
    Job.objects.filter(state=Job.State.QUEUED).exclude(relayed_at=None).update(relayed_at=None)
    return f"{len(held):,} jobs that were running wait again." if held else ""


def forget_gone_runners(*, now: datetime) -> int:
    """Erase the rows of processes that ended without signing off, so that nobody counts on them; returns how many."""
    return _erase(Runner.objects.filter(seen_at__lt=now - KEEP_RUNNERS))


def purge(*, now: datetime, keep_done: timedelta = KEEP_DONE, keep_newest: int = KEEP_NEWEST) -> int:
    """Erase old done and cancelled jobs, attempts, slots and runners; returns how many jobs. Dead jobs stay.

    The newest jobs and attempts stay however old the clock says they are, and the newest slot of each schedule, without
    which it would be a new one: a clock that is ahead for a night costs no history.
    """
    count = 0
    newest = Job.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    ended = Job.objects.filter(state__in=[Job.State.DONE, Job.State.CANCELLED], pk__lte=newest - keep_newest)
    old = ended.filter(finished_at__lt=now - keep_done)
    while ids := list(old.values_list("pk", flat=True)[:PURGE_BATCH]):
        count += Job.objects.filter(pk__in=ids).delete()[0]
    _purge_attempts(before=now - KEEP_ATTEMPTS)
    last = ScheduleSlot.objects.values("schedule").annotate(last=Max("pk")).values_list("last", flat=True)
    ScheduleSlot.objects.filter(slot_at__lt=now - KEEP_SLOTS).exclude(pk__in=list(last)).delete()
    forget_gone_runners(now=now)
    return count


def _purge_attempts(*, before: datetime) -> None:
    """Erase the attempts that ended before this moment, but for the newest of all."""
    newest = Attempt.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    old = Attempt.objects.filter(ended_at__lt=before, pk__lte=newest - KEEP_NEWEST_ATTEMPTS)
    while ids := list(old.values_list("pk", flat=True)[:PURGE_BATCH]):
        Attempt.objects.filter(pk__in=ids).delete()
