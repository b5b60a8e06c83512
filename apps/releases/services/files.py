"""The files of releases, for the apps that build and serve them: what the artifacts door offers to the floors above."""

from pathlib import Path

from apps.releases import artifacts
from apps.releases.artifacts import ArtifactCorruptError, ArtifactStorageError, load_arrays, save_arrays
from apps.releases.selectors.live import LiveRelease

__all__ = ["ArtifactCorruptError", "ArtifactStorageError", "artifact_path", "load_arrays", "save_arrays"]


def artifact_path(release: LiveRelease) -> Path:
    """The folder of this release, verified against its SHA-256 in this very call."""
    return artifacts.open_verified(release.kind, release.key, release.sha256)


def known_damage(kind: str, sha256: str) -> str:
    """What the last verification of the live release of this kind found damaged, if it was of this sum."""
    of, _, found = artifacts.noted_damage(kind).partition("\n")
    return found if of == sha256 else ""
