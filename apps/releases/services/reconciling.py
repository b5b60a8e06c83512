"""What a dead process left behind is cleared up."""

from datetime import datetime

from apps.releases import artifacts
from apps.releases.models import Release
from apps.releases.selectors.listing import BUILDER_DIED


def reconcile(*, now: datetime) -> str:
    """Nothing is "building" that nobody builds, and no folder of such a build is left; says what was found."""
    failed = fail_dead_builds(now=now)
    abandoned = remove_abandoned_folders()
    return f"{len(failed)} dead builds failed, {len(abandoned)} abandoned folders removed"


def fail_dead_builds(*, now: datetime, kind: str | None = None, job: int | None = None) -> list[str]:
    """Unfinished releases whose lease ran out, or that an earlier attempt of this job began, are failed; their keys."""
    unfinished = Release.objects.abandoned(now)
    if job is not None:
        unfinished |= Release.objects.building().filter(job_id=job)
    if kind is not None:
        unfinished = unfinished.of_kind(kind)
    return [str(release) for release in unfinished.only("pk", "kind", "key", "state") if _give_up(release, now=now)]


def remove_abandoned_folders() -> list[str]:
    """No folder is left that was being built for a release which is not being built any more."""
    building = set(Release.objects.building().values_list("kind", "key"))
    abandoned = [found for found in artifacts.building_folders() if found not in building]
    for kind, key in abandoned:
        artifacts.remove_building(kind, key)
    return [f"{kind} {key}" for kind, key in abandoned]


def _give_up(release: Release, *, now: datetime) -> bool:
    given_up = Release.objects.filter(pk=release.pk, state=release.state).update(
        state=Release.State.FAILED, error=BUILDER_DIED, failed_at=now, artifact_removed_at=now, lease_until=None
    )
    if given_up:
        artifacts.remove(release.kind, release.key)
    return bool(given_up)
