import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from apps.platform.services import passwords
from apps.platform.services.passwords import HashingBusyError, OneAtATimeHasher, run_exclusively


class TestOneAtATimeHasher:
    def test_reads_and_writes_what_django_writes(self) -> None:
        ours, theirs = OneAtATimeHasher(), PBKDF2PasswordHasher()
        stored = theirs.encode("secret", "salt", 1000)
        assert ours.encode("secret", "salt", 1000) == stored
        assert ours.verify("secret", stored)
        assert not ours.verify("wrong", stored)
        assert ours.algorithm == theirs.algorithm


class TestRunExclusively:
    def test_runs_one_lets_one_wait_and_sends_the_others_away(self) -> None:
        running, most, lock = [0], [0], threading.Lock()

        def work() -> str:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            time.sleep(0.2)
            with lock:
                running[0] -= 1
            return "done"

        def ask(_: int) -> str:
            try:
                return run_exclusively(work)
            except HashingBusyError:
                return "busy"

        with ThreadPoolExecutor(8) as threads:
            answers = sorted(threads.map(ask, range(8)))
        assert answers == ["busy"] * 6 + ["done"] * 2
        assert most == [1]

    def test_waits_no_longer_than_it_may(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(passwords, "LONGEST_WAIT_SECONDS", 0.05)
        begun, end = threading.Event(), threading.Event()

        def work() -> str:
            begun.set()
            end.wait(10)
            return "first"

        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(run_exclusively, work)
            begun.wait(10)
            with pytest.raises(HashingBusyError):
                run_exclusively(lambda: "second")
            end.set()
            assert first.result() == "first"
        assert run_exclusively(lambda: "third") == "third"

    @pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
    def test_gives_way_to_the_threads_that_answer(self) -> None:
        def niceness() -> str:
            stat = Path(f"/proc/self/task/{threading.get_native_id()}/stat").read_text()
            return stat.rpartition(")")[2].split()[16]

        assert int(run_exclusively(niceness)) == passwords.NICENESS
        assert int(niceness()) < passwords.NICENESS
