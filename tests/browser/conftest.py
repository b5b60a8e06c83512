"""A real Chromium against the real demo: prepared and served once, as `make demo` does, for all tests of this folder.

Screenshots go to $EPICML_SCREENSHOTS, else to a temporary folder.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Response, expect, sync_playwright

from tests.servers import ServerUnavailableError, skip_or_fail

PROJECT = Path(__file__).resolve().parents[2]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PREPARE_SECONDS = 180
START_SECONDS = 60
SERVER_ERROR = 500

OpenPage = Callable[..., "Visit"]

expect.set_options(timeout=15_000)  # what is there at once on an idle machine takes 5 s on a busy one


@dataclass(frozen=True, slots=True)
class DemoServer:
    """The served demo: where it is, its staff login, a key with all scopes, and sample readers by age band."""

    address: str
    username: str
    password: str
    api_key: str
    readers: dict[str, list[str]]
    var: Path

    def api(self, path: str, **query: str) -> Any:
        """The answer of the API to a GET with the key of all scopes."""
        return self.send("GET", f"{path}?{urllib.parse.urlencode(query)}")

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of the API to any method, with the key of all scopes."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.api_key}"}
        url = f"{self.address}/api/v1/{path}"
        request = urllib.request.Request(url, content, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)


@dataclass  # no slots: Playwright hangs its wrappers of event handlers on the object they belong to
class Visit:
    """A page in a window of its own, and everything that went wrong in it."""

    page: Page
    address: str
    folder: Path
    wrongs: list[str] = field(default_factory=list)

    def go(self, path: str = "/") -> Page:
        self.page.goto(self.address + path)
        return self.page

    def screenshot(self, name: str, *, full_page: bool = True) -> None:
        with suppress(Error):  # where scripts are off nothing can be waited for
            self.page.evaluate("document.fonts.ready")
        self.page.screenshot(path=self.folder / f"{name}.png", full_page=full_page)

    def scrolls_sideways(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.wrongs.append(f"console {message.type}: {message.text}")

    def note_response(self, response: Response) -> None:
        if response.status >= SERVER_ERROR:
            self.wrongs.append(f"{response.status} {response.url}")


@pytest.fixture(scope="package")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """The demo shelf, prepared by `manage.py demo` and served by `manage.py serve` in a fresh folder."""
    var = tmp_path_factory.mktemp("demo")
    port = _free_port()
    environment = {**os.environ, "EPICML_VAR": str(var), "PORT": str(port)}
    environment.pop("DATABASE_URL", None)
    access = _prepared(var / "demo.json", environment)
    with (var / "serve.log").open("w") as log:
        command = [sys.executable, "manage.py", "serve", "--workers", "1", "--runners", "1"]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(access["address"], process, var / "serve.log")
        yield DemoServer(
            address=access["address"],
            username=access["login"]["username"],
            password=access["login"]["password"],
            api_key=access["api_key"],
            readers=access["readers"],
            var=var,
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine. Not of session scope: while Playwright runs, Django refuses its database."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        skip_or_fail(ServerUnavailableError("There is no Chromium on this machine."))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the screenshots."""
    folder = Path(os.environ.get("EPICML_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def open_page(chromium: Browser, demo_server: DemoServer, screenshots: Path) -> Iterator[OpenPage]:
    """Open windows: `open_page(width=360, dark=True)`. The test fails if the console of one has an error."""
    opened: list[tuple[BrowserContext, Visit]] = []

    def open_one(
        *, width: int = 1440, height: int = 900, dark: bool = False, touch: bool = False, script: bool = True
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            java_script_enabled=script,
        )
        visit = Visit(context.new_page(), demo_server.address, screenshots)
        visit.page.on("console", visit.note_console)
        visit.page.on("pageerror", lambda error: visit.wrongs.append(f"script: {error}"))
        visit.page.on("response", visit.note_response)
        opened.append((context, visit))
        return visit

    yield open_one
    wrongs = [wrong for _, visit in opened for wrong in visit.wrongs]
    for context, _ in opened:
        context.close()
    assert wrongs == []


def _prepared(path: Path, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "manage.py", "demo", "--json", str(path)]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=PREPARE_SECONDS, check=False
    )
    if done.returncode:
        pytest.fail(f"manage.py demo failed: {done.stdout}{done.stderr}")
    access: dict[str, Any] = json.loads(path.read_text())
    return access


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health/live", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"manage.py serve did not start: {log.read_text()[-2000:]}")
