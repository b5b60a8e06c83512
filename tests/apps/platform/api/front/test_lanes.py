import asyncio
import threading
import time

import pytest

from apps.platform.api.front.lanes import Lane, LaneFullError


def lane(*, threads: int = 1, waiting: int = 10, longest_wait_seconds: float = 10.0) -> Lane[object]:
    made: Lane[object] = Lane("test", threads=threads, waiting=waiting, longest_wait_seconds=longest_wait_seconds)
    made.start()
    return made


class TestSubmit:
    def test_answers_what_the_work_returns(self) -> None:
        async def ask() -> object:
            return await lane().submit(lambda: threading.current_thread().name)

        assert asyncio.run(ask()) == "test-0"

    def test_raises_what_the_work_raises_and_goes_on(self) -> None:
        def fail() -> None:
            raise KeyError("x")

        async def ask() -> object:
            own = lane()
            with pytest.raises(KeyError):
                await own.submit(fail)
            return await own.submit(lambda: "next")

        assert asyncio.run(ask()) == "next"

    def test_as_many_at_once_as_there_are_threads(self) -> None:
        running: list[int] = []
        most: list[int] = []

        def work() -> None:
            running.append(1)
            most.append(len(running))
            time.sleep(0.02)
            running.pop()

        async def ask() -> None:
            own = lane(threads=2)
            await asyncio.gather(*(own.submit(work) for _ in range(6)))

        asyncio.run(ask())

        assert max(most) == 2

    def test_full_queue_refuses_at_once(self) -> None:
        stop = threading.Event()

        async def ask() -> None:
            own = lane(waiting=2)
            futures = [own.submit(stop.wait)]
            await asyncio.sleep(0.05)  # the thread has taken it
            futures += [own.submit(stop.wait), own.submit(stop.wait)]
            with pytest.raises(LaneFullError):
                own.submit(stop.wait)
            stop.set()
            await asyncio.gather(*futures)

        asyncio.run(ask())

    def test_what_waited_too_long_is_refused_and_not_done(self) -> None:
        done: list[str] = []
        stop = threading.Event()

        async def ask() -> None:
            own = lane(longest_wait_seconds=0.02)
            first, second = own.submit(stop.wait), own.submit(lambda: done.append("second"))
            await asyncio.sleep(0.05)
            stop.set()
            await first
            with pytest.raises(LaneFullError):
                await second

        asyncio.run(ask())

        assert done == []

    def test_nobody_waits_any_more_so_it_is_not_done(self) -> None:
        done: list[str] = []
        stop = threading.Event()

        async def ask() -> None:
            own = lane()
            first, second = own.submit(stop.wait), own.submit(lambda: done.append("second"))
            second.cancel()
            stop.set()
            await first
            await own.submit(lambda: done.append("third"))

        asyncio.run(ask())

        assert done == ["third"]
