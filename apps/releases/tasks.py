"""Background work on releases."""

from celery import shared_task

from apps.jobs.services.running import RunningJob
from apps.releases.services import reconciling


@shared_task(name="releases.reconcile")
def reconcile(run: RunningJob) -> None:
    """What dead builders left behind is cleared up."""
    reconciling.reconcile(now=run.now())
