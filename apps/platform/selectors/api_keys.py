"""Which key a request carries, answered from memory for a few seconds."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.platform.models import ApiKey
from epicml.audience.asking import Standing

# How long a process believes what it read: no query per request, and a revoked key stops working everywhere after this.
KEY_CACHE_SECONDS = 5
CACHED_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What a request needs to know of its key; `standing` has the reader who is proven to have sent it."""

    id: int
    name: str
    public: bool
    scopes: frozenset[str]
    origins: frozenset[str]
    requests_per_minute: int | None
    events_per_minute: int | None
    standing: Standing
    last_used_at: datetime | None


_keys: dict[str, tuple[KeyRecord, datetime]] = {}
_origins: list[tuple[frozenset[str], datetime]] = []


def digest_of(secret: str) -> str:
    """Return what is stored of a secret. No salt: it is random already."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def key_of_secret(secret: str, *, now: datetime) -> KeyRecord | None:
    """Return the key of this secret; None when there is none or it was revoked more than KEY_CACHE_SECONDS ago."""
    digest = digest_of(secret)
    known = _keys.get(digest)
    if known is not None and _is_fresh(known[1], now):
        return known[0]
    row = ApiKey.objects.filter(digest=digest, revoked_at=None).first()
    if row is None:
        _keys.pop(digest, None)
        return None
    record = _record(row)
    if len(_keys) >= CACHED_KEYS:
        _keys.clear()
    _keys[digest] = (record, now)
    return record


def public_origins(*, now: datetime) -> frozenset[str]:
    """Return the origins of all live public keys: the ones whose pages may call the API from a browser."""
    if not _origins or not _is_fresh(_origins[0][1], now):
        rows = ApiKey.objects.filter(public=True, revoked_at=None).values_list("origins", flat=True)
        origins = frozenset(origin for row in rows for origin in row.split())
        _origins[:] = [(origins, now)]
    return _origins[0][0]


def _is_fresh(read_at: datetime, now: datetime) -> bool:
    """Tell whether what was read then is believed still. After a clock was set back it is not, else for years."""
    return timedelta() <= now - read_at < timedelta(seconds=KEY_CACHE_SECONDS)


def reset_key_cache() -> None:
    """Read every key anew in this process."""
    _keys.clear()
    _origins.clear()


def _record(row: ApiKey) -> KeyRecord:
    return KeyRecord(
        id=row.pk,
        name=row.name,
        public=row.public,
        scopes=row.scope_names,
        origins=row.origin_names,
        requests_per_minute=row.requests_per_minute,
        events_per_minute=row.events_per_minute,
        standing=row.standing,
        last_used_at=row.last_used_at,
    )
