"""The files of releases in a backup, and releases after a restore."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from apps.platform.services.backup.parts import KeptFile
from apps.releases import artifacts
from apps.releases.models import Release


def kept_files() -> list[KeptFile]:
    """Return every file of every release that has some, with the SHA-256 that its row gives it.

    What this machine has no copy of is fetched from object storage when it is copied.
    """
    releases = Release.objects.filter(artifact_removed_at=None).exclude(sha256="").exclude(state=Release.State.FAILED)
    found = []
    for release in releases.only("kind", "key", "sha256", "manifest"):
        kind, key = release.kind, release.key
        fetch = partial(artifacts.open_verified, kind, key, release.sha256) if artifacts.keeps_copies() else None
        for name, file in release.manifest["files"].items():
            path = artifacts.file_path(kind, key, name)
            found.append(KeptFile(path, f"{kind}/{key}/{name}", file["sha256"], size=file["size"], fetch=fetch))
    return found


def put_back(folder: Path) -> str:
    """Seal the files of every release in the folder in the storage; return how many releases they are of."""
    found = sorted(path for path in folder.glob("*/*") if path.is_dir())
    for path in found:
        artifacts.put_back(path.parent.name, path.name, path)
    return f"The files of {len(found):,} releases are in their place."


def after_restore(_: Sequence[Any], now: datetime) -> str:
    """Fail what was being built, and record which former releases have no files any more; return what was found."""
    failed = Release.objects.building().update(
        state=Release.State.FAILED,
        error="A restore ended it.",
        failed_at=now,
        artifact_removed_at=now,
    )
    Release.objects.exclude(damage="").update(damage="")  # it was of the files before
    kept = Release.objects.filter(artifact_removed_at=None).exclude(sha256="")
    try:
        gone = [release.pk for release in kept.only("pk", "kind", "key", "sha256", "state") if not _is_sound(release)]
    except artifacts.ArtifactStorageError as error:  # what is there is not known: nothing is taken from anybody
        gone, away = [], f"{error.message} Whether the files of all releases are there was not looked at."
    else:
        away = ""
    live = Release.objects.live().filter(pk__in=gone)
    sentences = [f"The files of {release} were not in the backup: build it anew." for release in live]
    removed = Release.objects.filter(pk__in=gone).exclude(state=Release.State.LIVE).update(artifact_removed_at=now)
    sentences += [f"{failed:,} releases were being built and are failed."] * bool(failed)
    sentences += [f"{removed:,} former releases have no files any more."] * bool(removed)
    return " ".join([*sentences, *([away] if away else [])])


def _is_sound(release: Release) -> bool:
    try:
        artifacts.verify(release.kind, release.key, release.sha256)
    except artifacts.ArtifactCorruptError:
        return False
    return True
