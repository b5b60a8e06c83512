"""Stop a runner softly: ask the task to stop at its next step, then give its job back and leave."""

import os
import select
import signal
import threading
from collections.abc import Callable

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """Whether this process is asked to stop. `listen` makes SIGTERM and SIGINT ask."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def ask(self) -> None:
        """Make the answer yes from now on."""
        self._asked.set()

    def asked(self) -> bool:
        """Tell whether to stop."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but not past the request to stop; return whether there is one."""
        return self._asked.wait(seconds)

    def listen(self, *, grace_seconds: float, overdue: Callable[[], None]) -> None:
        """Let SIGTERM and SIGINT ask to stop; after the grace, or at a second signal, call `overdue`.

        Python runs signal handlers between two instructions of the main thread, and a task may spend minutes inside one
        (a matrix product). So a thread reads the signals, from a pipe to which the interpreter writes at once.
        """
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        watch = threading.Thread(target=self._watch, args=(reading, grace_seconds, overdue), daemon=True)
        watch.start()

    def _watch(self, reading: int, grace_seconds: float, overdue: Callable[[], None]) -> None:
        _next_signal(reading, timeout=None)
        self.ask()
        _next_signal(reading, timeout=grace_seconds)
        overdue()


def _next_signal(reading: int, *, timeout: float | None) -> None:
    while select.select([reading], [], [], timeout)[0]:
        if os.read(reading, 1)[0] in SIGNALS:
            return
