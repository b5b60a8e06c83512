"""Saving readers, and everything that is kept about one: erased or exported in one call, over all apps.

Who looked at, exported, saved or erased a reader is on record before the answer is given: no audit, no look.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac

from apps.platform.services.audit import Action, Actor, entries_about, record_each
from apps.platform.services.errors import ConflictError
from apps.platform.services.reader_tokens import ReaderToken, sign_reader
from apps.platform.services.sqlite import leave_nothing_on_disk
from apps.readers.models import ErasureLog, Reader
from apps.readers.selectors import KEY, ReaderNotFoundError, ReaderProfile, reader_profile
from epicml.audience.asking import Proof
from epicml.audience.bands import AgeBand

JSON = Any  # what json.dumps takes
Erasure = Callable[[int], int]
TextErasure = Callable[[str], int]
Export = Callable[[int], JSON]
LEVELS = (1, 12)
RESTORE = "restore"  # who erases again what a restore brought back
MAX_LANGUAGES = 20
MAX_LANGUAGE = 20  # of a code as it is written
PROFILE_COLUMNS = ("age_band", "level_min", "level_max", "languages", "updated_at")

_erasures: dict[str, Erasure] = {}
_text_erasures: dict[str, TextErasure] = {}
_exports: dict[str, Export] = {}


class ReadingLevelsError(ConflictError):
    """Reading levels that are no range within 1 to 12."""

    def __init__(self) -> None:
        reason = "Reading levels go from 1 to 12: give both, the lower one first, or none."
        super().__init__(reason, fields={"level_min": [reason]})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderInput:
    """A whole profile as it shall be."""

    key: str
    age_band: AgeBand
    level_min: int | None = None
    level_max: int | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """How many rows of each app were erased."""

    counts: dict[str, int]


def save_reader(reader: ReaderInput, *, now: datetime) -> bool:
    """Save the profile as given; tells whether the reader is new."""
    return save_readers([reader], now=now) == 1


def change_reader(key: str, changes: Mapping[str, Any], *, now: datetime) -> None:
    """Save the fields of the profile that are given, and leave the others as they were."""
    with transaction.atomic():
        # The lock, so that of two changes at once neither undoes the other.
        found = Reader.objects.select_for_update().filter(key=key).first() if KEY.fullmatch(key) else None
        if found is None:
            raise ReaderNotFoundError(key)
        profile = reader_profile(key)
        known = ReaderInput(
            key=key,
            age_band=profile.age_band,
            level_min=profile.level_min,
            level_max=profile.level_max,
            languages=profile.languages,
        )
        changed = replace(known, **changes)
        if changed != known:
            save_reader(changed, now=now)


def save_readers(readers: Sequence[ReaderInput], *, now: datetime) -> int:
    """Save the profiles as given; returns how many of the readers are new."""
    for reader in readers:
        _check_levels(reader)
    with transaction.atomic():
        known = Reader.objects.filter(key__in=[reader.key for reader in readers]).count()
        Reader.objects.bulk_create(
            [_row(reader, now=now) for reader in readers],
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=PROFILE_COLUMNS,
        )
    return len(readers) - known


def issue_reader_token(key: str, *, seconds: int, origin: str = "", now: datetime) -> ReaderToken:
    """Make a token with which a page proves that this reader sits before it; with an origin, only pages there."""
    profile = reader_profile(key)
    return sign_reader(Proof(profile.key, profile.id), seconds=seconds, origin=origin, now=now)


def register_erasure(name: str, erase: Erasure) -> None:
    """Call this when a reader is erased: it erases the app's rows of that reader and counts them."""
    _erasures[name] = erase


def register_text_erasure(name: str, erase: TextErasure) -> None:
    """Call this when a reader is erased: it takes the pseudonym out of texts and counts them."""
    _text_erasures[name] = erase


def register_export(name: str, export: Export) -> None:
    """Add this part to a reader's export, under this name."""
    _exports[name] = export


def record_access(action: Action, keys: Iterable[str], *, by: Actor, now: datetime) -> None:
    """Record that this was done with each of these readers, by the keyed hash of each pseudonym."""
    record_each(action, by=by, subjects=[reader_hash(key) for key in keys], now=now)


