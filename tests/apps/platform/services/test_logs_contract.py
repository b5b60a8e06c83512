"""No line of a real server's output has anything that a client sent, whatever way it was sent."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

SENTINEL = "s3ntinel"
LINE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (WARNING|ERROR) [0-9a-f]{32} \S+: |  |\[(WARNING|INFO|ERROR)\] "
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that writes to a file."""

    port: int
    log: Path

    def send(self, method: str, target: str, *headers: str, body: str = "") -> int:
        """The status of the answer to these bytes; 0 when the server hung up."""
        lines = [f"{method} {target} HTTP/1.1", "Connection: close", f"Content-Length: {len(body)}", *headers]
        if not any(header.startswith("Host:") for header in headers):
            lines.append("Host: localhost")
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1"))
            answer = connection.makefile("rb").readline().split()
        return int(answer[1]) if len(answer) > 1 else 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("loud")
    environment = {**os.environ, "EPICML_VAR": str(folder), "EPICML_DEMO": "0"}
    environment.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--interface", "wsgi", "--port", str(port), "--workers", "1", "--blocking-threads", "2"]
    command = [sys.executable, "-m", "granian", *options, "--log-level", "warning", "config.wsgi:application"]
    environment["DJANGO_SETTINGS_MODULE"] = "tests.apps.platform.services.loud_settings"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    found = Server(port, folder / "log")
    try:
        _wait_for(found, process)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _wait_for(server: Server, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while True:
        assert process.poll() is None, server.log.read_text()
        assert time.monotonic() < end, server.log.read_text()
        try:
            server.send("GET", "/health/live")
        except OSError:
            time.sleep(0.1)
        else:
            return


S = SENTINEL
FORM = "Content-Type: application/x-www-form-urlencoded"
REQUESTS: list[tuple[str, str, list[str], str]] = [
    ("GET", f"/loud/{S}", [], ""),
    ("GET", f"/loud/{S}%0a2026-11-27%20forged%20line", [], ""),
    ("GET", f"/loud/{S}%1b[31mred", [], ""),
    ("GET", f"/loud/{S}", [f"X-Request-Id: {S}.12345678"], ""),
    ("GET", f"/{S}", [], ""),
    ("GET", f"/admin/{S}/", [], ""),
    ("GET", f"/api/v1/readers/{S}", [], ""),
    ("GET", f"/api/v1/readers/{S}", [f"Authorization: Bearer epic_sk_{S}"], ""),
    ("GET", "/admin/login/", [f"Host: {S}.example"], ""),
    ("GET", "/admin/login/", [f"Host: {S}_!"], ""),
    ("GET", "/api/v1/suggest", [f"Host: {S}"], ""),
    ("GET", f"/admin/login/?next=//{S}.example", [], ""),
    ("GET", "/admin/login/", [f"Cookie: sessionid={S}; csrftoken={S}"], ""),
    ("GET", "/admin/login/", [f"Cookie: sessionid={S}:x:y; epicml_device={S}; messages={S}"], ""),
    ("POST", "/admin/login/", [FORM], f"username={S}&password={S}"),
    ("POST", "/admin/login/", [FORM, f"Referer: https://{S}.example/", f"Origin: https://{S}.example"], "username=a"),
    ("POST", f"/admin/login/?{S}", [FORM, f"Cookie: csrftoken={S}"], f"csrfmiddlewaretoken={S}"),
    ("POST", "/admin/login/", [FORM], "&".join(f"{S}{number}=1" for number in range(1100))),
    ("POST", "/admin/login/", ["Content-Type: multipart/form-data"], S),
    ("POST", "/admin/login/", ["Content-Type: multipart/form-data; boundary=\xff"], S),
    ("POST", f"/api/v1/events/{S}", [f"Content-Type: {S}"], S),
    (S.upper(), f"/{S}", [], ""),
    ("OPTIONS", "/api/v1/suggest", [f"Origin: https://{S}.example", f"Access-Control-Request-Method: {S}"], ""),
    ("GET", f"/static/{S}/../../{S}", [], ""),
    ("GET", f"/%ff%fe{S}", [], ""),
    ("GET", f"/\xff{S}", [], ""),
    ("GET", f"/api/v1/suggest?q={S}&{S}={S}", [f"User-Agent: {S}", f"Accept: {S}"], ""),
    ("GET", f"http://{S}.example/loud/{S}", [], ""),
    ("GET", "/admin/login/", [f"X-Forwarded-Host: {S}", f"X-Forwarded-For: {S}", f"X-Forwarded-Proto: {S}"], ""),
]


class TestOutput:
    def test_has_nothing_of_what_clients_sent(self, server: Server) -> None:
        statuses = [server.send(method, target, *headers, body=body) for method, target, headers, body in REQUESTS]
        assert statuses[0] == 500
        assert {400, 403, 404} < set(statuses)
        written = server.log.read_text()
        assert SENTINEL not in written.lower()
        assert "forged" not in written
        assert "\x1b[31m" not in written
        for line in written.splitlines():
            assert LINE.match(line), line

    def test_still_says_what_happened_and_where(self, server: Server) -> None:
        assert server.send("GET", f"/loud/{SENTINEL}") == 500
        server.send("GET", "/admin/login/", f"Host: {SENTINEL}.example")
        written = server.log.read_text()
        assert "apps.loud: It is no number: ValueError" in written
        assert "somebody.else: Refused … after 3 tries" in written
        assert re.search(r"somebody.else: said at \S+loud.py:\d+", written)
        assert "django.request: 500 Internal Server Error at loud/<str:sent>" in written
        assert re.search(r"  File \"\S+loud.py\", line \d+, in fail", written)
        assert "  ValueError\n" in written
        assert "  LookupError\n" in written
        assert "django.security.DisallowedHost: 400 Bad Request at " in written
        assert re.search(r"py.warnings: \S+loud.py:\d+: UserWarning\n", written)
