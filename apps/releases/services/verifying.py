"""Reading the files of what is live, so that damage is known before a restart meets it."""

import logging

from apps.releases import artifacts
from apps.releases.artifacts import ArtifactCorruptError, ArtifactStorageError
from apps.releases.models import Release
from apps.releases.selectors.live import LiveRelease, live_release
from apps.releases.services.kinds import release_kinds

logger = logging.getLogger(__name__)


def verify_live() -> str:
    """Read every file of every live release where it is stored, and record damage for the health of every machine."""
    live = [release for kind in release_kinds() if (release := live_release(kind.name))]
    found = [damage for release in live if (damage := _verify(release))]
    return " ".join(found) or f"The files of {len(live)} live releases are as they were sealed."


def _verify(release: LiveRelease) -> str:
    damage = ""
    try:
        artifacts.verify(release.kind, release.key, release.sha256)
    except ArtifactCorruptError as error:
        damage = error.message
    except ArtifactStorageError as error:  # whether it is damaged is not known: what was found before stands
        logger.warning("%s", error.message)
        return error.message
    if damage:
        logger.warning("%s", damage)
    Release.objects.filter(pk=release.id).exclude(damage=damage).update(damage=damage)
    return damage
