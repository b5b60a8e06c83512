"""Look for damage of the working copy before a restart meets it, and have it made anew."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError

from apps.jobs.services.ledger.queue import enqueue
from apps.releases.selectors.live import LiveRelease, live_release
from apps.search.engines.embedded import folders
from apps.search.engines.embedded.checking import damage_of
from apps.search.services import applying
from apps.search.serving import KIND

logger = logging.getLogger(__name__)

JOB = "search.verify_index"
EVERY = timedelta(minutes=10)  # 10,000 books are read in a tenth of a second


def verify_index(*, now: datetime) -> str:
    """Read every file of this host's working copy of the live index; mark what is damaged, and queue its repair."""
    release = live_release(KIND)
    if release is None:
        return "No search index is live."
    if not applying.keeps_copy():
        return applying.NO_COPY_HERE
    damage = mark_damage(release)
    if not damage:
        return f"{release.key}: every file of the working copy is as it was written."
    enqueue(applying.JOB, key=applying.JOB, now=now)
    return f"{release.key}: the working copy is made anew: {damage}"


def queue_repair(now: datetime) -> None:
    """Have the working copy made anew at once; where the database cannot say so, within a minute by schedule."""
    try:
        enqueue(applying.JOB, key=applying.JOB, now=now)
    except DatabaseError:
        logger.exception("The working copy of the search index waits for the schedule to be made anew")


def mark_damage(release: LiveRelease) -> str:
    """Read every file of the working copy of this release; mark it where one is damaged, and say which; else ""."""
    copy = folders.copy_folder(release.key, release.sha256)
    if not folders.is_usable(copy):
        return "there is no sound one"
    with folders.only_writer():  # nobody changes it while it is read
        damage = damage_of(copy, anew=True)
    if damage and folders.mark_broken(copy, damage):
        logger.error("The working copy %s is damaged and will be made anew: %s", copy.name, damage)
    return damage
