"""Who did what, on record: log-ins, who looked at which reader, and what was changed of many at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models

from apps.platform.models import AuditEntry
from apps.platform.services.logs import request_id

Action = AuditEntry.Action
# A year shows a habit; after a month no address is needed any more to find out who came.
KEPT_FOR = timedelta(days=365)
ADDRESSES_KEPT_FOR = timedelta(days=30)
LONGEST_ACTOR = LONGEST_ABOUT = 200
ROWS_PER_STATEMENT = 500


_subject_hashes: list[Callable[[str], str]] = []


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of staff, a key or a command, and the address it came from where there is one."""

    name: str
    address: str | None = None


def record(action: str, *, by: Actor, subject: str = "", about: str = "", now: datetime) -> None:
    """Record that this was done. `subject` is the keyed hash of a reader, never a pseudonym."""
    record_each(action, by=by, subjects=[subject], about=about, now=now)


def record_each(action: str, *, by: Actor, subjects: Iterable[str], about: str = "", now: datetime) -> None:
    """Record that this was done with each of these readers."""
    common = {
        "at": now,
        "action": action,
        "actor": by.name[:LONGEST_ACTOR],
        "about": about[:LONGEST_ABOUT],
        "address": by.address,
        "request_id": "" if request_id.get() == "-" else request_id.get(),
    }
    entries = [AuditEntry(subject=subject, **common) for subject in subjects]
    AuditEntry.objects.bulk_create(entries, batch_size=ROWS_PER_STATEMENT)


def register_subject_hash(hash_of: Callable[[str], str]) -> None:
    """Let staff who look for a pseudonym find the entries of its keyed hash."""
    _subject_hashes[:] = [hash_of]


def subject_of(text: str) -> str:
    """Return the keyed hash under which a reader of this pseudonym would stand."""
    return _subject_hashes[0](text) if _subject_hashes else ""


def entries_about(subject: str) -> list[AuditEntry]:
    """Return what was done with the reader of this keyed hash, oldest first."""
    return list(AuditEntry.objects.filter(subject=subject).order_by("id"))


def purge_audit(*, now: datetime) -> int:
    """Delete entries older than a year, and addresses older than a month; returns how many entries were deleted."""
    # The plain queryset: the model's own neither changes nor deletes.
    entries: models.QuerySet[AuditEntry] = models.QuerySet(AuditEntry)
    gone = entries.filter(at__lt=now - KEPT_FOR).delete()[0]
    entries.filter(at__lt=now - ADDRESSES_KEPT_FOR, address__isnull=False).update(address=None)
    return gone
