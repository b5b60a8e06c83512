"""The files of releases in a backup, and releases after a restore."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from apps.platform.services.backup.parts import KeptFile
from apps.releases import artifacts
from apps.releases.models import Release


def kept_files() -> list[KeptFile]:
    """Every file of every release that has some, with the SHA-256 that its row gives it."""
    releases = Release.objects.filter(artifact_removed_at=None).exclude(sha256="").exclude(state=Release.State.FAILED)
    return [
        KeptFile(
            artifacts.file_path(release.kind, release.key, name), f"{release.kind}/{release.key}/{name}", file["sha256"]
        )
        for release in releases.only("kind", "key", "manifest")
        for name, file in release.manifest["files"].items()
    ]


def put_back(folder: Path) -> str:
    """The files of every release in the folder are in the storage, sealed; says how many releases they are of."""
    found = sorted(path for path in folder.glob("*/*") if path.is_dir())
    for path in found:
        artifacts.put_back(path.parent.name, path.name, path)
    return f"The files of {len(found):,} releases are in their place."


def settle(_: Sequence[Any], now: datetime) -> str:
    """No release is being built, and none that is not live promises files that are not there; says what was found."""
    failed = Release.objects.building().update(
        state=Release.State.FAILED,
        error="A restore ended it.",
        failed_at=now,
        artifact_removed_at=now,
    )
    kept = Release.objects.filter(artifact_removed_at=None).exclude(sha256="")
    gone = [release.pk for release in kept.only("pk", "kind", "key", "sha256", "state") if not _is_sound(release)]
    live = Release.objects.live().filter(pk__in=gone)
    said = [f"The files of {release} were not in the backup: build it anew." for release in live]
    removed = Release.objects.filter(pk__in=gone).exclude(state=Release.State.LIVE).update(artifact_removed_at=now)
    said += [f"{failed:,} releases were being built and are failed."] * bool(failed)
    said += [f"{removed:,} former releases have no files any more."] * bool(removed)
    return " ".join(said)


def _is_sound(release: Release) -> bool:
    try:
        artifacts.open_verified(release.kind, release.key, release.sha256)
    except artifacts.ArtifactCorruptError:
        return False
    return True
