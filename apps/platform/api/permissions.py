"""What a key may do: a view says `scopes = {"GET": "search:read"}`, a scope for each of its methods."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.platform.selectors.api_keys import KeyRecord


class HasScope(BasePermission):
    """The key holds the scope that the view asks for; a method without a scope is shut."""

    needs_scopes = True  # a system check refuses a view of such methods that forgot one
    message = "This key does not have the scope for that."

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if not hasattr(view, method.lower()):
            return isinstance(request.auth, KeyRecord)  # the view answers 405
        scope = getattr(view, "scopes", {}).get(method)
        self.message = f"This needs a key with the scope {scope}." if scope else "No key may do that here."
        return isinstance(request.auth, KeyRecord) and scope in request.auth.scopes
