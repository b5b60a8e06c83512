"""Looking for damage of the working copy before a restart meets it, and having it made anew."""

import logging
from datetime import datetime

from django.db import DatabaseError

from apps.jobs.services.ledger.queue import enqueue
from apps.releases.selectors.live import LiveRelease, live_release
from apps.search.engines.embedded import folders
from apps.search.engines.embedded.checking import damage_of
from apps.search.services import applying
from apps.search.serving import KIND

logger = logging.getLogger(__name__)

JOB = "search.verify_index"


def verify_index(*, now: datetime) -> str:
    """Every file of the working copy of the live index was read; a damaged one is marked and queued to be made anew."""
    release = live_release(KIND)
    if release is None:
        return "No search index is live."
    damage = _damage(release)
    if not damage:
        return f"{release.key}: every file of the working copy is as it was written."
    enqueue(applying.JOB, key=applying.JOB, now=now)
    return f"{release.key}: the working copy is made anew: {damage}"


def queue_repair(now: datetime) -> None:
    """The working copy will be made anew at once; where the database cannot say so, within a minute by schedule."""
    try:
        enqueue(applying.JOB, key=applying.JOB, now=now)
    except DatabaseError:
        logger.exception("The working copy of the search index waits for the schedule to be made anew")


def _damage(release: LiveRelease) -> str:
    copy = folders.copy_folder(release.key, release.sha256)
    if not folders.is_usable(copy):
        return "there is no sound one"
    with folders.only_writer():  # nobody changes it while it is read
        damage = damage_of(copy, anew=True)
    if damage and folders.mark_broken(copy, damage):
        logger.error("The working copy %s is damaged and will be made anew: %s", copy.name, damage)
    return damage
