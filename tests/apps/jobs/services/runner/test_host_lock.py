import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.jobs.services.runner import host_lock
from apps.jobs.services.runner.host_lock import Holder, HostLock, holder_of, lock_path

HOLDING = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def var_dir(tmp_path: Path, settings: Settings) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


@contextmanager
def another_process(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """It holds the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


class TestHostLock:
    def test_is_held_by_one_at_a_time(self) -> None:
        first, second = HostLock("a"), HostLock("a")
        assert (first.take("one"), second.take("two")) == (True, False)
        assert (first.is_held(), second.is_held()) == (True, False)
        first.release()
        assert (second.take("two"), first.is_held()) == (True, False)
        second.release()

    def test_of_another_name_is_another_one(self) -> None:
        first, second = HostLock("a"), HostLock("b")
        assert (first.take("one"), second.take("one")) == (True, True)
        first.release()
        second.release()

    def test_is_free_as_soon_as_the_holder_is_killed(self) -> None:
        lock = HostLock("a")
        with another_process(lock_path("a")) as process:
            assert not lock.take("one")
            process.kill()
            process.wait()
            assert lock.take("one")
        lock.release()

    def test_is_not_held_any_more_where_its_file_is_gone(self) -> None:
        """Else whoever makes the file anew would hold it too, and nobody would know."""
        lock = HostLock("a")
        lock.take("one")
        lock_path("a").unlink()
        assert not lock.is_held()
        lock.release()
        assert lock.take("one")
        lock.release()


class TestHolderOf:
    def test_is_nobody_where_nobody_ever_was_and_where_who_was_is_gone(self) -> None:
        assert holder_of("a") is None
        lock = HostLock("a")
        lock.take("one")
        lock.release()
        assert holder_of("a") is None

    def test_reads_what_the_holder_notes_and_a_later_note_alone(self) -> None:
        lock = HostLock("a")
        lock.take("one")
        assert holder_of("a") == Holder("one")
        lock.note(Holder("one", "The disk is full, and this is a long sentence."))
        lock.note(Holder("one", "Short."))
        assert holder_of("a") == Holder("one", "Short.")
        lock.release()

    @pytest.mark.parametrize("letter", ["x", '"', "é", "書", "\U0001f4d6", "\n"], ids=repr)
    def test_cuts_a_problem_that_is_too_long_and_stays_readable(self, letter: str) -> None:
        lock = HostLock("a")
        lock.take("o" * 100)
        lock.note(Holder("o" * 100, letter * 5000))
        assert holder_of("a") == Holder("o" * 100, letter * host_lock.LONGEST_PROBLEM)
        lock.release()

    def test_is_somebody_who_cannot_write_where_there_is_no_note(self) -> None:
        with another_process(lock_path("a")):
            assert holder_of("a") == Holder("", host_lock.UNREADABLE)
