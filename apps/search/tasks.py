"""Background work of search: parse, one call."""

from celery import shared_task

from apps.jobs.services.running import RunningJob
from apps.search.services.releasing import NIGHTLY, catch_up, rebuild_index


@shared_task(name="search.apply_changes")
def apply_changes(run: RunningJob) -> None:
    """Bring the working copy of the live index up to the last change, or queue a new index where it is outdated."""
    catch_up(now=run.now(), progress=run.report_progress)


@shared_task(name="search.rebuild")
def rebuild(run: RunningJob) -> None:
    """Make and promote a new index from the whole catalogue."""
    rebuild_index(
        created_by="schedule",
        why=run.arguments.get("why", NIGHTLY),
        clock=run.now,
        promote=True,
        job=run.id,
        progress=run.report_progress,
    )
