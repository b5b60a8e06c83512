"""The product as it is served: granian's workers on a free loopback port, for the length of a `with`."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from apps.jobs.services.runner.web_server import APPLICATION, Address, web
from benchmarks.manage import PROJECT

START_SECONDS = 60
STOP_SECONDS = 20


class ServerDidNotStartError(RuntimeError):
    """The server did not answer in time; its output says why."""


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_server(
    *, var: Path, workers: int = 2, env: Mapping[str, str] | None = None, application: str = APPLICATION
) -> Iterator[int]:
    """Serve the project with its data in `var`; yields the port. The workers are stopped at the end."""
    port = free_port()
    command = web(Address("127.0.0.1", port), workers=workers, application=application).command
    environment = {**os.environ, "EPICML_VAR": str(var), **(env or {})}
    with (var / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_until_it_listens(port, process, var / "server.log")
        yield port
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the workers too: they are in the group of their own server
        process.wait()


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise ServerDidNotStartError(f"No server on port {port} after {START_SECONDS} s: {log.read_text()[-2000:]}")
