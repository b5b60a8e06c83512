"""Hand due jobs to Celery's workers, and run what a worker is handed."""

import logging
import os
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from apps.jobs.models import Job, JobQuerySet
from apps.jobs.relay import BrokerUnavailableError, Relay
from apps.jobs.services.heartbeats import Heartbeat
from apps.jobs.services.loop import new_owner
from apps.jobs.services.registry import registrations
from apps.jobs.services.runner import run_next

logger = logging.getLogger(__name__)

BATCH = 200
MAX_OUTSTANDING = 1000  # messages in Redis: what waits longer waits in the ledger, where it is seen and safe
AGAIN_AFTER = timedelta(seconds=60)  # then a message counts as lost; a second one is harmless: the claim is exclusive


class Relaying:
    """The relay of one process."""

    def __init__(self, redis_url: str) -> None:
        self._relay = Relay(redis_url)

    def relay_due(self, *, now: datetime) -> int:
        """Due jobs are on their way to the workers; returns how many were sent now."""
        jobs = _take(now=now)
        try:
            self._relay.send(jobs)
        except BrokerUnavailableError as error:
            logger.warning(error.message)
            _untake([job_id for job_id, _ in jobs])
            return 0
        return len(jobs)


def _take(*, now: datetime) -> list[tuple[int, bool]]:
    long = {job.name: job.long for job in registrations()}
    due = _sendable(now).filter(name__in=list(long))
    if not due.exists():
        return []
    with transaction.atomic():
        room = MAX_OUTSTANDING - Job.objects.due(now).filter(relayed_at__gte=now - AGAIN_AFTER).count()
        rows = due.select_for_update(skip_locked=True).order_by("run_at", "pk").values_list("pk", "name")
        taken = list(rows[: max(0, min(BATCH, room))])
        Job.objects.filter(pk__in=[job_id for job_id, _ in taken]).update(relayed_at=now)
    return [(job_id, long[name]) for job_id, name in taken]


def _sendable(now: datetime) -> JobQuerySet:
    running = Job.objects.filter(state=Job.State.LEASED, name=OuterRef("name"), key=OuterRef("key"))
    unsent = Q(relayed_at=None) | Q(relayed_at__lt=now - AGAIN_AFTER)
    return Job.objects.due(now).filter(unsent).exclude(~Q(key="") & Exists(running))


def _untake(job_ids: list[int]) -> None:
    Job.objects.filter(pk__in=job_ids, state=Job.State.QUEUED).update(relayed_at=None)


_worker: list[tuple[int, str, Heartbeat]] = []  # of this process: a pool child is forked after this module is imported


def run_relayed(job_id: int, *, clock: Callable[[], datetime]) -> bool:
    """The job had an attempt in this worker, unless it runs elsewhere, is done or must wait; then nothing happened."""
    owner, heartbeat = _this_worker(clock)
    worked = run_next(owner=owner, clock=clock, alive=heartbeat.over, job_id=job_id)
    if not worked:  # most often a second message; but it may wait for a job of its key, and then needs a new one
        Job.objects.filter(pk=job_id, state=Job.State.QUEUED).exclude(key="").update(relayed_at=None)
    return worked


def _this_worker(clock: Callable[[], datetime]) -> tuple[str, Heartbeat]:
    if not _worker or _worker[0][0] != os.getpid():
        _worker[:] = [(os.getpid(), new_owner("celery"), Heartbeat(clock=clock))]
    return _worker[0][1:]