def see_reader(key: str, *, by: Actor, now: datetime) -> ReaderProfile:
    """Return the profile, and record who looked at it."""
    profile = reader_profile(key)
    record_access(Action.READER_SEEN, [key], by=by, now=now)
    return profile


def erase_reader(key: str, *, by: str, address: str | None = None, now: datetime) -> ErasureReport:
    """Erase all that is stored about this reader; the log says by whom, when and how much, but not who it was."""
    by = by.replace(key, "the reader") if KEY.fullmatch(key) else by
    with transaction.atomic():
        # The lock makes events that are just being stored wait, and then find that their reader is gone.
        reader = Reader.objects.select_for_update().filter(key=key).first() if KEY.fullmatch(key) else None
        if reader is None:
            raise ReaderNotFoundError(key)
        counts = {name: erase(reader.id) for name, erase in _erasures.items()}
        counts |= {name: erase(key) for name, erase in _text_erasures.items()}
        reader.delete()
        counts["readers"] = 1
        ErasureLog.objects.create(reader_hash=reader_hash(key), erased_by=by, erased_at=now, counts=counts)
        record_access(Action.READER_ERASED, [key], by=Actor(by, address), now=now)
    leave_nothing_on_disk()
    return ErasureReport(counts)


def export_reader(key: str, *, by: Actor, now: datetime) -> dict[str, JSON]:
    """Return everything that is stored about this reader, by app, and who looked; this export is recorded too."""
    profile = reader_profile(key)
    parts = {name: export(profile.id) for name, export in _exports.items()}
    record_access(Action.READER_EXPORTED, [key], by=by, now=now)
    looks = [
        {"at": entry.at.isoformat(), "what": entry.action, "by": entry.actor.partition(" ")[0]}
        for entry in entries_about(reader_hash(key))
    ]
    return {"exported_at": now.isoformat(), "reader": profile.as_json(), **parts, "audit": looks}


def reader_hash(key: str) -> str:
    """Return what tells whether the log speaks of a pseudonym; nobody can tell without the project's secret key."""
    return salted_hmac("apps.readers.erasure", key, algorithm="sha256").hexdigest()


def carry_erasures() -> JSON:
    """Return every erasure on record, for a database that will have rows from before it."""
    rows = ErasureLog.objects.order_by("erased_at", "id").values("reader_hash", "erased_by", "erased_at", "counts")
    return [{**row, "erased_at": row["erased_at"].isoformat()} for row in rows]


def reapply_erasures(carried: Sequence[JSON], now: datetime) -> str:
    """Erase again who was erased since the rows were saved, and give the log all that it had; says so."""
    erased = [
        (entry["reader_hash"], datetime.fromisoformat(entry["erased_at"]), entry) for log in carried for entry in log
    ]
    known = set(ErasureLog.objects.values_list("reader_hash", "erased_at"))
    missing = {(digest, at): entry for digest, at, entry in erased if (digest, at) not in known}
    ErasureLog.objects.bulk_create(ErasureLog(**{**entry, "erased_at": at}) for (_, at), entry in missing.items())
    last = dict(sorted(missing))  # of several erasures of one pseudonym the last
    # A pseudonym that came into use after its erasure is somebody new.
    rows = Reader.objects.values_list("key", "created_at").iterator() if last else ()
    back = [key for key, created_at in rows if (at := last.get(reader_hash(key))) is not None and created_at <= at]
    for key in back:
        erase_reader(key, by=RESTORE, now=now)
    return f"{len(back):,} readers who were erased since the backup are erased again." if missing else ""


def _check_levels(reader: ReaderInput) -> None:
    low, high = reader.level_min, reader.level_max
    if low is None and high is None:
        return
    if low is None or high is None or not LEVELS[0] <= low <= high <= LEVELS[1]:
        raise ReadingLevelsError


def _row(reader: ReaderInput, *, now: datetime) -> Reader:
    return Reader(
        key=reader.key,
        age_band=reader.age_band.value,
        level_min=reader.level_min,
        level_max=reader.level_max,
        languages=list(reader.languages),
        created_at=now,
        updated_at=now,
    )
