"""Who asks: the key in `Authorization: Bearer epic_…`."""

from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from apps.platform.api.throttling import count_refusal
from apps.platform.selectors.api_keys import KeyRecord, live_key
from apps.platform.services.api_keys import note_use

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
        key = live_key(secret.strip(), now=now)
        if key is None:
            count_refusal(request)
            raise AuthenticationFailed("This API key is not known, or it was revoked.")
        if key.public:
            _check_origin(request, key)
        note_use(key, now=now)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _check_origin(request: Request, key: KeyRecord) -> None:
    origin = request.META.get("HTTP_ORIGIN") or _origin_of(request.META.get("HTTP_REFERER", ""))
    if not origin:
        raise PermissionDenied("A public key works from a web page only: the request names neither Origin nor Referer.")
    if origin.lower() not in key.origins:
        raise PermissionDenied("This public key does not belong to the page that sent the request.")


def _origin_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
