"""What a key may do: each view says which scope each method needs."""

from typing import Any, Protocol

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.selectors.api_keys import KeyRecord


class ScopedView(Protocol):
    """A view that says `scopes = {"GET": "search:read"}`."""

    scopes: dict[str, str]


class HasScope(BasePermission):
    """The key holds the scope that the view asks for; a method without a scope is shut."""

    message = "This key does not have the scope for that."

    def has_permission(self, request: Request, view: APIView) -> bool:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if not hasattr(view, method.lower()):
            return isinstance(request.auth, KeyRecord)  # the view answers 405
        scope = _scopes_of(view).get(method)
        self.message = f"This needs a key with the scope {scope}."
        return isinstance(request.auth, KeyRecord) and scope in request.auth.scopes


def _scopes_of(view: Any) -> dict[str, str]:
    return getattr(view, "scopes", {})
