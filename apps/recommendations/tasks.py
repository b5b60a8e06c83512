"""Background work on recommendations."""

import logging

from celery import shared_task

from apps.jobs.services.runner.running import RunningJob
from apps.recommendations.services import training
from apps.recommendations.services.snapshot import NothingToLearnError

logger = logging.getLogger(__name__)


@shared_task(name="recommendations.retrain")
def retrain(run: RunningJob) -> None:
    """A model of today's facts is live, or refused with its reason; where nobody read anything, nothing is."""
    try:
        row = training.retrain(
            created_by=f"job {run.id}",
            why=str(run.arguments.get("why", "nightly training")),
            clock=run.now,
            promote=bool(run.arguments.get("promote", True)),
            job=run,
        )
    except NothingToLearnError as error:  # a new library: trying again tonight would change nothing
        run.report_progress(0, 0, error.message)
        return
    if not row.gate_passed:  # what is refused waits for a person: a job accepts nothing
        logger.warning("Recommender %s is not promoted: %s %s", row.key, row.gate_headline, row.gate_reason)
        run.report_progress(0, 0, f"{row.key} is not promoted. {row.gate_headline} {row.gate_reason}")
