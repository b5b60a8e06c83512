"""The whole product over a PostgreSQL that is killed and restarted under load, and then hangs."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.apps.jobs.management.commands.test_serve import free_port
from tests.servers import PostgresqlServer, running_postgresql

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs no second run: it has a server of its own"),
]
# In one process, for each one takes seconds to start.
PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("create_api_key", "test", "--all-scopes")
"""
SENDERS = 4
READY_SECONDS = 20.0


class Product:
    """The product as it is served, and its clients."""

    def __init__(self, port: int, secret: str) -> None:
        self.port = port
        self._secret = secret
        self.statuses: list[int] = []
        self.acknowledged: list[str] = []

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Status and body; OSError where nobody answered."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
            client.request(method, path, None if body is None else json.dumps(body), headers)
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def send_events(self, sender: int, stop: threading.Event) -> None:
        """Send events until asked to stop; what was acknowledged is remembered."""
        for number in range(100_000):
            if stop.is_set():
                return
            name = f"e-{sender}-{number}"
            event = {"event_id": name, "reader": "r-1", "book": "b-1", "kind": "opened"}
            status, body = self.ask("POST", "/api/v1/events", {"events": [event]})
            self.statuses.append(status)
            if status == http.client.OK and json.loads(body)["items"][0]["status"] == "stored":
                self.acknowledged.append(name)

    def is_ready(self) -> bool:
        status, body = self.ask("GET", "/health/ready")
        return (
            status == http.client.OK
            and {"name": "database", "state": "ok"}.items()
            <= next(part for part in json.loads(body)["parts"] if part["name"] == "database").items()
        )

    def becomes_ready(self) -> bool:
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            with suppress(OSError):
                if self.is_ready():
                    return True
            time.sleep(0.1)
        return False


@pytest.fixture
def server() -> Iterator[PostgresqlServer]:
    with running_postgresql("synchronous_commit=on") as server:
        yield server


@pytest.fixture
def product(server: PostgresqlServer, tmp_path: Path) -> Iterator[Product]:
    environment = {**os.environ, "DATABASE_URL": server.url(), "EPICML_VAR": str(tmp_path), "EPICML_DEMO": "0"}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )

    product = Product(free_port(), run("-c", PREPARE).stdout.strip())
    with (tmp_path / "log").open("wb") as log:
        serve = [sys.executable, "manage.py", "serve", "--port", str(product.port), "--workers", "1", "--runners", "1"]
        process = subprocess.Popen(serve, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log)
        try:
            assert product.becomes_ready(), (tmp_path / "log").read_text()
            yield product
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def test_a_killed_or_hanging_postgresql_makes_no_500_and_loses_nothing_acknowledged(
    product: Product, server: PostgresqlServer, tmp_path: Path
) -> None:
    product.ask("PUT", "/api/v1/readers/r-1", {"age_band": "9-11"})
    assert product.ask("PUT", "/api/v1/books/b-1", {"title": "A", "age_band": "9-11"})[0] in {200, 201}
    stop = threading.Event()
    senders = [threading.Thread(target=product.send_events, args=(number, stop)) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    time.sleep(1)
    server.kill()
    time.sleep(1)
    assert product.ask("GET", "/health/live")[0] == 200
    status, body = product.ask("GET", "/health/ready")
    assert (status, json.loads(body)["state"]) == (503, "down")
    server.start()
    assert product.becomes_ready()
    time.sleep(1)
    stop.set()
    for sender in senders:
        sender.join()

    assert set(product.statuses) == {200, 503}
    with psycopg.connect(server.conninfo) as direct:
        stored = {row[0] for row in direct.execute("SELECT event_id FROM events_event")}
    assert set(product.acknowledged) <= stored
    assert product.statuses[-1] == 200

    server.signal(signal.SIGSTOP)
    began = time.monotonic()
    answers = [product.ask("GET", path)[0] for path in ("/health/live", "/health/ready")]
    took = time.monotonic() - began
    server.signal(signal.SIGCONT)
    assert answers == [200, 503]
    assert took < 6
    assert product.becomes_ready()

    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    assert len(log) < 20_000
