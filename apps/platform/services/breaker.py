"""A part that failed is left alone for a while, so that its failure costs one request and not all of them.

Source: Nygard, Release It!, "Circuit Breaker".
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from apps.platform.services.errors import UnavailableError

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

T = TypeVar("T")
logger = logging.getLogger(__name__)


class CircuitOpenError(UnavailableError):
    """The part failed a moment ago and is not asked now."""

    code = "circuit_open"


class TimeLimitError(UnavailableError):
    """The answer did not come within the time that it may take."""

    code = "time_limit"


def call_with_timeout(seconds: float, work: Callable[[], T]) -> T:
    """Return what the work returns, or raise TimeLimitError; then it goes on by itself, and nobody waits for it.

    The time limits of a client do not bound the whole: each address and each answer has its own, and the look-up of a
    name has none.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            future.set_exception(error)

    threading.Thread(target=run, name="time-limit", daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError as error:
        if future.done():
            raise  # the work's own
        raise TimeLimitError(f"No answer within {seconds:g} s.") from error


class CircuitBreaker:
    """Opens at the first failure; after a pause one call, the probe, closes it or doubles the pause.

    One of a process, for all its threads. An answer that took longer than `slow_seconds` counts as a failure. What
    `counts` says no to is raised, and changes nothing.
    """

    def __init__(
        self,
        name: str,
        *,
        slow_seconds: float = float("inf"),
        first_pause: float = FIRST_PAUSE_SECONDS,
        longest_pause: float = LONGEST_PAUSE_SECONDS,
        counts: Callable[[Exception], bool] = lambda error: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._slow_seconds = slow_seconds
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._counts = counts
        self._clock = clock
        self._lock = threading.Lock()
        self._pause = 0.0  # 0 while it is closed
        self._opened_at = 0.0
        self._open_until = 0.0

    @property
    def open(self) -> bool:
        """Tell whether a call would be refused now."""
        return self._pause > 0 and self._clock() < self._open_until

    def call(self, work: Callable[[], T], *, proves: bool = True) -> T:
        """Return what the work returns. Work that does not prove that the part is well is never the probe.

        Raises:
            CircuitOpenError: it failed a moment ago, and was not called.
        """
        began = self._enter(may_probe=proves)
        try:
            result = work()
        except Exception as error:
            if self._counts(error):
                self._failed(error, began)
            else:
                self._answered(began)
            raise
        took = self._clock() - began
        if took > self._slow_seconds:
            self._failed(TimeLimitError(f"It took {took:.2f} s to answer."), began)
        else:
            self._answered(began)
        return result

    def trip(self, error: Exception) -> None:
        """Open it now, for a failure that was met outside of a call."""
        if not self.open:
            self._failed(error, self._clock())

    def _enter(self, *, may_probe: bool) -> float:
        with self._lock:
            now = self._clock()
            if self._pause > 0:
                if now < self._open_until or not may_probe:
                    raise CircuitOpenError(f"{self._name} failed a moment ago.")
                self._open_until = now + self._pause  # nobody else while this one asks
            return now

    def _failed(self, error: Exception, began: float) -> None:
        with self._lock:
            if self._pause > 0 and began <= self._opened_at:
                return  # it began before the failure that opened this, and says nothing new
            opened = self._pause == 0
            self._pause = min(self._pause * 2, self._longest_pause) or self._first_pause
            self._opened_at = self._clock()
            self._open_until = self._opened_at + self._pause
        if opened:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            logger.warning("%s is away and is left alone for a while (%s)", self._name, reason)

    def _answered(self, began: float) -> None:
        with self._lock:
            if self._pause == 0 or began <= self._opened_at:
                return
            self._pause = 0.0
        logger.warning("%s is back", self._name)
