"""How a benchmark says what it measured: the figure, what it is compared with, the target, and the verdict."""

import os
import platform
from datetime import UTC, datetime


def heading(title: str) -> None:
    """Print what is measured, when and on what, so that a pasted result can be judged."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    print(f"\n{title}\n{now}, Python {platform.python_version()}, {cores()} cores\n")


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def row(name: str, figure: str, *, compared_with: str = "", target: str = "", met: bool | None = None) -> None:
    """Print one measured figure."""
    verdict = {True: "reached", False: "NOT REACHED", None: ""}[met]
    goal = f"target {target}" if target else ""
    print(f"  {name:<46} {figure:>16}  {compared_with:<44} {goal:<24} {verdict}".rstrip(), flush=True)
