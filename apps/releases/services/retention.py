"""How long the files of a release are kept. Its row with report and decisions stays for ever."""

from datetime import datetime

from apps.releases import artifacts
from apps.releases.models import Release, ReleaseQuerySet
from apps.releases.services.kinds import release_kind

KEPT_ONCE_LIVE = 3  # so many can be rolled back to
KEPT_WAITING = 3  # passed releases that nobody promoted, and as many refused ones that a person may accept


def remove_outdated(kind: str, *, now: datetime) -> list[str]:
    """Only the live one, the last three that were live and the newest that wait have files. The removed keys."""
    removable = Release.objects.of_kind(kind).filter(artifact_removed_at=None).exclude(state=Release.State.LIVE)
    finished = removable.exclude(state__in=Release.UNFINISHED).exclude(pk__in=_kept(kind))
    removed = []
    for release in finished.only("pk", "kind", "key", "state"):
        # Conditional, and before the files go: a release that was made live meanwhile keeps them.
        if Release.objects.filter(pk=release.pk, state=release.state).update(artifact_removed_at=now):
            artifacts.remove(kind, release.key)
            removed.append(release.key)
    on_removed = release_kind(kind).on_removed
    if on_removed:
        for key in removed:
            on_removed(kind, key)
    return removed


def _kept(kind: str) -> list[int]:
    releases = Release.objects.of_kind(kind)
    live = releases.live().values_list("pk", flat=True).first()
    once_live = releases.once_live().values_list("pk", flat=True)[:KEPT_ONCE_LIVE]
    waiting = releases.filter(state=Release.State.PASSED, champion_id=live).order_by("-id").values_list("pk", flat=True)
    return [*once_live, *waiting[:KEPT_WAITING], *_to_be_accepted(releases.filter(champion_id=live))]


def _to_be_accepted(releases: ReleaseQuerySet) -> list[int]:
    """The newest refused releases that a person may still accept."""
    refused = releases.filter(state__in=[Release.State.REFUSED, Release.State.REFUSED_BY_AUDIT])
    newest = refused.filter(artifact_removed_at=None).order_by("-id")
    return [release.pk for release in newest if release.may_be_accepted][:KEPT_WAITING]
