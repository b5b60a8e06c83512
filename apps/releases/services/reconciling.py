"""What a dead process left behind is cleared up."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from apps.releases import artifacts
from apps.releases.models import Release
from apps.releases.selectors.listing import BUILDER_DIED, has_builder
from apps.releases.services import steps
from apps.releases.services.kinds import release_kinds

# A build that waits so long for its next attempt takes its snapshot anew: nobody needs to know so long who read what.
KEPT_SNAPSHOT = timedelta(days=1)

logger = logging.getLogger(__name__)


def reconcile(*, now: datetime) -> str:
    """Fail every build that nobody goes on with, and remove what dead and decided ones left; says what was found."""
    failed = fail_dead_builds(now=now)
    abandoned = remove_abandoned_folders()
    old = remove_old_snapshots(now=now)
    sentence = f"{len(failed)} dead builds failed, {len(abandoned)} abandoned folders removed"
    return f"{sentence}, {old} snapshots that were kept too long removed" if old else sentence


def fail_dead_builds(*, now: datetime, kind: str | None = None) -> list[str]:
    """Fail unfinished releases whose job is over: done, dead, cancelled or not there any more; their keys."""
    unfinished = Release.objects.building() if kind is None else Release.objects.building().of_kind(kind)
    rows = unfinished.only("pk", "kind", "key", "state", "job_id")
    return [str(release) for release in rows if not has_builder(release.job_id) and _fail(release, now=now)]


def remove_abandoned_folders() -> list[str]:
    """Remove folders and results of steps of every release which is not being built any more."""
    folders, results = artifacts.building_folders(), _results()
    building = set(Release.objects.building().values_list("kind", "key"))  # after it: a row is there before its folders
    folders = [found for found in folders if found not in building]
    results = [found for found in results if found not in building]
    for kind, key in folders:
        artifacts.remove_building(kind, key)
    for kind, key in results:
        steps.remove(kind, key)
    return [f"{kind} {key}" for kind, key in sorted({*folders, *results})]


def _results() -> list[tuple[str, str]]:
    try:
        return steps.builds_with_results()
    except artifacts.ArtifactStorageError as error:  # whoever clears up comes again
        logger.warning("%s", error.message)
        return []


def remove_old_snapshots(*, now: datetime) -> int:
    """Remove the stored snapshot of every build that was begun too long ago; how many there were."""
    old = Release.objects.building().filter(created_at__lt=now - KEPT_SNAPSHOT)
    return sum(steps.remove_result(kind, key, steps.SNAPSHOT) for kind, key in old.values_list("kind", "key"))


def forget_reader(_reader_id: int) -> int:
    """Remove every stored snapshot, whoever is in it, because this reader is erased; how many there were.

    A build that needs its snapshot again takes it anew, without the reader. Once now, so that nothing of a reader is
    left who is known to be erased, and once when the erasure holds: a build may have stored one in between.
    """
    transaction.on_commit(_remove_snapshots)
    return _remove_snapshots()


def _remove_snapshots() -> int:
    with_readers = {kind.name for kind in release_kinds() if kind.readers_in}
    found = [(kind, key) for kind, key in steps.builds_with_results() if kind in with_readers]
    return sum(steps.remove_result(kind, key, steps.SNAPSHOT) for kind, key in found)


def _fail(release: Release, *, now: datetime) -> bool:
    failed = Release.objects.filter(pk=release.pk, state=release.state).update(
        state=Release.State.FAILED, error=BUILDER_DIED, failed_at=now, artifact_removed_at=now
    )
    if failed:
        artifacts.remove(release.kind, release.key)
        steps.remove(release.kind, release.key)
    return bool(failed)
