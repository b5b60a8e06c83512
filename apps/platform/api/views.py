"""Addresses of the platform itself: health, metrics, and the description of the API."""

import hmac
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request

from apps.platform.api.errors import error_response, logged_already
from apps.platform.api.negotiation import FormatInQuery
from apps.platform.api.responses import json_response
from apps.platform.services import metrics as counted
from apps.platform.services.health import parts_health_in_time, worst_state


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """Say that this process answers, and ask nothing else: a database that is down is not mended by a restart."""
    return json_response({"state": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Say how each part is; answer 503 only when no answer can be given."""
    parts = parts_health_in_time()
    state = worst_state(parts)
    return logged_already(json_response({"state": state, "parts": parts}, status=503 if state == "down" else 200))


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Show what is counted, to staff and to the scraper that knows the token."""
    if not _may_scrape(request):
        answer = error_response(code="not_authenticated", message="Send the scrape token, or log in.", status=401)
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    return HttpResponse(counted.exposition(), content_type=counted.CONTENT_TYPE)


def _may_scrape(request: HttpRequest) -> bool:
    given = request.META.get("HTTP_AUTHORIZATION", "").encode("utf-8", "replace")
    expected = f"Bearer {settings.SCRAPE_TOKEN}".encode()
    if settings.SCRAPE_TOKEN and hmac.compare_digest(given, expected):
        return True
    return request.user.is_active and request.user.is_staff


class _OnceGenerator(SchemaGenerator):
    """The document is the same for everybody until the next deployment, and takes long to write."""

    _written: dict[str, Any] = {}

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
        if not self._written:
            self._written.update(super().get_schema(request=request, public=True))  # type: ignore[no-untyped-call]
        return self._written


class SchemaView(SpectacularAPIView):
    """The OpenAPI document of this API, as YAML or JSON."""

    authentication_classes = ()
    content_negotiation_class = FormatInQuery
    generator_class = _OnceGenerator

    def _get_version_parameter(self, request: Request) -> None:
        """Name none: what a visitor calls the only version would go into a header, and into everybody's document."""


class DocsView(SpectacularSwaggerSplitView):
    """The same, to read and to try."""

    authentication_classes = ()
    url_name = "schema"
