"""Machines of one installation: each serves on a port and in a folder of its own, on one database."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings

from apps.jobs.selectors.runners import place_of
from apps.jobs.services.runner.host_lock import FOLDER
from apps.releases.selectors.live import live_key
from apps.search.engines.embedded.publication import published
from apps.search.engines.protocol import IndexBrokenError
from apps.search.services.applying import FOLLOWER
from tests.apps.jobs.processes import child_environment

START_SECONDS = 120.0  # of a busy machine
PATIENCE_SECONDS = 120.0
STOP_SECONDS = 60.0
PAUSE_SECONDS = 0.01


@dataclass
class Machine:
    """One instance of the product; `secret` is a key of the API."""

    folder: Path
    secret: str
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def start(self, *options: str, command: str = "serve") -> None:
        """Run `manage.py serve`, or another command that follows, with the artifacts that all machines share."""
        self.folder.mkdir(exist_ok=True)
        if command == "serve":
            self.port = self.port or free_port()
            options = ("--port", str(self.port), "--workers", "1", "--runners", "1", *options)
        environment = child_environment(
            DJANGO_SETTINGS_MODULE="config.settings",
            EPICML_DEMO="0",
            EPICML_VAR=str(self.folder),
            ARTIFACTS_URL=f"file://{settings.ARTIFACTS_DIR}",
        )
        with (self.folder / "output.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "django", command, *options],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def wait_until_it_serves(self) -> None:
        """Return when its port is open."""
        self.wait_for(self.listens, seconds=START_SECONDS)

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Return when it has ended; its folder stays."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=STOP_SECONDS)
            self.process = None

    def wait_for(self, true: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> float:
        """Return the seconds until it came true; what the machine said is in the failure."""
        started = time.monotonic()
        while not true():
            waited = time.monotonic() - started
            is_alive = self.process is not None and self.process.poll() is None
            assert is_alive, f"It has ended: {self.said()}"
            assert waited < seconds, f"It did not happen within {seconds:.0f} s: {self.said()}"
            time.sleep(PAUSE_SECONDS)
        return time.monotonic() - started

    def said(self) -> str:
        return (self.folder / "output.log").read_text()[-2000:]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of its API, with the status beside it."""
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            answer = connection.getresponse()
            return json.loads(answer.read() or b"{}") | {"status": answer.status}
        finally:
            connection.close()

    def suggest(self, text: str, *, band: str = "adult") -> Any:
        return self.ask("GET", f"/api/v1/suggest?q={quote(text)}&age_band={band}&limit=10")

    def search(self, text: str, *, band: str = "adult") -> Any:
        return self.ask("GET", f"/api/v1/search?q={quote(text)}&age_band={band}&page_size=50")

    def finds(self, text: str, key: str) -> bool:
        """Whether its index shows this book, in suggestions and in a search."""
        suggested, searched = self.suggest(text), self.search(text)
        assert (suggested["status"], searched["status"]) == (200, 200)
        assert (suggested["fallback"], searched["fallback"]) == (None, None)
        return key in suggested_keys(suggested) and key in [item["key"] for item in searched["items"]]

    def health(self) -> dict[str, str]:
        parts = self.ask("GET", "/health/ready")["parts"]
        found: dict[str, str] = next(part for part in parts if part["name"] == "search")
        return found

    def cursor(self) -> int:
        """Up to which change its own working copy of the live release goes; 0 where it has none."""
        live = live_key("search_index")
        assert live is not None
        with suppress(IndexBrokenError):
            return published(self.folder / "search" / f"{live[0]}-{live[1][:12]}").cursor
        return 0

    def follower(self) -> int:
        """The process that follows on it, or did last; 0 where none ever did."""
        try:
            owner = json.loads((self.folder / FOLDER / FOLLOWER).read_bytes())["owner"]
        except (OSError, ValueError):
            return 0
        return int(place_of(owner)[1])


def suggested_keys(answer: Any) -> list[str]:
    """The keys of the books that are suggested."""
    return [suggestion["key"] for suggestion in answer["suggestions"] if suggestion["kind"] == "book"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop_all(machines: Sequence[Machine]) -> None:
    """End every machine that runs."""
    for machine in machines:
        if machine.process is not None:
            machine.process.terminate()
    for machine in machines:
        machine.stop()
