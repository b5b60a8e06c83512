"""The product as it is served: its first requests, promotions under way, and files that are cut short meanwhile."""

import http.client
import json
import os
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.catalog.services.books import save_books
from apps.platform.services.api_keys import SCOPES, create_api_key
from apps.releases.selectors.live import live_key
from apps.search.engines.embedded.checking import damage_of
from apps.search.engines.embedded.folders import copy_folder
from tests.apps.catalog.samples import a_book
from tests.apps.jobs.processes import start
from tests.apps.search import library
from tests.apps.search.damages import copy_files

FIRST_REQUESTS = 96
AT_A_TIME = 16
PROMOTIONS = 5
READERS = 8
PAUSE_SECONDS = 0.002  # leaves the machine time for what is tested
START_SECONDS = 90.0  # of a busy machine
PATIENCE_SECONDS = 30.0
TEXTS = ("har", "poter", "dragon", "the h", "dahl", "mati", "fantastic f", "wild th")


@dataclass
class Served:
    """The product on a port of its own, and what came of each request: its fallback, or what went wrong."""

    process: "subprocess.Popen[str]"
    port: int
    secret: str
    outcomes: Counter[str] = field(default_factory=Counter)

    def get(self, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.secret}"})
            answer = connection.getresponse()
            return json.loads(answer.read()) | {"status": answer.status}
        finally:
            connection.close()

    def suggest(self, text: str) -> None:
        try:
            answer = self.get(f"/api/v1/suggest?q={text.replace(' ', '+')}&age_band=adult")
            outcome = str(answer.get("fallback", answer["status"]))
        except (OSError, http.client.HTTPException) as error:
            outcome = type(error).__name__
        self.outcomes[outcome] += 1

    def has_started(self) -> bool:
        """Whether its port is open; asks nothing of it, so that the first request is still to come."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def health(self) -> dict[str, str]:
        parts = self.get("/health/ready")["parts"]
        found: dict[str, str] = next(part for part in parts if part["name"] == "search")
        return found

    @contextmanager
    def readers(self) -> Iterator[None]:
        """Meanwhile readers type all the time."""
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                for text in TEXTS:
                    self.suggest(text)
                    time.sleep(PAUSE_SECONDS)

        with ThreadPoolExecutor(READERS) as pool:
            for _ in range(READERS):
                pool.submit(read)
            try:
                yield
            finally:
                done.set()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served(transactional_db: None, quick_gate: None) -> Iterator[Served]:
    """`manage.py serve` on the tests' database and files, that nobody has asked anything yet."""
    library.fill()
    library.rebuild(now=timezone.now())
    secret = create_api_key(name="test", scopes=SCOPES, requests_per_minute=10_000_000, now=timezone.now()).secret
    port = free_port()
    command = ("serve", "--port", str(port), "--workers", "2", "--runners", "1")
    process = start(*command, DJANGO_SETTINGS_MODULE="config.settings")
    served = Served(process, port, secret)
    try:
        wait_for(lambda: process.poll() is not None or served.has_started(), seconds=START_SECONDS)
        assert process.poll() is None, process.communicate()[0]
        yield served
    finally:
        process.terminate()
        process.communicate(timeout=30)


def wait_for(true: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "It did not happen."
        time.sleep(0.1)


def workers_of(process: "subprocess.Popen[str]") -> set[int]:
    """The processes of the web workers, which are children of the web server."""
    parents = {int(path.parent.name): _parent(path) for path in Path("/proc").glob("[0-9]*/stat")}
    children = {pid for pid, parent in parents.items() if parent == process.pid}
    return {pid for pid, parent in parents.items() if parent in children}


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0


def is_sound() -> bool:
    """Whether the working copy of the live release is as it was published."""
    live = live_key("search_index")
    assert live is not None
    return not damage_of(copy_folder(*live), anew=True)


class TestServed:
    def test_answers_from_the_index_whatever_happens_to_it(self, served: Served) -> None:
        self.from_the_first_request_on(served)
        before = workers_of(served.process)
        with served.readers():
            self.while_releases_are_promoted()
            self.while_every_file_of_the_copy_is_cut(served)
        assert set(served.outcomes) == {"None"}
        assert served.outcomes["None"] > FIRST_REQUESTS
        assert workers_of(served.process) == before  # none died by SIGBUS

    def from_the_first_request_on(self, served: Served) -> None:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(served.suggest, [TEXTS[place % len(TEXTS)] for place in range(FIRST_REQUESTS)]))
        assert served.outcomes == {"None": FIRST_REQUESTS}

    def while_releases_are_promoted(self) -> None:
        for _ in range(PROMOTIONS):
            library.rebuild(now=timezone.now())
            time.sleep(0.3)

    def while_every_file_of_the_copy_is_cut(self, served: Served) -> None:
        for path in copy_files():
            os.truncate(path, path.stat().st_size // 3)
        assert not is_sound()
        wait_for(is_sound)
        wait_for(lambda: served.health()["state"] == "ok")
        save_books([a_book("new", title="Zebra", series=None)], now=timezone.now())
        wait_for(lambda: bool(served.get("/api/v1/suggest?q=zebra&age_band=adult")["suggestions"]))
