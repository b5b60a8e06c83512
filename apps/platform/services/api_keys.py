"""Give out and take back keys of the API."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import Error
from django.db.models import Q

from apps.platform.models import PUBLIC_SCOPES as _PUBLIC_SCOPES
from apps.platform.models import ApiKey
from apps.platform.selectors.api_keys import KEY_CACHE_SECONDS, KeyRecord, digest_of, reset_key_cache
from apps.platform.services.errors import ConflictError, EpicmlError, NotFoundError
from apps.platform.services.outages import log_outage, outage_of
from apps.platform.services.sqlite import short_wait
from epicml.audience.bands import YOUNGEST, AgeBand

PUBLIC_SCOPES = _PUBLIC_SCOPES
SCOPES = (
    *PUBLIC_SCOPES,
    "catalog:write",
    "jobs:read",
    "jobs:write",
    "readers:erase",
    "readers:read",
    "readers:tokens",
    "readers:write",
    "releases:read",
    "releases:write",
)
SECRET_BYTES = 32  # 256 bits: nobody guesses it, so its plain SHA-256 is enough to store
PREFIX_LENGTH = 12
REINSTATED_WITHIN = timedelta(hours=24)  # a slip shows within a day; a key that leaked must not come back years later
USE_RECORDED_EVERY = timedelta(minutes=1)  # so that reading does not become writing

_recorded: dict[int, datetime] = {}  # by key: when this process wrote that it is in use


class InvalidKeyError(EpicmlError):
    """A key cannot be made with these scopes or origins."""

    code = "invalid"


class ApiKeyNotFoundError(NotFoundError):
    """There is no key with this start."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"There is no API key that starts with {prefix!r}.")


class ApiKeyRevokedError(ConflictError):
    """The key was revoked before."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"The API key {prefix} is revoked already.")


class ApiKeyNotReinstatedError(ConflictError):
    """The key is not revoked, or was long ago."""

    def __init__(self, prefix: str) -> None:
        hours = int(REINSTATED_WITHIN.total_seconds() // 3600)
        super().__init__(f"The API key {prefix} was not revoked in the last {hours} hours; make a new one instead.")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. This is the only time its secret is seen."""

    id: int
    name: str
    prefix: str
    secret: str
    scopes: tuple[str, ...]
    highest_band: AgeBand | None
    unproven_band: AgeBand | None


def create_api_key(
    *,
    name: str,
    scopes: Iterable[str],
    public: bool = False,
    origins: Sequence[str] = (),
    requests_per_minute: int | None = None,
    events_per_minute: int | None = None,
    highest_band: AgeBand | None = None,
    unproven_band: AgeBand | None = None,
    now: datetime,
) -> NewKey:
    """Make a key with these scopes that works from now on; its secret is in the answer and nowhere else.

    A public key that is given no highest band shows nothing above the youngest: everybody can read it.
    """
    title, chosen, places = check_new_key(
        name=name, scopes=scopes, public=public, origins=origins, highest_band=highest_band, unproven_band=unproven_band
    )
    highest = YOUNGEST if public and highest_band is None else highest_band
    secret = f"epic_{'pk' if public else 'sk'}_{secrets.token_urlsafe(SECRET_BYTES)}"
    row = ApiKey.objects.create(
        name=title,
        prefix=secret[:PREFIX_LENGTH],
        digest=digest_of(secret),
        scopes=" ".join(chosen),
        public=public,
        origins=" ".join(places),
        requests_per_minute=requests_per_minute,
        events_per_minute=events_per_minute,
        highest_band=highest,
        unproven_band=unproven_band,
        created_at=now,
    )
    reset_key_cache()
    return NewKey(row.pk, row.name, row.prefix, secret, chosen, highest, unproven_band)


