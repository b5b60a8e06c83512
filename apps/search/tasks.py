"""Background work of search: parse, one call."""

import logging

from celery import shared_task

from apps.jobs.services.runner.running import RunningJob
from apps.search.services.applying import NO_COPY_HERE, keeps_copy
from apps.search.services.releasing import NIGHTLY, catch_up, rebuild_index
from apps.search.services.verifying import verify_index as verify_all_files

logger = logging.getLogger(__name__)


@shared_task(name="search.apply_changes")
def apply_changes(run: RunningJob) -> None:
    """Bring the working copy of the live index up to the last change, or queue a new index where it is outdated."""
    if keeps_copy():
        catch_up(now=run.now(), progress=run.report_progress)
    else:
        run.report_progress(0, 0, NO_COPY_HERE)


@shared_task(name="search.rebuild")
def rebuild(run: RunningJob) -> None:
    """Make and promote a new index from the whole catalogue."""
    row = rebuild_index(
        created_by="schedule",
        why=run.arguments.get("why", NIGHTLY),
        clock=run.now,
        promote=True,
        job=run,
    )
    if not row.gate_passed:  # what is refused waits for a person: a job accepts nothing
        logger.warning("Search index %s is not promoted: %s %s", row.key, row.gate_headline, row.gate_reason)
        run.report_progress(0, 0, f"{row.key} is not promoted. {row.gate_headline} {row.gate_reason}")


@shared_task(name="search.verify_index")
def verify_index(run: RunningJob) -> None:
    """Read every file of the live index, and have made anew what is damaged."""
    run.report_progress(0, 0, verify_all_files(now=run.now()))
