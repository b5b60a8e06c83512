"""What is served is stored when its process ends by SIGTERM or by itself, and not for a reader who was erased."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from apps.jobs.services.runner.web_server import Address, web
from tests.apps.jobs.management.commands.test_serve import free_port

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="has a database of its own, and ends alike on both"),
]
# A web process of the project that serves a list of no books, to the first reader or to nobody; only its end stores it.
# As a text: a module would be imported by whoever collects tests, and would make their process a web process.
SERVER = """
import json
from collections.abc import Callable, Iterable
from typing import Any

import config.rsgi

from django.conf import settings
from django.utils import timezone

from apps.events.services.lists import NewList, serve_list
from apps.platform.api.front.bodies import BodyRules
from apps.platform.api.front.lanes import Lane
from apps.platform.api.front.server import Front, Lanes
from epicml.audience.bands import AgeBand

settings.EPICML_LISTS_FLUSH_SECONDS = 3600  # only the end stores them

def serve(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    reader_id = 1 if environ["PATH_INFO"] == "/reader" else None
    list_id = serve_list(NewList("home", AgeBand.ADULT, [], reader_id=reader_id), now=timezone.now())
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(str(list_id)).encode()]

application = Front(
    serve,
    lanes=Lanes(*(Lane(name, threads=1, waiting=100) for name in ("read", "write", "page", "log-in", "monitor"))),
    rules=BodyRules(largest=1000),
)
"""
START = """
import os
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from apps.events.models import ServedList
from apps.events.services.lists import NewList, flush_lists, serve_list
from apps.readers.selectors import all_reader_ids
from apps.readers.services import ReaderInput, erase_reader, save_reader
from epicml.audience.bands import AgeBand
settings.EPICML_LISTS_FLUSH_SECONDS = 3600
"""
PREPARE = """
call_command("migrate", verbosity=0)
save_reader(ReaderInput(key="r1", age_band=AgeBand.ADULT), now=timezone.now())
print(all_reader_ids()["r1"])
"""
# A command that serves three lists and ends by itself; a process that it forks has none of them.
ERASE_AND_SERVE = """
erase_reader("r1", by="test", now=timezone.now())
for _ in range(3):
    serve_list(NewList("home", AgeBand.ADULT, []), now=timezone.now())
connections.close_all()
forked = os.fork()
if forked == 0:
    flush_lists()
    os._exit(ServedList.objects.count())
print(os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]), ServedList.objects.count())
"""
COUNT = "print(ServedList.objects.count())"


def run(environment: dict[str, str], program: str) -> str:
    command = [sys.executable, "-c", START + program]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


@contextmanager
def web_process(environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = web(Address("127.0.0.1", port), workers=1, application="list_server:application")
    process = subprocess.Popen(command.command, cwd=settings.BASE_DIR, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def asked(port: int, path: str) -> str:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return str(json.load(answer))
        time.sleep(0.05)
    raise AssertionError("The server did not answer.")


class TestEndOfAProcess:
    def test_stores_what_it_served(self, tmp_path: Path) -> None:
        (tmp_path / "list_server.py").write_text(SERVER)
        environment = {**os.environ, "EPICML_VAR": str(tmp_path), "EPICML_DEMO": "0", "PYTHONPATH": str(tmp_path)}
        assert run(environment, PREPARE) == "1"
        port = free_port()
        with web_process(environment, port) as process:
            asked(port, "/")
            asked(port, "/reader")
            assert run(environment, ERASE_AND_SERVE) == "0 0"  # while both processes still have theirs in memory
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        assert run(environment, COUNT) == str(1 + 3)
