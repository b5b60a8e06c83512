"""Background work on releases."""

from celery import shared_task

from apps.jobs.services.runner.running import RunningJob
from apps.releases.services import making, reconciling, retention, verifying


@shared_task(name="releases.build")
def build(run: RunningJob) -> None:
    """Go on with what a command began to build before its process died."""
    run.report_progress(0, 0, making.go_on(run))


@shared_task(name="releases.reconcile")
def reconcile(run: RunningJob) -> None:
    """Clear up what dead builders left behind."""
    reconciling.reconcile(now=run.now())


@shared_task(name="releases.verify_live")
def verify_live(run: RunningJob) -> None:
    """Read the files of what is live, and record damage."""
    run.report_progress(0, 0, verifying.verify_live())


@shared_task(name="releases.remove_leftovers")
def remove_leftovers(run: RunningJob) -> None:
    """Remove files whose time had come while their storage was away."""
    run.report_progress(0, 0, retention.remove_leftovers())
