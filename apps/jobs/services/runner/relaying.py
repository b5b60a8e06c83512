"""Hand due jobs to Celery's workers."""

import logging
import os
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from apps.jobs.models import Job, JobQuerySet, Runner
from apps.jobs.relay import BrokerUnavailableError, Relay
from apps.jobs.services.ledger.reconciliation import FUTURE
from apps.jobs.services.ledger.registry import check_registered, registrations
from apps.jobs.services.runner import process
from apps.jobs.services.runner.following import following
from apps.jobs.services.runner.loop import is_due, new_owner
from apps.jobs.services.runner.stopping import StopRequest

logger = logging.getLogger(__name__)

BATCH = 200
# Messages in Redis, also while no worker takes any: what waits longer waits in the ledger, where it is seen and safe.
MAX_OUTSTANDING = 1000
LOOK_EVERY = timedelta(seconds=5)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=10)  # between tries while Redis is away
BROKER_AWAY = "Redis does not answer"
AGAIN_AFTER = timedelta(seconds=60)  # then a message counts as lost; a second one is harmless: the claim is exclusive


class Relaying:
    """The relay of one process."""

    def __init__(self, redis_url: str) -> None:
        self._relay = Relay(redis_url)
        self._server = ""  # the Redis that was seen last; one that was started anew has lost every message
        self._looked_at: datetime | None = None
        self._away_since: datetime | None = None
        self._tried_at: datetime | None = None
        self._pause = FIRST_PAUSE

    @property
    def problem(self) -> str:
        """What keeps jobs from going out now; empty if nothing does."""
        return "" if self._away_since is None else BROKER_AWAY

    def relay_due(self, *, now: datetime) -> int:
        """Send due jobs on their way to the workers; returns how many."""
        if self._away_since is not None and not is_due(self._tried_at, now, self._pause):
            return 0
        jobs: list[tuple[int, bool]] = []
        try:
            due = _sendable(now).exists()
            if due or is_due(self._looked_at, now, LOOK_EVERY):
                waiting = self._look(now)
                jobs = _take(now=now, room=MAX_OUTSTANDING - waiting) if due else []
                self._relay.send(jobs)
        except BrokerUnavailableError as error:
            self._note_outage(error, now=now)
            Job.objects.filter(pk__in=[pk for pk, _ in jobs], state=Job.State.QUEUED).update(relayed_at=None)
            return 0
        return len(jobs)

    def _look(self, now: datetime) -> int:
        """Count the messages that wait. Those of a Redis that is gone are sent again by the next turns."""
        lanes = self._relay.look()
        if self._server not in ("", lanes.server):
            again = Job.objects.filter(state=Job.State.QUEUED, relayed_at__isnull=False).update(relayed_at=None)
            logger.warning("Redis was started anew and has lost its messages; %d jobs are sent again.", again)
        if self._away_since is not None:
            logger.warning("Redis answers again after %.0f s.", (now - self._away_since).total_seconds())
        self._server, self._looked_at = lanes.server, now
        self._away_since, self._pause = None, FIRST_PAUSE
        return sum(lanes.waiting.values())

    def _note_outage(self, error: BrokerUnavailableError, *, now: datetime) -> None:
        """Log one line for each outage, and pause longer and longer."""
        if self._away_since is None:
            logger.warning("%s It is tried again until it does.", error.message)
            self._away_since = now
        else:
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._tried_at = now


def relay_jobs(*, clock: Callable[[], datetime], url: str, grace_seconds: float, until: process.Until) -> int:
    """Hand due jobs to Celery's workers until this process is asked to stop; returns how many batches."""
    check_registered()
    relaying, stop = Relaying(url), StopRequest()
    stop.listen(grace_seconds=grace_seconds, overdue=lambda: os._exit(0))
    owner = new_owner("relay")
    loop = process.loop(
        owner, Runner.Kind.RELAY, work=lambda: relaying.relay_due(now=clock()) > 0, clock=clock, stop=stop
    )
    loop.problem = lambda: relaying.problem
    with following(owner=owner, stop=stop, clock=clock, busy=False) if until.never else nullcontext():
        return loop.run(once=until.once, until_empty=until.empty)


def _take(*, now: datetime, room: int) -> list[tuple[int, bool]]:
    """Mark due jobs as sent: as many as there is room for beside the messages that lie or travel."""
    long = {job.name: job.long for job in registrations()}
    with transaction.atomic():
        travelling = Job.objects.due(now).filter(relayed_at__gte=now - AGAIN_AFTER).count()
        due = _sendable(now).select_for_update(skip_locked=True).order_by("run_at", "pk").values_list("pk", "name")
        taken = list(due[: max(0, min(BATCH, room, MAX_OUTSTANDING - travelling))])
        Job.objects.filter(pk__in=[job_id for job_id, _ in taken]).update(relayed_at=now)
    return [(job_id, long[name]) for job_id, name in taken]


def _sendable(now: datetime) -> JobQuerySet:
    running = Job.objects.filter(state=Job.State.LEASED, name=OuterRef("name"), key=OuterRef("key"))
    unsent = Q(relayed_at=None) | Q(relayed_at__lt=now - AGAIN_AFTER) | Q(relayed_at__gt=now + FUTURE)
    known = Job.objects.due(now).filter(unsent, name__in=[job.name for job in registrations()])
    return known.exclude(~Q(key="") & Exists(running))
