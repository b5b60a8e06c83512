"""What is live now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from apps.releases.models import Decision, Release


@dataclass(frozen=True, slots=True)
class LiveRelease:
    """The release that is served of its kind."""

    id: int
    kind: str
    key: str
    sha256: str
    manifest: Mapping[str, Any]
    promoted_at: datetime


def live_release(kind: str) -> LiveRelease | None:
    """The live release of this kind, or None where none was promoted yet; one query."""
    fields = ("id", "kind", "key", "sha256", "manifest", "promoted_at")
    row = Release.objects.of_kind(kind).live().values_list(*fields).first()
    return LiveRelease(*row) if row else None


def former_releases(kind: str) -> list[LiveRelease]:
    """Those that were live and whose files were kept, the one that was live last first.

    What somebody rolled back from comes after all others: it was found to be worse.
    """
    fields = ("id", "kind", "key", "sha256", "manifest", "promoted_at")
    kept = Release.objects.of_kind(kind).once_live().filter(artifact_removed_at=None)
    rows = [LiveRelease(*row) for row in kept.values_list(*fields)]
    left = Decision.objects.filter(action=Decision.Action.ROLL_BACK, at__gte=F("replaced__promoted_at"))
    worse = set(left.filter(release__kind=kind).values_list("replaced_id", flat=True))
    return sorted(rows, key=lambda release: release.id in worse)


def live_key(kind: str) -> tuple[str, str] | None:
    """Key and SHA-256 of the live release: the cheapest way to see whether it changed; one query."""
    return Release.objects.of_kind(kind).live().values_list("key", "sha256").first()
