"""The shell of the staff's own pages: who may enter, and what every page's template is given."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from apps.platform.services.errors import NotFoundError


class StaffView(Protocol):
    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse: ...


def page_context(request: HttpRequest, *, title: str, **values: Any) -> dict[str, Any]:
    """What the shell needs (sidebar, badge, theme) with the page's title and its own values."""
    return {**admin.site.each_context(request), "title": title, **values}


def page(request: HttpRequest, template: str, *, title: str, status: int = 200, **values: Any) -> HttpResponse:
    """One page in the shell."""
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
