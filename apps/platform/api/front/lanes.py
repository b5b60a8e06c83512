"""Threads for requests of one kind, so that a slow kind never takes those of another."""

import asyncio
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")
Work = Callable[[], T]


class LaneFullError(Exception):
    """More wait than can be answered in time."""


class Lane(Generic[T]):
    """A number of threads and a bounded queue before them."""

    def __init__(self, name: str, *, threads: int, waiting: int, longest_wait_seconds: float = 10.0) -> None:
        self.name = name
        self._threads = threads
        self._waiting = waiting
        self._longest_wait = longest_wait_seconds
        self._queue: SimpleQueue[tuple[Work[T], float, asyncio.Future[T]]] = SimpleQueue()

    def start(self) -> None:
        """Start the threads, which wait for work until the process ends."""
        for number in range(self._threads):
            threading.Thread(target=self._run, name=f"{self.name}-{number}", daemon=True).start()

    def submit(self, work: Work[T]) -> asyncio.Future[T]:
        """Let one of the threads do the work, and return what it will return.

        Raises:
            LaneFullError: at once where the queue is full, else from the future when nobody took it in time.
        """
        if self._queue.qsize() >= self._waiting:
            raise LaneFullError(self.name)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put((work, time.monotonic(), future))
        return future

    def _run(self) -> None:
        while True:
            work, put_at, future = self._queue.get()
            if future.cancelled():
                continue
            if time.monotonic() - put_at > self._longest_wait:
                _settle(future, error=LaneFullError(self.name))
                continue
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - the thread must live, and who waits gets it
                _settle(future, error=error)
            else:
                _settle(future, result)


def _settle(future: asyncio.Future[T], result: T | None = None, *, error: BaseException | None = None) -> None:
    def settle() -> None:
        if future.done():  # who waited is gone
            return
        if error is None:
            future.set_result(result)  # type: ignore[arg-type]
        else:
            future.set_exception(error)

    try:
        future.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:  # the loop is closed: the process ends
        return
