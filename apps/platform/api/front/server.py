"""The front of every web process: it waits for bodies without a thread, then hands a whole request to a lane.

A client that sends slowly holds a few bytes here, and no thread; whether this process lives is answered here too,
whatever the threads are doing. Requests that may be slow (writes, pages, log-ins, what monitors ask) have lanes of
their own.
"""

import logging
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.http import HttpResponse
from prometheus_client import Counter

from apps.platform.api.errors import error_response
from apps.platform.api.front.bodies import Bodies, BodyBrokenError, BodyRules, BodyTooSlowError, NoRoomError, has_body
from apps.platform.api.front.gateway import Response, Scope, WsgiApplication, environ_of, response_of
from apps.platform.api.front.lanes import Lane, LaneFullError
from apps.platform.api.middleware import HEADER as REQUEST_ID
from apps.platform.api.middleware import policy
from apps.platform.api.responses import json_response
from apps.platform.services.lifecycle import run_shutdown_hooks
from apps.platform.services.metrics import registry

LIVE_PATH = "/health/live"
REFUSED = Counter(
    "epicml_http_refused", "Requests that the front answered without a thread.", ("reason",), registry=registry
)
RETRY_SECONDS = "1"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # these never wait for those that wait for the database's lock

logger = logging.getLogger(__name__)


class HttpProtocol(Protocol):
    """How granian takes an answer, and gives the body part by part."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> Any: ...


@dataclass(frozen=True, slots=True)
class Lanes:
    """The threads of one process, by what they answer."""

    reads: Lane[Response]
    writes: Lane[Response]
    pages: Lane[Response]
    log_ins: Lane[Response]
    monitors: Lane[Response]

    def start(self) -> None:
        """Start the threads of every lane."""
        for lane in (self.reads, self.writes, self.pages, self.log_ins, self.monitors):
            lane.start()

    def of(self, method: str, path: str) -> Lane[Response]:
        """Return the lane for a request."""
        if path.startswith(("/health/", "/metrics")):
            return self.monitors
        if not path.startswith("/admin"):
            return self.reads if method in SAFE else self.writes
        return self.log_ins if method == "POST" and path.startswith("/admin/login") else self.pages


class Front:
    """An application for granian's RSGI interface, before one for WSGI."""

    def __init__(self, application: WsgiApplication, *, lanes: Lanes, rules: BodyRules) -> None:
        self._application = application
        self._lanes = lanes
        self._bodies = Bodies(rules)

    def __rsgi_init__(self, loop: Any) -> None:
        """Start the lanes, for the process is about to serve."""
        self._lanes.start()

    def __rsgi_del__(self, loop: Any) -> None:
        """End the process in order: no request is in hand any more."""
        run_shutdown_hooks()

    async def __rsgi__(self, scope: Scope, protocol: HttpProtocol) -> None:
        """Answer one request."""
        response = await self._response(scope, protocol)
        try:
            protocol.response_bytes(response.status, response.headers, response.body)
        except Exception as error:  # noqa: BLE001 - the client is gone; the server's error for that is its own
            logger.debug("An answer did not reach its client: %s", type(error).__name__)

    async def _response(self, scope: Scope, protocol: HttpProtocol) -> Response:
        if scope.path == LIVE_PATH and scope.method in {"GET", "HEAD"}:
            response = json_response({"state": "ok"})
            response["Cache-Control"] = "no-store"
            return _own(response)
        try:
            return await self._lanes.of(scope.method, scope.path).submit(await self._work(scope, protocol))
        except BodyTooSlowError:
            return _refusal(408, "too_slow", "The body came too slowly.")
        except BodyBrokenError:
            return _refusal(400, "broken_off", "The body broke off, or is not as long as its header says.")
        except (NoRoomError, LaneFullError):
            return _refusal(503, "busy", "Too many requests at once; try again in a moment.")
        except Exception:  # the edge of the process: Django answers its own errors, so this is one of the front
            logger.exception("A request could not be handed over")
            return _refusal(500, "server_error", "Something went wrong here.")

    async def _work(self, scope: Scope, protocol: HttpProtocol) -> Callable[[], Response]:
        length, body = scope.headers.get("content-length", ""), None
        announced = int(length) if length.isascii() and length.isdecimal() else None
        if has_body(scope.headers):
            body = await self._bodies.read(aiter(protocol), announced=announced)
        return lambda: response_of(self._application, environ_of(scope, body, announced=announced))


def _refusal(status: int, code: str, message: str) -> Response:
    REFUSED.labels(code).inc()
    response = error_response(code=code, message=message, status=status)
    response["Retry-After"] = RETRY_SECONDS
    return _own(response)


def _own(response: HttpResponse) -> Response:
    """Return a response of the front's own, with what Django's middleware would have added."""
    response["Content-Security-Policy"] = policy("/api/")
    response["X-Content-Type-Options"] = "nosniff"
    response[REQUEST_ID] = uuid.uuid4().hex
    return Response(response.status_code, [(name.lower(), value) for name, value in response.items()], response.content)
