"""One error shape for every endpoint: {"code", "message", "fields"}."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults
from rest_framework import exceptions

from apps.platform.api.responses import json_response
from apps.platform.services.errors import EpicmlError, UnavailableError
from apps.platform.services.logs import request_id
from apps.platform.services.outages import Outage, log_outage, outage_of

UNAUTHORIZED = 401
UNAVAILABLE_RETRY_SECONDS = 5


def error_response(
    *, code: str, message: str, status: int, fields: Mapping[str, Sequence[str]] | None = None
) -> HttpResponse:
    """Return the answer that says what was wrong, in the one shape."""
    return json_response({"code": code, "message": message, "fields": dict(fields or {})}, status=status)


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Turn what a view raised into the one error shape; None lets Django report a 500."""
    if isinstance(error, EpicmlError):
        return _from_ours(error)
    if isinstance(error, RequestDataTooBig):
        return error_response(code="too_large", message="The body is larger than 1 MiB.", status=413)
    if isinstance(error, Http404):
        return error_response(code="not_found", message="There is nothing at this address.", status=404)
    if isinstance(error, PermissionDenied):
        return error_response(code="forbidden", message="This key may not do that.", status=403)
    if isinstance(error, exceptions.APIException):
        return _from_framework(error)
    outage = outage_of(error)
    return outage_response(outage, error) if outage is not None else None


def outage_response(outage: Outage, error: BaseException, *, page_of: HttpRequest | None = None) -> HttpResponse:
    """Answer 503 and when to come back, as JSON or as a page that needs no database; log one line for many of them."""
    log_outage(outage, error)
    if page_of is None:
        answer = error_response(code=outage.code, message=outage.message, status=503)
    else:
        context = {"message": outage.message, "request": page_of}
        answer = HttpResponse(render_to_string("503.html", context), status=503)
    answer["Retry-After"] = str(outage.retry_after)
    return logged_already(answer)


def logged_already(answer: HttpResponse) -> HttpResponse:
    """Keep Django from logging this answer, by its own mark: a traceback for each request would fill the disk."""
    answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return answer


def _from_ours(error: EpicmlError) -> HttpResponse:
    answer = error_response(code=error.code, message=error.message, status=error.status, fields=error.fields)
    if error.status == UnavailableError.status:
        answer["Retry-After"] = str(UNAVAILABLE_RETRY_SECONDS)
    if error.status == UNAUTHORIZED:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def _from_framework(error: exceptions.APIException) -> HttpResponse:
    fields = error.detail if isinstance(error.detail, dict) else {}
    message = "The request has errors." if fields else str(error.detail)
    code = "invalid" if fields else str(error.default_code)
    answer = error_response(code=code, message=message, status=error.status_code, fields=_flat(fields))
    wait = getattr(error, "wait", None)
    if wait is not None:
        answer["Retry-After"] = str(wait)  # whole seconds, rounded up already
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def _flat(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        name: [str(part) for part in (reasons if isinstance(reasons, list) else [reasons])]
        for name, reasons in fields.items()
    }


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django refuses before any view: a wrong host, a body of the wrong form, a session it cannot save."""
    outage = outage_of(exception)
    if outage is not None:
        return outage_response(outage, exception, page_of=None if is_api_request(request) else request)
    if not is_api_request(request):
        return defaults.bad_request(request, exception)
    return error_response(code="invalid", message="The request is not well formed.", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refuse what is not this visitor's."""
    if not is_api_request(request):
        return defaults.permission_denied(request, exception)
    return error_response(code="forbidden", message="This key may not do that.", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer at an address that nobody has."""
    if not is_api_request(request):
        return defaults.page_not_found(request, exception)
    return error_response(code="not_found", message="There is nothing at this address.", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Own up to a fault, of which the log has the rest under the request's id, or to an outage, which passes."""
    error = sys.exception()
    outage = outage_of(error)
    if error is not None and outage is not None:
        return outage_response(outage, error, page_of=None if is_api_request(request) else request)
    if not is_api_request(request):
        return defaults.server_error(request)
    message = f"Something went wrong here. The log has it under {request_id.get()}."
    return error_response(code="server_error", message=message, status=500)


def is_api_request(request: HttpRequest) -> bool:
    """Tell whether a program asked, which reads JSON, and not a person."""
    return request.path_info.startswith(("/api/", "/health/", "/metrics"))
