"""From the server's request to a WSGI application and back."""

import io
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Headers = list[tuple[str, str]]
WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ScopeHeaders(Protocol):
    """Headers as granian gives them, names in lower case."""

    def items(self) -> Iterable[tuple[str, str]]: ...

    def get(self, key: str, default: str = ...) -> str: ...

    def __contains__(self, key: str, /) -> bool: ...


class Scope(Protocol):
    """A request as granian's RSGI gives it; the path has no percent signs left."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None

    @property
    def headers(self) -> ScopeHeaders: ...


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back to the client."""

    status: int
    headers: Headers
    body: bytes


def environ_of(scope: Scope, body: bytes | None, *, announced: int | None) -> dict[str, Any]:
    """Write the request as PEP 3333 has it: text of the wire as Latin-1, one entry a header.

    `body` is None where none was sent. `announced` is what Content-Length said; a body without one was counted.
    """
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]") or "localhost",
        "SERVER_PORT": port,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority and scope.http_version == "2":  # where HTTP/1 has Host; there the header is what counts
        environ["HTTP_HOST"] = scope.authority
    _add_headers(environ, scope.headers.items())
    if body is not None:
        environ["CONTENT_LENGTH"] = str(len(body) if announced is None else announced)
    return environ


def _add_headers(environ: dict[str, Any], headers: Iterable[tuple[str, str]]) -> None:
    for name, value in headers:
        if "_" in name:  # it would pass for the one with a hyphen: X_Forwarded_For
            continue
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key not in {"CONTENT_LENGTH", "TRANSFER_ENCODING"}:
            key = f"HTTP_{key}"
            joint = "; " if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value


def response_of(application: WsgiApplication, environ: Mapping[str, Any]) -> Response:
    """Call the application, and return its response whole: the server sends it without a thread of ours."""
    started: list[tuple[int, Headers]] = []

    def start_response(status: str, headers: Headers, exc_info: Any = None) -> None:
        started.append((int(status[:3]), headers))

    parts = application(dict(environ), start_response)
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    status, headers = started[-1]
    return Response(status, headers, body)
