"""Releases as rows of a list, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.jobs.selectors.jobs import JobNotFoundError, job_row
from apps.platform.services.errors import NotFoundError
from apps.releases.models import Release, ReleaseQuerySet

BUILDER_DIED = "Its builder died."
OPEN_JOB = frozenset({"queued", "leased"})


class ReleaseNotFoundError(NotFoundError):
    """No release has this kind and key."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"There is no {kind} release {key!r}.")


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One release in a list."""

    id: int
    kind: str
    key: str
    state: str
    gate_passed: bool | None
    gate_headline: str
    gate_reason: str
    sha256: str
    created_by: str
    why: str
    error: str
    created_at: datetime
    promoted_at: datetime | None
    retired_at: datetime | None
    job_id: int | None
    refusals: Sequence[Mapping[str, Any]]
    accepted: Sequence[Mapping[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return the row as the API shows it."""
        return {name: getattr(self, name) for name in FIELDS if name != "id"}


FIELDS = tuple(ReleaseRow.__slots__)


def find_release(kind: str, key: str, *, now: datetime | None = None) -> Release:
    """Return the release of this kind and key: as it is at this moment, or as it was recorded last."""
    try:
        release = Release.objects.get(kind=kind, key=key)
    except Release.DoesNotExist as error:
        raise ReleaseNotFoundError(kind, key) from error
    return _as_of(release, now)


def release_row(kind: str, key: str, *, now: datetime | None = None) -> ReleaseRow:
    """Return the row of this kind and key: as it is at this moment, or as it was recorded last."""
    release = Release.objects.filter(kind=kind, key=key).only(*FIELDS).first()
    if release is None:
        raise ReleaseNotFoundError(kind, key)
    return _row(_as_of(release, now))


def releases(
    *,
    kind: str | None = None,
    states: Sequence[str] = (),
    offset: int = 0,
    limit: int = 100,
    now: datetime | None = None,
) -> list[ReleaseRow]:
    """Return this part of the list of releases, newest first: as they are now, or as they were recorded last."""
    rows = _selected(kind, states).order_by("-id").only(*FIELDS)[offset : offset + limit]
    return [_row(_as_of(release, now)) for release in rows]


def release_count(*, kind: str | None = None, states: Sequence[str] = ()) -> int:
    """Count the releases of the whole list."""
    return _selected(kind, states).count()


def releases_waiting() -> list[ReleaseRow]:
    """Return what a person may promote now, newest first: passed, or refused for what can be accepted."""
    live = dict(Release.objects.live().values_list("kind", "id"))
    states = [Release.State.PASSED, Release.State.REFUSED, Release.State.REFUSED_BY_AUDIT]
    candidates = Release.objects.filter(state__in=states, artifact_removed_at=None).order_by("-id")
    return [
        _row(release)
        for release in candidates.defer("report", "manifest", "findings", "gate_results")
        if release.champion_id == live.get(release.kind)
        and (release.state == Release.State.PASSED or release.may_be_accepted)
    ]


def has_builder(job_id: int | None) -> bool:
    """Tell whether this job is at work, or will go on: an unfinished release without such a job is dead."""
    if job_id is None:
        return False
    try:
        return job_row(job_id).state in OPEN_JOB
    except JobNotFoundError:
        return False


def _as_of(release: Release, now: datetime | None) -> Release:
    """Show a build that nobody goes on with as failed, whether or not somebody came by to record it."""
    if now is not None and release.state in Release.UNFINISHED and not has_builder(release.job_id):
        release.state, release.error, release.failed_at = Release.State.FAILED.value, BUILDER_DIED, now
    return release


def _row(release: Release) -> ReleaseRow:
    return ReleaseRow(*(getattr(release, name) for name in FIELDS))


def _selected(kind: str | None, states: Sequence[str]) -> ReleaseQuerySet:
    chosen = Release.objects.all()
    if kind is not None:
        chosen = chosen.of_kind(kind)
    return chosen.filter(state__in=states) if states else chosen
