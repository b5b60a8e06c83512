"""Children are small shell programs. Whether one lives, with all that it started, says a named pipe that it holds."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from apps.jobs.services.runner.supervision import (
    LONGEST_PAUSE_SECONDS,
    STEADY_SECONDS,
    Child,
    Supervisor,
    manage_command,
)

pytestmark = pytest.mark.usefixtures("keep_signals")

PATIENCE_SECONDS = 20.0


class Line:
    """A named pipe: programs write into it, and it ends when none is left that could."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.said: list[str] = []

    def hear(self, *, wait: float = 0.0) -> bool:
        """Whether something new was said; an end is nothing."""
        words = (self._read(wait) or b"").decode().split()
        self.said += words
        return bool(words)

    def ends(self) -> bool:
        """Whether everybody at the other end is gone, waited for."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if self._read(0.05) == b"":
                return True
        return False

    def _read(self, wait: float) -> bytes | None:
        """What was written; nothing at all at an end, None while somebody could still write.

        An end may be over by the time it is read: the next program opened the pipe in between.
        """
        if not select.select([self._reading], [], [], wait)[0]:
            return None
        try:
            return os.read(self._reading, 4096)
        except BlockingIOError:
            return None

    def close(self) -> None:
        os.close(self._reading)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    pipe = Line(tmp_path / "line")
    yield pipe
    pipe.close()


def shell(name: str, program: str, *, essential: bool = False, pause: float = 0.1, **environment: str) -> Child:
    return Child(name, ["sh", "-c", program], essential=essential, pause=pause, environment=environment)


def supervise(
    *children: Child, until: Callable[[], bool] = lambda: False, grace: float = PATIENCE_SECONDS
) -> tuple[int, list[str]]:
    """Run until this is so, then ask to stop; the exit code and what the supervisor said."""
    said: list[str] = []
    supervisor = Supervisor(children, say=said.append)
    end = time.monotonic() + PATIENCE_SECONDS

    def look() -> None:
        assert time.monotonic() < end, "It did not happen."
        if until():
            supervisor.ask_to_stop()

    return supervisor.run(grace_seconds=grace, each_turn=look), said


class TestSupervisor:
    def test_dead_child_is_started_again_and_the_others_go_on(self, line: Line) -> None:
        dies = shell("runner", 'exec 3>"$LINE"; echo born >&3; exit 3', LINE=str(line.path))
        lives = shell("relay", "exec sleep 60")
        code, said = supervise(dies, lives, until=lambda: line.hear() and line.said.count("born") == 2)

        assert code == 0
        assert set(said) == {"The runner has ended (exit code 3); starting it again."}

    def test_child_that_a_signal_killed_is_started_again(self, line: Line) -> None:
        child = shell("runner", 'exec 3>"$LINE"; echo born >&3; exec sleep 60', LINE=str(line.path))

        def both_lived() -> bool:
            if line.hear() and len(line.said) == 1:
                child.signal(signal.SIGKILL)
            return len(line.said) == 2

        assert supervise(child, until=both_lived) == (
            0,
            ["The runner has ended (exit code -9); starting it again."],
        )

    def test_pause_before_a_restart_doubles(self, line: Line) -> None:
        child = shell("runner", 'exec 3>"$LINE"; echo born >&3', pause=0.4, LINE=str(line.path))
        born: list[float] = []

        def third_time() -> bool:
            if line.hear():
                born.append(time.monotonic())
            return len(born) == 3

        supervise(child, until=third_time)
        first, second = born[1] - born[0], born[2] - born[1]

        assert 0.3 <= first < second
        assert second >= 0.7

    def test_child_that_was_steady_is_started_again_without_the_long_pause(self, line: Line) -> None:
        child = shell("runner", 'exec 3>"$LINE"; echo born >&3; exec sleep 60', pause=3600, LINE=str(line.path))

        def both_lived() -> bool:
            if line.hear() and len(line.said) == 1:
                child.started_at -= STEADY_SECONDS
                child.signal(signal.SIGKILL)
            return len(line.said) == 2

        started = time.monotonic()
        assert supervise(child, until=both_lived)[0] == 0
        assert time.monotonic() - started < LONGEST_PAUSE_SECONDS / 2

    def test_what_a_dead_child_left_behind_is_gone_before_the_next(self, line: Line) -> None:
        program = 'exec 3>"$LINE"; sleep 60 & echo born >&3; exit 1'
        supervise(shell("runner", program, LINE=str(line.path)), until=lambda: line.hear() and len(line.said) == 2)

        assert line.ends()

    def test_essential_child_that_ends_ends_all(self, line: Line) -> None:
        web = shell("web server", "exit 4", essential=True)
        runner = shell("runner", 'exec 3>"$LINE"; echo born >&3; exec sleep 60', LINE=str(line.path))
        code, said = supervise(runner, web)

        assert code == 1
        assert said == ["The web server has ended by itself (exit code 4); stopping."]
        assert line.ends()

    def test_terminate_reaches_every_child_and_is_waited_for(self, line: Line) -> None:
        program = (
            'exec 3>"$LINE"; trap "sleep 0.2; echo clean >&3; exit 0" TERM; echo born >&3; while :; do sleep 0.02; done'
        )
        children = [shell("runner", program, LINE=str(line.path)) for _ in range(3)]

        def all_there() -> bool:
            if line.hear() and line.said.count("born") == 3:
                os.kill(os.getpid(), signal.SIGTERM)
            return False

        code, said = supervise(*children, until=all_there)
        while line.hear(wait=0.2):
            pass

        assert (code, said) == (0, [])
        assert line.said.count("clean") == 3
        assert [child.running for child in children] == [False, False, False]

    def test_child_that_does_not_hear_is_killed_after_the_grace_with_all_it_started(self, line: Line) -> None:
        program = 'exec 3>"$LINE"; trap "" TERM; sleep 60 & echo born >&3; while :; do sleep 0.02; done'
        started = time.monotonic()
        code, _ = supervise(shell("runner", program, LINE=str(line.path)), until=line.hear, grace=0.3)

        assert code == 0
        assert 0.3 <= time.monotonic() - started < PATIENCE_SECONDS
        assert line.ends()

    def test_command_that_does_not_exist_leaves_no_child_behind(self, line: Line) -> None:
        lives = shell("runner", 'exec 3>"$LINE"; exec sleep 60', LINE=str(line.path))
        with pytest.raises(FileNotFoundError):
            supervise(lives, Child("web server", ["no-such-program"]))

        assert not lives.running

    @pytest.mark.skipif(sys.platform != "linux", reason="Only Linux tells a child that its parent died.")
    def test_children_stop_when_the_supervisor_itself_is_killed(self, line: Line) -> None:
        program = f"""
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.apps.jobs.sample.settings"
from apps.jobs.services.runner.supervision import Child, Supervisor
command = ["sh", "-c", "exec 3>{line.path}; echo born >&3; exec sleep 60"]
Supervisor([Child("runner", command)], say=print).run(grace_seconds=60)
"""
        with subprocess.Popen([sys.executable, "-c", program], cwd=settings.BASE_DIR) as supervisor:
            try:
                assert line.hear(wait=PATIENCE_SECONDS)
            finally:
                supervisor.kill()

        assert line.ends()


class TestManageCommand:
    def test_is_run_by_this_python(self) -> None:
        assert manage_command("runjobs", "--grace", "5") == [sys.executable, "-m", "django", "runjobs", "--grace", "5"]
