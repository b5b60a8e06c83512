"""A release is made in recorded steps: snapshot, audit, fit, seal, evaluate, gate and, where asked, promote.

Its job makes it. When an attempt at the job ends before the release is decided, the next one goes on with the same
release after the last step that was finished.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.events.selectors import latest_event_id
from apps.jobs.services.ledger.leases import LeaseLostError
from apps.jobs.services.ledger.registry import ReportProgress
from apps.jobs.services.runner.running import JobStoppedError, RunningJob
from apps.platform.services.errors import ConflictError
from apps.releases import artifacts
from apps.releases.models import Release
from apps.releases.selectors.listing import ReleaseRow, has_builder, release_row
from apps.releases.selectors.live import live_release
from apps.releases.services import accepting, leases, promotion, reconciling, retention
from apps.releases.services.building import Builder, plain
from apps.releases.services.kinds import AnyKind, release_kind

KEY_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Request:
    """What a release was asked for; kept with it, so that whoever goes on with it makes the same."""

    options: Mapping[str, Any]
    promote: bool
    accept: Sequence[str]
    last_event: int


def make_release(
    kind: str,
    *,
    created_by: str,
    why: str,
    clock: Callable[[], datetime],
    promote: bool = False,
    accept: Sequence[str] = (),
    job: RunningJob | None = None,
    options: Mapping[str, Any] | None = None,
    progress: ReportProgress | None = None,
) -> ReleaseRow:
    """Make one more release of this kind, as far as it comes: live, passed, refused, or refused by the audit.

    `accept` names refusals that a person takes upon themselves, for the reason `why`; without them a refused release
    keeps its files while a person may still accept it. An attempt at a job goes on with what an earlier attempt began.
    Without a job this process claims one of its own. What goes wrong on the way is raised; the release is failed and
    its files are gone then, unless the job goes on with it.
    """
    known = release_kind(kind)
    accepted = accepting.checked_names(known, accept, why=why)
    request = Request(options or {}, promote, accepted, latest_event_id())
    if job is not None:
        release = _begun_by(job, kind) or _begin(known, request, job, created_by=created_by, why=why)
        return _finish(Builder(known, release, job=job, progress=progress), goes_on=True)
    with leases.own_job(kind, clock=clock) as own:
        release = _begin(known, request, own, created_by=created_by, why=why)
        return _finish(Builder(known, release, job=own, progress=progress), goes_on=False)


def go_on(job: RunningJob) -> str:
    """Go on with the release that a process began which claimed this job and died; says how it ended."""
    kind = str(job.arguments["kind"])
    release = _begun_by(job, kind)
    if release is None:
        return "Its process died before it began a release: there is nothing to go on with."
    row = _finish(Builder(release_kind(kind), release, job=job, progress=None), goes_on=True)
    return f"{kind} {row.key} is {row.state}. {row.gate_headline}"


def _begun_by(job: RunningJob, kind: str) -> Release | None:
    """Find what an earlier attempt of this job began, or of one that handed its work to it, and did not give up."""
    if not isinstance(job.checkpoint, dict):
        return None
    number, live = int(job.checkpoint["release"]), live_release(kind)
    release = Release.objects.of_kind(kind).filter(pk=number).exclude(state=Release.State.FAILED).first()
    if release is None:
        return None
    if release.state == Release.State.PASSED and release.champion_id != (live.id if live else None):
        return None  # it was compared with what is not live any more, and cannot be promoted
    if release.job_id == job.id:
        return release
    if release.state not in Release.UNFINISHED:  # it answered the other job; this one asks for a release of its own
        return None
    Release.objects.filter(pk=release.pk).update(job_id=job.id)
    release.job_id = job.id
    return release


def _begin(kind: AnyKind, request: Request, job: RunningJob, *, created_by: str, why: str) -> Release:
    """Begin a release in state building, with the next free key of the day."""
    now, champion = job.now(), live_release(kind.name)
    reconciling.fail_dead_builds(now=now, kind=kind.name)
    for _ in range(KEY_ATTEMPTS):
        release = Release(
            kind=kind.name,
            key=_next_key(kind.name, now),
            created_by=created_by,
            why=why,
            job_id=job.id,
            champion_id=champion.id if champion else None,
            created_at=now,
            request=plain(asdict(request)),
        )
        try:
            with transaction.atomic():
                release.save(force_insert=True)
                job.save_checkpoint({"release": release.pk})
        except IntegrityError:  # another builder took the key between our look and our insert
            continue
        return release
    raise ConflictError(f"No free key for {kind.name} was found; too many builds start at once.")


def _finish(builder: Builder, *, goes_on: bool) -> ReleaseRow:
    """Make the release as far as it comes, and promote it where that was asked for."""
    release, job = builder.release, builder.job
    if release.state in Release.UNFINISHED:
        try:
            builder.run()
        except BaseException as error:  # also an interrupt: nothing may stay "building" that nobody builds
            if not (goes_on and _another_attempt_goes_on(job, error)):
                builder.fail(error)
            raise
    # What was begun later and is live has newer data: a build that waited long does not replace it by itself.
    live = live_release(release.kind)
    is_newest = live is None or live.id < release.pk
    if release.state == Release.State.PASSED and release.request["promote"] and is_newest:
        by, why = release.created_by, release.why
        promotion.promote_release(release.kind, release.key, decided_by=by, why=why, now=job.now())
    retention.remove_outdated(release.kind, now=job.now())
    return release_row(release.kind, release.key)


def _another_attempt_goes_on(job: RunningJob, error: BaseException) -> bool:
    """Tell whether the ledger gives the job another attempt, in which this error need not come again."""
    if isinstance(error, LeaseLostError):
        return has_builder(job.id)
    if isinstance(error, (ConflictError, artifacts.FolderTakenError)):
        return False
    if isinstance(error, Exception) and not isinstance(error, JobStoppedError):
        return leases.will_retry(job)
    return True  # asked to stop


def _next_key(kind: str, now: datetime) -> str:
    """Return the first number of the day above all that the database knows and all that lie in the storage.

    After the database was restored from a copy, files of releases that it does not know any more are left.
    """
    day = f"{now:%Y-%m-%d}."
    known = Release.objects.of_kind(kind).filter(key__startswith=day).values_list("key", flat=True)
    numbers = [key.removeprefix(day) for key in (*known, *artifacts.sealed_keys(kind)) if key.startswith(day)]
    return day + str(max((int(number) for number in numbers if number.isdecimal()), default=0) + 1)
