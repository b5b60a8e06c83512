"""How far a release is that is still being made, from the job that makes it."""

from dataclasses import dataclass

from apps.jobs.selectors.jobs import JobNotFoundError, JobRow, job_row
from apps.platform.pages import formats
from apps.releases.pages.facts import job_address
from apps.releases.selectors.listing import ReleaseRow

UNFINISHED = ("building", "built", "evaluated")


@dataclass(frozen=True, slots=True)
class Progress:
    """Step and count in words, the share that is done where it is known, and where the job is shown."""

    text: str
    share: float | None
    job_url: str


def progress_of(row: ReleaseRow) -> Progress | None:
    """None for a release that nobody makes any more."""
    if row.state not in UNFINISHED:
        return None
    begun = f"Begun {formats.clock(row.created_at)}. The report appears here when it was evaluated."
    job = _job(row.job_id)
    if job is None or not job.progress_total:
        return Progress(begun, None, job_address(row.job_id) if row.job_id else "")
    share = job.progress_done / job.progress_total
    count = f"{formats.thousands(job.progress_done)} of {formats.thousands(job.progress_total)}"
    return Progress(f"{job.progress_text or 'Working'}, {count}. {begun}", share, job_address(job.id))


def _job(job_id: int | None) -> JobRow | None:
    if job_id is None:
        return None
    try:
        return job_row(job_id)
    except JobNotFoundError:
        return None
