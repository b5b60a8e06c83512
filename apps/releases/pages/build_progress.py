"""How far a release is that is still being made, from the job that makes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from apps.jobs.selectors.jobs import JobNotFoundError, JobRow, job_of, job_row
from apps.jobs.services.runner.diagnosis import LONGEST_SILENCE
from apps.platform.services import formats
from apps.releases.pages.facts import job_address
from apps.releases.selectors.detail import ReleaseDetail
from apps.releases.services.steps import NAMES as STEPS

UNFINISHED = ("building", "built", "evaluated")


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """Step and count in words, the share that is done where it is known, and where the job is shown."""

    text: str
    share: float | None
    job_url: str


def progress_of(detail: ReleaseDetail, *, now: datetime) -> BuildProgress | None:
    """Say how far the build is; None for a release that nobody makes any more."""
    row = detail.row
    if row.state not in UNFINISHED:
        return None
    begun = f"Begun {formats.clock(row.created_at)}. The report appears here when it was evaluated."
    begun = " ".join((begun, *_steps(detail), *_stopped(row.job_id, now)))
    job = _job(row.job_id)
    if job is None or not job.progress_total:
        return BuildProgress(begun, None, job_address(row.job_id) if row.job_id else "")
    share = job.progress_done / job.progress_total
    count = f"{formats.thousands(job.progress_done)} of {formats.thousands(job.progress_total)}"
    return BuildProgress(f"{job.progress_text or 'Working'}, {count}. {begun}", share, job_address(job.id))


def _steps(detail: ReleaseDetail) -> Iterator[str]:
    """Say at which step it is, and which are done."""
    done = [step.name for step in detail.build_steps]
    current = next((name for name in STEPS if name not in done), "gate")
    after = f", after {', '.join(done)}" if done else ""
    yield f"At its step “{current}”{after}."
    reused = [step.name for step in detail.build_steps if step.reused]
    if reused:
        yield f"Taken over from an attempt that was stopped: {', '.join(reused)}."


def _stopped(job_id: int | None, now: datetime) -> Iterator[str]:
    """Say why nothing moves, where nothing does, and what is to be done."""
    job = job_of(job_id) if _job(job_id) is not None and job_id is not None else None
    if job is None:
        return
    if job.state == "queued" and job.attempt:
        yield f"Its builder was stopped: a runner goes on after the last finished step at {formats.clock(job.run_at)}."
    elif job.lease_expires_at is not None and job.lease_expires_at < now:
        yield "Its builder died: a runner goes on after the last finished step."
    elif job.progress_at is not None and now - job.progress_at > LONGEST_SILENCE:
        minutes = int((now - job.progress_at).total_seconds() // 60)
        yield (
            f"No progress for {minutes} minutes; {job.lease_owner} holds it. If that process does nothing, end it "
            "(kill -9 loses nothing): a runner goes on after the last finished step."
        )


def _job(job_id: int | None) -> JobRow | None:
    if job_id is None:
        return None
    try:
        return job_row(job_id)
    except JobNotFoundError:
        return None
