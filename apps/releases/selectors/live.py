"""What is live now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.releases.models import Release


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


def live_key(kind: str) -> tuple[str, str] | None:
    """Key and SHA-256 of the live release: the cheapest way to see whether it changed; one query."""
    return Release.objects.of_kind(kind).live().values_list("key", "sha256").first()