def check_new_key(
    *,
    name: str,
    scopes: Iterable[str],
    public: bool,
    origins: Sequence[str],
    highest_band: AgeBand | None = None,
    unproven_band: AgeBand | None = None,
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return name, scopes and origins as they are stored; raises when no key can be made with them."""
    chosen = _checked_scopes(scopes, public=public)
    _check_bands(highest_band, unproven_band, public=public)
    if not 1 <= len(name.strip()) <= 100 or not name.isprintable():
        raise InvalidKeyError("A key needs a name of 1 to 100 characters.", fields={"name": ["1 to 100 characters."]})
    return name.strip(), chosen, _checked_origins(origins, public=public)


def revoke_api_key(key_id: int, *, now: datetime) -> str:
    """Stop the key, here at once and in other processes within KEY_CACHE_SECONDS; says so in a sentence."""
    row = ApiKey.objects.filter(pk=key_id).first()
    if row is None:
        raise ApiKeyNotFoundError(str(key_id))
    if not ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=now):
        raise ApiKeyRevokedError(row.prefix)
    reset_key_cache()
    return f"The API key {row.name} ({row.prefix}…) is refused everywhere within {KEY_CACHE_SECONDS} seconds."


def reinstate_api_key(key_id: int, *, now: datetime) -> str:
    """Let a key that was revoked a short time ago work again; says so in a sentence."""
    row = ApiKey.objects.filter(pk=key_id).first()
    if row is None:
        raise ApiKeyNotFoundError(str(key_id))
    if not ApiKey.objects.filter(pk=key_id, revoked_at__gt=now - REINSTATED_WITHIN).update(revoked_at=None):
        raise ApiKeyNotReinstatedError(row.prefix)
    reset_key_cache()
    return f"The API key {row.name} ({row.prefix}…) works again."


def key_id_of_prefix(prefix: str) -> int:
    """Find the one key whose secret starts so."""
    found = list(ApiKey.objects.filter(prefix__startswith=prefix[:PREFIX_LENGTH]).values_list("pk", flat=True)[:2])
    if not found:
        raise ApiKeyNotFoundError(prefix)
    if len(found) > 1:
        raise ConflictError(f"More than one API key starts with {prefix!r}; give more characters or the number.")
    return int(found[0])


def record_use(key: KeyRecord, *, now: datetime) -> None:
    """Record to the minute that the key is in use; where nothing can be stored, the request goes on without."""
    noted_at = _recorded.get(key.id, key.last_used_at)
    if noted_at is not None and timedelta() <= now - noted_at < USE_RECORDED_EVERY:
        return
    _recorded[key.id] = now
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RECORDED_EVERY) | Q(last_used_at__gt=now)
    try:
        with short_wait():
            ApiKey.objects.filter(stale, pk=key.id).update(last_used_at=now)
    except Error as error:
        outage = outage_of(error)
        if outage is None:
            raise
        log_outage(outage, error)


def reset_uses() -> None:
    """Forget which uses this process noted."""
    _recorded.clear()


def _checked_scopes(scopes: Iterable[str], *, public: bool) -> tuple[str, ...]:
    chosen = tuple(sorted(set(scopes)))
    allowed = PUBLIC_SCOPES if public else SCOPES
    wrong = [scope for scope in chosen if scope not in allowed]
    if wrong:
        kind = "A public key" if public else "A key"
        raise InvalidKeyError(
            f"{kind} cannot hold {', '.join(wrong)}; it may hold {', '.join(sorted(allowed))}.",
            fields={"scopes": [f"{scope} is not allowed." for scope in wrong]},
        )
    if not chosen:
        raise InvalidKeyError("A key needs at least one scope.", fields={"scopes": ["At least one."]})
    return chosen


def _check_bands(highest: AgeBand | None, unproven: AgeBand | None, *, public: bool) -> None:
    if unproven is None:
        return
    if not public:
        reason = "Only a public key has an unproven band: a server names its readers."
    elif unproven > (YOUNGEST if highest is None else highest):
        reason = f"{unproven.code} is above the highest band, {(highest or YOUNGEST).code}."
    else:
        return
    raise InvalidKeyError(reason, fields={"unproven_band": [reason]})


def _checked_origins(origins: Sequence[str], *, public: bool) -> tuple[str, ...]:
    if public != bool(origins):
        reason = "A public key needs at least one origin." if public else "Only a public key has origins."
        raise InvalidKeyError(reason, fields={"origins": [reason]})
    return tuple(sorted({checked_origin(origin) for origin in origins}))


def checked_origin(origin: str) -> str:
    """Return the origin as it is stored and compared: in small letters, without a path."""
    reason = f"{origin!r} is not an origin such as https://library.example."
    try:
        parts = urlsplit(origin.strip().rstrip("/").lower())
    except ValueError as error:  # an address of IPv6 that is none
        raise InvalidKeyError(reason, fields={"origins": [reason]}) from error
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query or " " in parts.netloc:
        raise InvalidKeyError(reason, fields={"origins": [reason]})
    return f"{parts.scheme}://{parts.netloc}"
