"""Around every answer: its request id, what a browser may do with it, and one count."""

import re
import time
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed
from django.urls import Resolver404, resolve
from prometheus_client import Counter, Histogram

from apps.platform.api.errors import error_response, is_api_request
from apps.platform.services.logs import request_id
from apps.platform.services.metrics import DURATION, REQUESTS

HEADER = "X-Request-Id"
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_OWN = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
_NO_FRAME = "frame-ancestors 'none'"
# Measured: Alpine in the staff site evaluates expressions, and unfold and Swagger UI write style attributes. The other
# pages need neither.
POLICIES = (
    ("/admin/", f"{_OWN}script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; {_NO_FRAME}"),
    ("/api/docs", f"{_OWN}style-src 'self' 'unsafe-inline'; {_NO_FRAME}"),
    ("/api/", f"default-src 'none'; {_NO_FRAME}"),
    ("", _OWN + _NO_FRAME),
)


# Answers about readers and secrets lie there, and errors that name them: no browser and no proxy keeps a copy.
KEPT_NOWHERE = ("/api/v1/", "/admin/", "/health/", "/metrics")


class RequestMiddleware:
    """Outermost, so that no answer goes without."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        # Of a proxy of ours only: what clients write themselves is kept out of the log.
        given = request.META.get("HTTP_X_REQUEST_ID", "") if settings.NUM_PROXIES else ""
        identity = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(identity)
        try:
            response = self._get_response(request)
        finally:
            request_id.reset(token)
        if isinstance(response, HttpResponseNotAllowed) and is_api_request(request):
            response = _not_allowed(request, response["Allow"])
        response[HEADER] = identity
        response.setdefault("Content-Security-Policy", policy(request.path_info))
        if request.path_info.startswith(KEPT_NOWHERE):
            response.setdefault("Cache-Control", "no-store")
        route = route_of(request)
        method = request.method if request.method in _METHODS else "other"
        _requests_of(route, method, response.status_code).inc()
        _duration_of(route).observe(time.perf_counter() - began)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Say what an address takes. The framework would describe the code, and of a page without data it cannot."""
        made = getattr(view, "cls", None) if request.method == "OPTIONS" else None
        if made is None:
            return None
        answered = [name for name in made.http_method_names if hasattr(made, "get" if name == "head" else name)]
        return HttpResponse(status=204, headers={"Allow": ", ".join(answered).upper()})


class HealthMiddleware:
    """No host, session or log-in stands before /health/: orchestrators ask by a pod's address, and nothing may fail."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/health/"):
            return self._get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self._get_response(request)
        request.resolver_match = match  # for the count of requests
        response: HttpResponse = match.func(request)
        response["Content-Length"] = str(len(response.content))
        return response


class StaffQueryMiddleware:
    """No NUL reaches the filters of the admin, which would hand it to PostgreSQL, and that answers with an error."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/admin/") and "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest("The address holds a NUL character.", content_type="text/plain")
        return self._get_response(request)


def _not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    said = f"The method {request.method} is not allowed here; allowed are {allowed}."
    answer = error_response(code="method_not_allowed", message=said, status=405)
    answer["Allow"] = allowed
    return answer


@cache
def _requests_of(route: str, method: str, status: int) -> Counter:
    return REQUESTS.labels(route, method, str(status))


@cache
def _duration_of(route: str) -> Histogram:
    return DURATION.labels(route)


def policy(path: str) -> str:
    """Return what a browser may load and run on the page at this path."""
    return next(value for prefix, value in POLICIES if path.startswith(prefix))


def route_of(request: HttpRequest) -> str:
    """Return the pattern that matched: there are as many as patterns, whatever clients ask for."""
    match = request.resolver_match
    if match is not None:
        return match.route or "/"
    return "static/" if request.path_info.startswith("/static/") else "none"
