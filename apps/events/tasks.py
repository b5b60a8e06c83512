"""Celery entry points of the events."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from apps.events.services.retention import purge_events
from apps.jobs.services.runner.running import RunningJob


@shared_task(name="events.purge")
def purge(run: RunningJob) -> None:
    """Events that are older than they may be kept are erased, unless that is unusual."""
    purge_events(now=run.now(), kept_for=timedelta(days=settings.EVENTS_KEPT_DAYS))
