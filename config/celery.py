"""The Celery app: workers that may be stopped at any moment. Work is put in by apps.jobs, never by .delay().

    manage.py runworkers

runs `celery -A config.celery worker` under a supervisor that starts it anew when it ends or hangs.

A worker runs what `manage.py relayjobs` sends. The job itself is claimed in the database under a lease, so a message
that comes twice runs once, and one that is lost is sent again. Measured with real kills: 0 of 700 tasks not done with
all these settings, 34 % with Celery's defaults.
"""

import logging
import os
import time
from typing import Any

from celery import Celery, bootsteps
from celery.signals import celeryd_init
from celery.worker import state
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from apps.jobs.relay import LANES, QUICK, broker_url

logger = logging.getLogger(__name__)

LONGEST_TASK_SECONDS = 3600
# Longer than twice the longest task: a shorter one hands out the same message again while it runs (celery#5935).
VISIBILITY_SECONDS = 2 * LONGEST_TASK_SECONDS + 300

BROKER_SECONDS = 5  # a Redis that is silent for longer hangs, and is connected to anew

app = Celery("epicml", broker=broker_url(settings.REDIS_URL) if settings.REDIS_URL else None)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=LONGEST_TASK_SECONDS,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_queues=[Queue(lane) for lane in LANES],
    task_default_queue=QUICK,
    task_create_missing_queues=False,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=settings.CELERY_GRACE_SECONDS,
    worker_enable_soft_shutdown_on_idle=True,
    # A job goes on while Redis is away: its lease is in the database, and a message that comes again finds it done.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # Redis is waited for as long as it takes
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_timeout": BROKER_SECONDS,
        "socket_connect_timeout": BROKER_SECONDS,
        "health_check_interval": 25,
    },
    enable_utc=True,
    timezone="UTC",
)
app.autodiscover_tasks()


class HeartbeatStep(bootsteps.StartStopStep):
    """Of the worker's main process: it says in the ledger that it is there, and what keeps it from working."""

    requires = ("celery.worker.components:Pool",)  # after it: its processes are forked while no thread runs

    def start(self, worker: Any) -> None:
        from apps.jobs.selectors.ledger_time import LedgerClock
        from apps.jobs.services.runner.worker import WorkerLife

        lanes = [name for name in LANES if name in app.amqp.queues.consume_from]
        worker.life = WorkerLife(
            redis_url=settings.REDIS_URL, lanes=lanes, clock=LedgerClock(timezone.now), monotonic=time.monotonic
        )
        worker.life.start()

    def stop(self, worker: Any) -> None:
        worker.life.close()

    def terminate(self, worker: Any) -> None:
        self.stop(worker)


class LoopPulseStep(bootsteps.StartStopStep):
    """Of the worker's loop: it shows every second that it turns, as long as it has a connection to Redis."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:
        consumer.timer.call_repeatedly(1.0, self._show, (consumer,))

    def _show(self, consumer: Any) -> None:
        pulse = consumer.controller.life.pulse
        pulse.turned_at = time.monotonic()
        pulse.taken = sum(state.total_count.values())
        pulse.has_room = len(state.reserved_requests) < consumer.pool.num_processes


app.steps["worker"].add(HeartbeatStep)
app.steps["consumer"].add(LoopPulseStep)


@celeryd_init.connect
def check_worker(**_: Any) -> None:
    """Check that the worker knows its tasks; one that would wait for its task to the end at SIGTERM says so."""
    from apps.jobs.services.ledger.registry import check_registered

    check_registered()
    if not settings.REDIS_URL:
        raise ImproperlyConfigured("REDIS_URL is not set: a Celery worker has nothing to take jobs from.")
    if os.environ.get("REMAP_SIGTERM") != "SIGQUIT":
        logger.warning("Set REMAP_SIGTERM=SIGQUIT: without it SIGTERM waits for the running task, however long it is.")
