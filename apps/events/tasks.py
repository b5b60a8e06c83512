"""Celery entry points of the events."""

from celery import shared_task

from apps.events.services.retention import purge_events
from apps.jobs.services.running import RunningJob


@shared_task(name="events.purge")
def purge(run: RunningJob) -> None:
    """Events that are older than they may be kept are erased."""
    purge_events(now=run.now())
