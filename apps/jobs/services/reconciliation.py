"""Put right what dead runners and time leave behind."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.jobs.models import Job, Runner, ScheduleSlot
from apps.jobs.services import leases
from apps.jobs.services.registry import MAX_ATTEMPTS, UnknownJobError, registration_of

KEEP_DONE = timedelta(days=14)
KEEP_SLOTS = timedelta(days=90)
KEEP_RUNNERS = timedelta(hours=1)
PURGE_BATCH = 5000  # rows in one transaction, so that SQLite's other writers wait milliseconds
ABANDONED = "The runner stopped without a word; its lease ran out."


def requeue_abandoned(*, now: datetime) -> int:
    """Jobs whose lease ran out wait again, or are dead after their last attempt; returns how many there were."""
    expired = Job.objects.filter(state=Job.State.LEASED, lease_expires_at__lt=now)
    if not expired.exists():  # a read: an idle runner asks every second and must not take SQLite's write lock
        return 0
    with transaction.atomic():
        jobs = list(expired.select_for_update(skip_locked=True))
        for job in jobs:
            _requeue(job, now=now)
    return len(jobs)


@transaction.atomic
def requeue_all() -> str:
    """After a restore: no job is held by a runner of before, and none counts as sent to a broker; says how many were.

    An attempt that a restore cut off is not counted against its job.
    """
    held = list(Job.objects.filter(state=Job.State.LEASED).select_for_update())
    for job in held:
        leases.release(leases.Lease(job.pk, job.lease_owner, job.attempt, 0))
    Job.objects.filter(state=Job.State.QUEUED).exclude(relayed_at=None).update(relayed_at=None)
    return f"{len(held):,} jobs that were running wait again." if held else ""


def _requeue(job: Job, *, now: datetime) -> None:
    lease = leases.Lease(job.pk, job.lease_owner, job.attempt, 0)
    if job.attempt >= _max_attempts(job.name):
        leases.give_up(lease, error=ABANDONED, now=now)
    else:
        leases.abandon(lease, error=ABANDONED)


def _max_attempts(name: str) -> int:
    try:
        return registration_of(name).max_attempts
    except UnknownJobError:  # of another version of this software, which is being rolled out or back
        return MAX_ATTEMPTS


def purge(*, now: datetime, keep_done: timedelta = KEEP_DONE) -> int:
    """Old done and cancelled jobs, slots and runners are gone; returns how many jobs were. Dead jobs stay."""
    count = 0
    old = Job.objects.filter(state__in=[Job.State.DONE, Job.State.CANCELLED], finished_at__lt=now - keep_done)
    while ids := list(old.values_list("pk", flat=True)[:PURGE_BATCH]):
        count += Job.objects.filter(pk__in=ids).delete()[0]
    ScheduleSlot.objects.filter(slot_at__lt=now - KEEP_SLOTS).delete()
    Runner.objects.filter(seen_at__lt=now - KEEP_RUNNERS).delete()
    return count
