"""Keep child processes running, and leave none behind."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from django.conf import settings

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a child that lived this long starts again at once
POLL_SECONDS = 0.1
PR_SET_PDEATHSIG = 1
# Loaded here: in a child that was forked while another thread ran, the loader's lock may be held for ever.
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True)
class Child:
    """A process to keep running. When an essential one ends, all end."""

    name: str
    command: Sequence[str]
    essential: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS

    def start(self, now: float) -> None:
        """Start it in a session of its own, to be told to stop when this process dies, however it dies."""
        self.started_at = now
        self.process = subprocess.Popen(  # noqa: S603 - the command is ours
            self.command,
            cwd=settings.BASE_DIR,
            env={**os.environ, **self.environment},
            start_new_session=True,
            preexec_fn=_stop_with_parent if sys.platform == "linux" else None,
        )

    def signal(self, number: signal.Signals) -> None:
        """Signal the child itself, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def sweep(self) -> None:
        """Kill all that is left of its session."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts children, restarts those that crash with growing pauses, and stops all together."""

    def __init__(self, children: Sequence[Child], *, say: Callable[[str], None]) -> None:
        self._children = children
        self._say = say
        self._stop_asked = False

    def ask_to_stop(self, *_: object) -> None:
        """End the loop at its next look."""
        self._stop_asked = True

    def run(self, *, grace_seconds: float, each_turn: Callable[[], None] = lambda: None) -> int:
        """Keep the children running, and stop them; 0 if that was asked for, 1 if an essential one ended by itself."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_stop)
        try:
            for child in self._children:
                child.start(time.monotonic())
            return self._watch(each_turn)
        finally:
            self._stop(grace_seconds)

    def _watch(self, each_turn: Callable[[], None]) -> int:
        while not self._stop_asked:
            for child in self._children:
                if child.running:
                    continue
                if child.essential:
                    self._say(f"The {child.name} has ended by itself (exit code {_code(child)}); stopping.")
                    return 1
                self._start_again(child, now=time.monotonic())
            each_turn()
            time.sleep(POLL_SECONDS)
        return 0

    def _start_again(self, child: Child, *, now: float) -> None:
        if child.process is not None:
            steady = now - child.started_at >= STEADY_SECONDS
            child.pause = FIRST_PAUSE_SECONDS if steady else min(child.pause * 2, LONGEST_PAUSE_SECONDS)
            child.start_at = now + (0 if steady else child.pause / 2)
            self._say(f"The {child.name} has ended (exit code {_code(child)}); starting it again.")
            child.sweep()
            child.process = None
        if now >= child.start_at:
            child.start(now)

    def _stop(self, grace_seconds: float) -> None:
        for child in self._children:
            child.signal(signal.SIGTERM)
        end = time.monotonic() + grace_seconds
        while any(child.running for child in self._children) and time.monotonic() < end:
            time.sleep(POLL_SECONDS / 2)
        for child in self._children:
            child.sweep()
            if child.process is not None:
                child.process.wait()


def _code(child: Child) -> int | None:
    return child.process.returncode if child.process is not None else None


def _stop_with_parent() -> None:
    """Have the kernel send this child SIGTERM when its parent dies, even by SIGKILL; called before its program runs."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def manage_command(name: str, *options: str) -> list[str]:
    """Return a management command of this project, run by this Python."""
    return [sys.executable, "-m", "django", name, *options]
