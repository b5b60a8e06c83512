"""The product's addresses and one more, whose view fails with what the client sent and says so in every way."""

import logging
import warnings

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

own, foreign = logging.getLogger("apps.loud"), logging.getLogger("somebody.else")


def fail(request: HttpRequest, sent: str) -> HttpResponse:
    warnings.warn(f"a warning that quotes {sent}", stacklevel=1)
    foreign.warning("Refused %s after %d tries", sent, 3)
    foreign.warning(f"Refused {sent}")
    try:
        int(sent)
    except ValueError as error:
        own.warning("It is no number: %s", error)
        raise LookupError(sent) from error
    return HttpResponse()


urlpatterns = [path("loud/<str:sent>", fail), path("", include("config.urls"))]
handler400 = "apps.platform.api.errors.bad_request"
handler404 = "apps.platform.api.errors.not_found"
handler500 = "apps.platform.api.errors.server_error"
