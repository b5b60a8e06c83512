"""Reading the files of what is live, so that damage is known before a restart meets it."""

import logging

from apps.releases import artifacts
from apps.releases.artifacts import ArtifactCorruptError
from apps.releases.selectors.live import LiveRelease, live_release
from apps.releases.services.kinds import release_kinds

logger = logging.getLogger(__name__)


def verify_live() -> str:
    """Every file of every live release was read, and what is damaged is on record for health; says what was found."""
    live = [release for kind in release_kinds() if (release := live_release(kind.name))]
    found = [damage for release in live if (damage := _verify(release))]
    return " ".join(found) or f"The files of {len(live)} live releases are as they were sealed."


def _verify(release: LiveRelease) -> str:
    try:
        artifacts.open_verified(release.kind, release.key, release.sha256)
        artifacts.mend_manifest(release.kind, release.key)
    except ArtifactCorruptError as error:
        logger.warning("%s", error.message)
        artifacts.note_damage(release.kind, f"{release.sha256}\n{error.message}")
        return error.message
    artifacts.note_damage(release.kind, "")
    return ""
