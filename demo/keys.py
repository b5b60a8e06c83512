"""The demo's keys: a public one per origin of the storefront, and one with all scopes for who tries the API."""

import os
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from apps.platform.selectors.api_keys import key_of_secret
from apps.platform.services.api_keys import PUBLIC_SCOPES, SCOPES, create_api_key
from demo.models import StorefrontKey
from epicml.audience.bands import YOUNGEST, AgeBand

# A page asks for suggestions at every key that is pressed, and several people may look at one demo.
STOREFRONT_REQUESTS_PER_MINUTE = 3000
# The sample readers are of all ages; who is none of them sees books for the youngest, whatever band they ask for.
HIGHEST_BAND, UNPROVEN_BAND = AgeBand.ADULT, YOUNGEST
# The Host header names the origin, and anybody can send one with another port.
MOST_ORIGINS = 50


class TooManyOriginsError(Exception):
    """The storefront was opened at more addresses than a demo has."""

    def __init__(self) -> None:
        super().__init__(f"The storefront is known at {MOST_ORIGINS} addresses already; use one of those.")


def storefront_key(origin: str, *, now: datetime) -> str:
    """Return the secret of the public key for pages at this origin, made at the first call."""
    known = StorefrontKey.objects.filter(origin=origin).first()
    key = key_of_secret(known.secret, now=now) if known is not None else None
    # One that the version before made shows less than it should.
    if known and key and (key.standing.highest, key.standing.unproven) == (HIGHEST_BAND, UNPROVEN_BAND):
        return known.secret
    if known is None and StorefrontKey.objects.count() >= MOST_ORIGINS:
        raise TooManyOriginsError
    try:
        return _new_storefront_key(origin, known, now=now)
    except IntegrityError:  # another request for the same page was quicker
        return StorefrontKey.objects.get(origin=origin).secret


def _new_storefront_key(origin: str, known: StorefrontKey | None, *, now: datetime) -> str:
    with transaction.atomic():
        key = create_api_key(
            name=f"storefront at {origin}"[:100],
            scopes=PUBLIC_SCOPES,
            public=True,
            origins=[origin],
            requests_per_minute=STOREFRONT_REQUESTS_PER_MINUTE,
            highest_band=HIGHEST_BAND,
            unproven_band=UNPROVEN_BAND,
            now=now,
        )
        row = known or StorefrontKey(origin=origin)
        row.secret = key.secret
        row.save()
    return key.secret


def server_key(path: Path, *, now: datetime) -> str:
    """Return the secret of the demo's key with all scopes; it is kept in a file that only its owner reads."""
    known = path.read_text().strip() if path.is_file() else ""
    key = key_of_secret(known, now=now) if known else None
    if key is not None and key.scopes.issuperset(SCOPES):  # the version before knew fewer
        return known
    secret = create_api_key(name="demo, all scopes", scopes=SCOPES, now=now).secret
    write_private(path, secret)
    return secret


def write_private(path: Path, text: str) -> None:
    """Write the text into a file that only its owner can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
