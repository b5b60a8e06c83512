"""What is live now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q

from apps.releases.models import Decision, Release


@dataclass(frozen=True, slots=True)
class LiveRelease:
    """A release that is served of its kind, or was, or that an experiment names; only then promoted_at may be None."""

    id: int
    kind: str
    key: str
    sha256: str
    manifest: Mapping[str, Any]
    promoted_at: datetime | None


def live_release(kind: str) -> LiveRelease | None:
    """Return the live release of this kind, or None where none was promoted yet; one query."""
    fields = ("id", "kind", "key", "sha256", "manifest", "promoted_at")
    row = Release.objects.of_kind(kind).live().values_list(*fields).first()
    return LiveRelease(*row) if row else None


def former_releases(kind: str) -> list[LiveRelease]:
    """Return those that were live and whose files were kept, the one that was live last first.

    What somebody rolled back from comes after all others: it was found to be worse.
    """
    fields = ("id", "kind", "key", "sha256", "manifest", "promoted_at")
    kept = Release.objects.of_kind(kind).once_live().filter(artifact_removed_at=None)
    rows = [LiveRelease(*row) for row in kept.values_list(*fields)]
    left = Decision.objects.filter(action=Decision.Action.ROLL_BACK, at__gte=F("replaced__promoted_at"))
    worse = set(left.filter(release__kind=kind).values_list("replaced_id", flat=True))
    return sorted(rows, key=lambda release: release.id in worse)


def followed_keys(kind: str, keys: Collection[str] = ()) -> tuple[tuple[str, str] | None, dict[str, str]]:
    """Return key and SHA-256 of the live release, and the SHA-256 of each of these that still has files; one query."""
    wanted = Q(state=Release.State.LIVE)
    if keys:
        wanted |= Q(key__in=keys, artifact_removed_at=None) & ~Q(sha256="")
    rows = Release.objects.of_kind(kind).filter(wanted).values_list("key", "sha256", "state")
    live = next(((key, sha256) for key, sha256, state in rows if state == Release.State.LIVE), None)
    return live, {key: sha256 for key, sha256, _ in rows if key in keys}


def release_with_files(kind: str, key: str) -> LiveRelease | None:
    """Return the release of this key, live or not; None where it has no files, or there is none."""
    found = Release.objects.of_kind(kind).filter(key=key, artifact_removed_at=None).exclude(sha256="")
    fields = ("id", "kind", "key", "sha256", "manifest", "promoted_at")
    row = found.values_list(*fields).first()
    return LiveRelease(*row) if row else None


def kept_keys(kind: str) -> set[str]:
    """Return the keys whose files may still be wanted, those that are being built among them."""
    return set(Release.objects.of_kind(kind).filter(artifact_removed_at=None).values_list("key", flat=True))


def live_key(kind: str) -> tuple[str, str] | None:
    """Return key and SHA-256 of the live release: the cheapest way to see whether it changed; one query."""
    return Release.objects.of_kind(kind).live().values_list("key", "sha256").first()
