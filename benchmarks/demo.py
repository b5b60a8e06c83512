"""From an empty folder to a product that answers: `manage.py demo`, then `manage.py serve` until it is ready.

Packages are installed already; that is what `make demo` finds on its second run. The full data is measured where
goodbooks-10k is beside the project.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.goodbooks import GOODBOOKS
from benchmarks.manage import PROJECT
from benchmarks.report import heading, row
from benchmarks.server import free_port

TARGET_SECONDS = {"demo shelf": 60, "full data": 240}
AGAIN_SECONDS = 10
LONGEST_START = 60


def main() -> None:
    """Measure the demo shelf, and the full data where it is there."""
    heading("From nothing to serving (packages installed)")
    measure("demo shelf", [])
    if GOODBOOKS.is_dir():
        measure("full data", ["--data", str(GOODBOOKS)])
    else:
        print(f"  full data: not measured, {GOODBOOKS} is not there")


def measure(name: str, options: list[str]) -> None:
    """Prepare in a fresh folder, serve, and prepare again."""
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        port = free_port()
        environment = {**os.environ, "EPICML_VAR": folder, "PORT": str(port)}
        environment.pop("DATABASE_URL", None)
        prepared = manage(["demo", *options], environment)
        serving = seconds_to_serve(port, environment)
        again = manage(["demo", *options], environment)
    target = TARGET_SECONDS[name]
    total = prepared + serving
    parts = f"prepare {prepared:.1f} s, serve {serving:.1f} s"
    row(
        f"{name}: to the first answer",
        f"{total:.1f} s",
        compared_with=parts,
        target=f"< {target} s",
        met=total < target,
    )
    row(f"{name}: second run", f"{again:.1f} s", target=f"< {AGAIN_SECONDS} s", met=again < AGAIN_SECONDS)


def manage(arguments: list[str], environment: dict[str, str]) -> float:
    """Seconds that one management command takes."""
    started = time.perf_counter()
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def seconds_to_serve(port: int, environment: dict[str, str]) -> float:
    """Seconds from `manage.py serve` to the first answer that says everything is ready."""
    started = time.perf_counter()
    command = [sys.executable, "manage.py", "serve"]
    with (Path(environment["EPICML_VAR"]) / "serve.log").open("w") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/health/ready", started)
        return time.perf_counter() - started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def wait_until_ready(address: str, started: float) -> None:
    """Return with the first 200 of the address."""
    while time.perf_counter() - started < LONGEST_START:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    raise TimeoutError(f"{address} was not ready within {LONGEST_START} s.")


if __name__ == "__main__":
    main()
