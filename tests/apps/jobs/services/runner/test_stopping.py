"""Signals reach a process, so each test has one of its own: a small program that says when it listens."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.jobs.services.runner.stopping import StopRequest

OVERDUE = 7  # the exit code with which the programs leave when their time is over
# A call of minutes that never comes back to the interpreter, as a product of large matrices is.
DEAF = "import hashlib; hashlib.pbkdf2_hmac('sha256', b'a', b'b', 10**9)"
PATIENT = "stop.wait(60); print('asked', stop.asked(), flush=True)"
STUBBORN = "stop.wait(60); print('asked', flush=True); import time; time.sleep(60)"


@contextmanager
def listening(task: str, *, grace: float) -> Iterator["subprocess.Popen[str]"]:
    program = f"""
import os
from apps.jobs.services.runner.stopping import StopRequest
stop = StopRequest()
stop.listen(grace_seconds={grace}, overdue=lambda: os._exit({OVERDUE}))
print("listens", flush=True)
{task}
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listens\n"
        try:
            yield process
        finally:
            process.kill()


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


class TestStopRequest:
    def test_answers_no_until_it_is_asked(self) -> None:
        stop = StopRequest()

        assert (stop.asked(), stop.wait(0)) == (False, False)
        stop.ask()
        assert (stop.asked(), stop.wait(60)) == (True, True)


class TestListen:
    def test_terminate_ends_the_pause_and_the_process_leaves_by_itself(self) -> None:
        with listening(PATIENT, grace=60) as process:
            process.send_signal(signal.SIGTERM)

            assert said(process) == "asked True\n"
            assert process.wait(timeout=20) == 0

    def test_interrupt_from_the_keyboard_asks_too(self) -> None:
        with listening(PATIENT, grace=60) as process:
            process.send_signal(signal.SIGINT)

            assert process.wait(timeout=20) == 0

    def test_task_that_hears_nothing_is_left_after_the_grace(self) -> None:
        with listening(DEAF, grace=0.3) as process:
            time.sleep(0.2)
            asked_at = time.monotonic()
            process.send_signal(signal.SIGTERM)

            assert process.wait(timeout=20) == OVERDUE
            assert time.monotonic() - asked_at >= 0.3

    def test_second_signal_does_not_wait_for_the_grace(self) -> None:
        with listening(STUBBORN, grace=3600) as process:
            process.send_signal(signal.SIGTERM)
            assert said(process) == "asked\n"
            process.send_signal(signal.SIGTERM)

            assert process.wait(timeout=20) == OVERDUE

    def test_other_signals_ask_nothing(self) -> None:
        with listening(f"import signal; signal.signal(signal.SIGUSR1, lambda *_: None); {STUBBORN}", grace=60) as alone:
            time.sleep(0.1)
            alone.send_signal(signal.SIGUSR1)
            time.sleep(0.2)
            assert alone.poll() is None
            alone.send_signal(signal.SIGTERM)

            assert said(alone) == "asked\n"
