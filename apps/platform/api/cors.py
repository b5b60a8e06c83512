"""Which web pages may call the API from a browser: those that a live public key belongs to."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from apps.platform.selectors.api_keys import public_origins

API_PATH = "/api/v1/"


def origin_has_key(sender: object, request: HttpRequest, **_: Any) -> bool:
    """Tell whether the page belongs to any public key; a preflight carries no key, so no single one can be asked."""
    if not request.path_info.startswith(API_PATH):  # this signal comes before CORS_URLS_REGEX is asked
        return False
    return request.META.get("HTTP_ORIGIN", "").lower() in public_origins(now=timezone.now())
