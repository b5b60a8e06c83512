"""How long the files of a release are kept. Its row with report and decisions stays for ever."""

from datetime import datetime

from apps.releases import artifacts
from apps.releases.models import Release
from apps.releases.selectors.live import kept_keys
from apps.releases.services.kinds import release_kind, release_kinds

KEPT_ONCE_LIVE = 3  # so many can be rolled back to
KEPT_WAITING = 3  # passed releases that nobody promoted, and as many refused ones that a person may accept


def remove_outdated(kind: str, *, now: datetime) -> list[str]:
    """Keep files of the live release, the last three that were live and the newest that wait; return those removed."""
    removable = Release.objects.of_kind(kind).filter(artifact_removed_at=None).exclude(state=Release.State.LIVE)
    finished = removable.exclude(state__in=Release.UNFINISHED).exclude(pk__in=_kept(kind))
    removed = []
    for release in finished.only("pk", "kind", "key", "state"):
        # Conditional, and before the files go: a release that was made live meanwhile keeps them.
        if Release.objects.filter(pk=release.pk, state=release.state).update(artifact_removed_at=now):
            artifacts.remove(kind, release.key)
            removed.append(release.key)
    artifacts.drop_cached(kind, kept=kept_keys(kind))
    on_removed = release_kind(kind).on_removed
    if on_removed:
        for key in removed:
            on_removed(kind, key)
    return removed


def remove_leftovers() -> str:
    """Remove files that could not be removed when their time had come, because the storage was away; say how many.

    What the database does not know stays: after a restore of rows alone it may be all there is.
    """
    removed = Release.objects.exclude(artifact_removed_at=None).exclude(sha256="")
    done = 0
    try:
        for kind in release_kinds():
            left = removed.of_kind(kind.name).filter(key__in=artifacts.sealed_keys(kind.name))
            for key in left.values_list("key", flat=True):
                artifacts.remove(kind.name, key)
                done += 1
    except artifacts.ArtifactStorageError as error:  # it comes again within the hour
        return error.message
    return f"The files of {done} removed releases were still there."


def _kept(kind: str) -> list[int]:
    releases = Release.objects.of_kind(kind)
    live = releases.live().values_list("pk", flat=True).first()
    once_live = releases.once_live().values_list("pk", flat=True)[:KEPT_ONCE_LIVE]
    waiting = releases.filter(state=Release.State.PASSED, champion_id=live).order_by("-id").values_list("pk", flat=True)
    refused = releases.filter(state__in=[Release.State.REFUSED, Release.State.REFUSED_BY_AUDIT], champion_id=live)
    newest = refused.filter(artifact_removed_at=None).order_by("-id")
    acceptable = [release.pk for release in newest if release.may_be_accepted]
    return [*once_live, *waiting[:KEPT_WAITING], *acceptable[:KEPT_WAITING]]
