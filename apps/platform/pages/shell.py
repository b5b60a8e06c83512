"""The shell of the staff's own pages: who may enter, who asks, and what every page's template is given."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from apps.platform.services.addresses import UNKNOWN, address_of
from apps.platform.services.audit import Actor
from apps.platform.services.errors import NotFoundError


class StaffView(Protocol):
    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse: ...


def page_context(request: HttpRequest, *, title: str, **values: Any) -> dict[str, Any]:
    """Return what the shell needs (sidebar, badge, theme) with the page's title and its own values."""
    return {**admin.site.each_context(request), "title": title, **values}


def page(request: HttpRequest, template: str, *, title: str, status: int = 200, **values: Any) -> HttpResponse:
    """Render one page in the shell."""
    return render(request, template, page_context(request, title=title, **values), status=status)


def staff_page(permission: str = "") -> Callable[[StaffView], Callable[..., HttpResponseBase]]:
    """Make a view a page of the staff site: the login first, then the permission; unknown things are a 404."""

    def decorate(view: StaffView) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if permission and not request.user.has_perm(permission):
                raise PermissionDenied(f"This page needs the permission {permission}.")
            try:
                return view(request, *args, **kwargs)
            except NotFoundError as error:
                raise Http404(error.message) from error

        # Unwrapped by admin_view an anonymous visitor would meet a 500 in unfold's context.
        return admin.site.admin_view(guarded)

    return decorate


def actor_of(request: HttpRequest, user: AbstractBaseUser | None = None) -> Actor:
    """Name the member of staff who is logged in, or the one given, and the address it came from, as the audit does."""
    who = user or getattr(request, "user", None)
    address = address_of(request.META, proxies=settings.NUM_PROXIES)
    name = f"staff {who.get_username()}" if who is not None and who.get_username() else ""
    return Actor(name, None if address == UNKNOWN else address)
