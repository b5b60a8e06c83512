"""Celery entry points of the events."""

from celery import shared_task

from apps.events.services.retention import RULES, purge_events
from apps.jobs.services.running import RunningJob


@shared_task(name="events.purge")
def purge(run: RunningJob) -> None:
    """Erase events, served lists and sessions that are older than they may be kept, unless that is unusual."""
    for rule in RULES.values():
        purge_events(rule, now=run.now(), kept_for=rule.kept_for())
