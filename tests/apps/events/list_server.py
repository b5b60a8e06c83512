"""A web process of the project that serves a list to whoever asks, as a program of its own for the tests of its end."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import config.rsgi  # noqa: F401  # isort: skip - Django is ready from here on

from django.conf import settings
from django.utils import timezone

from apps.events.services.lists import NewList, serve_list
from apps.platform.api.front.bodies import BodyRules
from apps.platform.api.front.lanes import Lane
from apps.platform.api.front.server import Front, Lanes
from epicml.audience.bands import AgeBand

settings.EPICML_LISTS_FLUSH_SECONDS = 3600  # only the end stores them


def serve(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Serve one list of no books, to the first reader or to nobody."""
    reader_id = 1 if environ["PATH_INFO"] == "/reader" else None
    list_id = serve_list(NewList("home", AgeBand.ADULT, [], reader_id=reader_id), now=timezone.now())
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(str(list_id)).encode()]


application = Front(
    serve,
    lanes=Lanes(*(Lane(name, threads=1, waiting=100) for name in ("read", "write", "page", "log-in", "monitor"))),
    rules=BodyRules(largest=1000),
)
