"""Background work on recommendations."""

from celery import shared_task

from apps.jobs.services.running import RunningJob
from apps.recommendations.services import training


@shared_task(name="recommendations.retrain")
def retrain(run: RunningJob) -> None:
    """A model of today's facts is live, or refused with its reason."""
    training.retrain(
        created_by=f"job {run.id}",
        why=str(run.arguments.get("why", "nightly training")),
        clock=run.now,
        promote=bool(run.arguments.get("promote", True)),
        job=run.id,
        progress=run.report_progress,
    )
