"""Who asks: the key in `Authorization: Bearer epic_…`, and the reader in `X-Reader-Token`."""

from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from apps.platform.api.throttling import client_address, count_refusal, count_refusal_of_key
from apps.platform.selectors.api_keys import KeyRecord, key_of_secret
from apps.platform.services.addresses import UNKNOWN
from apps.platform.services.api_keys import record_use
from apps.platform.services.audit import Actor
from apps.platform.services.reader_tokens import ReaderTokenExpiredError, ReaderTokenInvalidError, proven_reader

LONGEST_HEADER = 200


class ApiKeyAuthentication(BaseAuthentication):
    """`request.auth` is the key's record; a public key counts only from the pages it was made for."""

    def authenticate(self, request: Request) -> tuple[Any, KeyRecord] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        kind, _, secret = header.partition(" ")
        if kind.lower() != "bearer" or not secret.startswith("epic_") or len(header) > LONGEST_HEADER:
            raise AuthenticationFailed("Send an API key: Authorization: Bearer epic_…")
        now = timezone.now()
        key = key_of_secret(secret.strip(), now=now)
        if key is None:
            count_refusal(request)
            raise AuthenticationFailed("This API key is not known, or it was revoked.")
        origin = _checked_origin(request, key) if key.public else None
        record_use(key, now=now)
        return None, _with_reader(request, key, origin=origin, now=now)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def key_of(request: Request) -> KeyRecord:
    """Return the key of a request that got past the door, with the reader who is proven to have sent it."""
    return cast("KeyRecord", request.auth)


def _with_reader(request: Request, key: KeyRecord, *, origin: str | None, now: datetime) -> KeyRecord:
    """Add the reader whose token the request carries; refuse a token that is not good, whoever sent it.

    Every such refusal counts, because REST framework throttles only what got past this place.
    """
    token = request.META.get("HTTP_X_READER_TOKEN", "")
    if not token:
        return key
    try:
        proof = proven_reader(token, origin=origin, now=now)
    except (ReaderTokenInvalidError, ReaderTokenExpiredError):
        count_refusal_of_key(request, key)
        raise
    return replace(key, standing=replace(key.standing, proof=proof))


def _checked_origin(request: Request, key: KeyRecord) -> str:
    """Return the page that sent the request; refuse one that is none of the key's."""
    origin = request.META.get("HTTP_ORIGIN") or _origin_of(request.META.get("HTTP_REFERER", ""))
    if origin.lower() in key.origins:
        return origin.lower()
    count_refusal_of_key(request, key)
    if not origin:
        raise PermissionDenied("A public key works from a web page only: the request names neither Origin nor Referer.")
    raise PermissionDenied("This public key does not belong to the page that sent the request.")


def _origin_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def actor_of(request: Request) -> Actor:
    """Name who asks as the audit does: the key by its number and name, and the address it was used from."""
    address, key = client_address(request), request.auth
    name = f"key {key.id} ({key.name})" if isinstance(key, KeyRecord) else "nobody"
    return Actor(name, None if address == UNKNOWN else address)
