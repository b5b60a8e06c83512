"""The project's URLs and one more: a plain view that answers a constant, to compare suggestions with."""

import os

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as project_urls

SIZE = int(os.environ.get("EPICML_BENCHMARK_BYTES", "5000"))
CONSTANT = b'{"constant":"' + b"x" * (SIZE - 15) + b'"}'


def constant(request: HttpRequest) -> HttpResponse:
    """The same bytes for everyone."""
    return HttpResponse(CONSTANT, content_type="application/json")


urlpatterns = [path("benchmark/constant", constant), *project_urls]
