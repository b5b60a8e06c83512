"""The files of releases, for the apps that build and serve them: what the artifacts door offers to the floors above."""

from dataclasses import dataclass
from pathlib import Path

from apps.releases import artifacts
from apps.releases.artifacts import ArtifactCorruptError, ArtifactStorageError, load_arrays, save_arrays
from apps.releases.models import Release
from apps.releases.selectors.live import LiveRelease

__all__ = ["ArtifactCorruptError", "ArtifactStorageError", "artifact_path", "load_arrays", "save_arrays"]


def artifact_path(release: LiveRelease) -> Path:
    """Return the folder of this release, verified against its SHA-256 in this very call; fetched first if need be."""
    return artifacts.open_verified(release.kind, release.key, release.sha256)


@dataclass(frozen=True, slots=True)
class StoredAt:
    """Where the files of a release are kept, and whether this machine has a copy; None where it needs none."""

    place: str
    has_copy: bool | None


def stored_at(kind: str, key: str) -> StoredAt:
    """Return where the files of a release are kept."""
    has_copy = key in artifacts.cached(kind) if artifacts.keeps_copies() else None
    return StoredAt(artifacts.place(), has_copy)


def known_damage(kind: str, sha256: str) -> str:
    """Return what the last verification of the release of this kind and sum found damaged; "" where it was sound."""
    return Release.objects.of_kind(kind).filter(sha256=sha256).live().values_list("damage", flat=True).first() or ""
