"""How many hops the four flows take through the code: `python -m benchmarks.flow_hops [--checkout FOLDER]`.

Each flow is run once in this process over the demo's data, warm, while every call of a function of the project is
noted. A hop is a change from one module to another; modules and functions are counted once each. Another checkout is
measured alike, with what that one's commands prepare, so that before and after can be compared.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
OURS = ("apps", "epicml", "config")
KEY_SCOPES = ["search:read", "catalog:write", "recommendations:read"]
RUN = "import runpy, sys; sys.argv[:] = ['flow_hops', '--inside']; runpy.run_path({script!r}, run_name='__main__')"


class Trace:
    """Calls into the project while it is on: how often the module changed, and which modules and functions ran."""

    def __init__(self, root: Path) -> None:
        self._folders = tuple(f"{root / name}{os.sep}" for name in OURS)
        self.modules: set[str] = set()
        self.functions: set[tuple[str, int]] = set()
        self.hops = 0
        self._last = ""

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """What sys.setprofile calls."""
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(self._folders) or code.co_name.startswith("<"):
            return
        self.modules.add(code.co_filename)
        self.functions.add((code.co_filename, code.co_firstlineno))
        self.hops += code.co_filename != self._last
        self._last = code.co_filename

    def of(self, act: Callable[[], object]) -> dict[str, int]:
        """The counts of what this does."""
        self.modules.clear()
        self.functions.clear()
        self.hops, self._last = 0, ""
        sys.setprofile(self)
        try:
            act()
        finally:
            sys.setprofile(None)
        return {"modules": len(self.modules), "functions": len(self.functions), "hops": self.hops}


def main() -> None:
    """Prepare the demo's data in a folder of this run, then trace each flow over it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkout", type=Path, default=PROJECT, help="another checkout to measure")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        print(json.dumps(_counts()))
        return
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        environment = {**os.environ, "EPICML_VAR": folder}
        manage = [sys.executable, "manage.py"]
        for command in (["demo"], ["shell", "-c", RUN.format(script=str(Path(__file__)))]):
            done = subprocess.run(
                [*manage, *command], cwd=asked.checkout, env=environment, stdout=subprocess.PIPE, text=True, check=True
            )
    counts = json.loads(done.stdout.strip().splitlines()[-1])
    print("  flow                      modules  functions  hops")
    for flow, found in counts.items():
        print(f"  {flow:24}  {found['modules']:7,}  {found['functions']:9,}  {found['hops']:,}")


def _counts() -> dict[str, dict[str, int]]:
    from django.core.management import call_command
    from django.test import Client
    from django.utils import timezone

    from apps.platform.services.api_keys import create_api_key
    from apps.readers.selectors import sample_readers

    key = create_api_key(name="hops", scopes=KEY_SCOPES, requests_per_minute=10_000, now=timezone.now())
    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {key.secret}"})
    reader = sample_readers(per_band=1)[2].key
    books = {"books": [{"key": "hop-1", "title": "A hop", "authors": ["A. Hopper"], "language": "en"}]}

    def get(path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200, answer.content

    def save() -> None:
        answer = client.put("/api/v1/books", books, content_type="application/json")
        assert answer.status_code == 200, answer.content
        call_command("runjobs", "--until-empty")

    def train() -> None:
        call_command("train_recommender", "--promote", "--json")

    flows: dict[str, Callable[[], None]] = {
        "typed text": lambda: get("/api/v1/suggest?q=the+ma&age_band=adult"),
        "reader to list": lambda: get(f"/api/v1/readers/{reader}/recommendations"),
        "saved book": save,
        "snapshot to promotion": train,
    }
    get("/api/v1/suggest?q=the&age_band=adult")
    get(f"/api/v1/readers/{reader}/recommendations")
    root = Path.cwd()
    return {flow: Trace(root).of(act) for flow, act in flows.items()}


if __name__ == "__main__":
    main()
