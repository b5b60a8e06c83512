import logging
import threading
import time

import pytest

from apps.platform.services.breaker import CircuitBreaker, CircuitOpenError, TimeLimitError, call_with_timeout


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Part:
    """What is called: it works, or fails, and takes its time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls = 0
        self.works = False
        self.takes = 0.0

    def __call__(self) -> str:
        self.calls += 1
        self.clock.seconds += self.takes
        if not self.works:
            raise ConnectionRefusedError("nobody listens")
        return "answer"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def part(clock: Clock) -> Part:
    return Part(clock)


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("The part", slow_seconds=0.5, first_pause=1, longest_pause=8, clock=clock)


def fails(breaker: CircuitBreaker, part: Part) -> None:
    with pytest.raises(ConnectionRefusedError):
        breaker.call(part)


def is_refused(breaker: CircuitBreaker, part: Part) -> bool:
    calls = part.calls
    try:
        breaker.call(part)
    except CircuitOpenError:
        return part.calls == calls
    except ConnectionRefusedError:
        pass
    return False


class TestCircuitBreaker:
    def test_one_failure_costs_one_call(self, breaker: CircuitBreaker, part: Part) -> None:
        fails(breaker, part)
        assert [is_refused(breaker, part) for _ in range(50)] == [True] * 50
        assert breaker.open

    def test_the_pause_doubles_up_to_the_longest(self, breaker: CircuitBreaker, part: Part, clock: Clock) -> None:
        fails(breaker, part)
        for pause in (1, 2, 4, 8, 8, 8):
            clock.seconds += pause - 0.01
            assert is_refused(breaker, part)
            clock.seconds += 0.01
            fails(breaker, part)

    def test_one_probe_closes_it_and_the_next_failure_starts_small(
        self, breaker: CircuitBreaker, part: Part, clock: Clock
    ) -> None:
        fails(breaker, part)
        clock.seconds += 1
        fails(breaker, part)
        clock.seconds += 2
        part.works = True
        assert [breaker.call(part), breaker.call(part)] == ["answer", "answer"]
        part.works = False
        fails(breaker, part)
        clock.seconds += 1
        fails(breaker, part)

    def test_while_one_probes_the_others_are_refused(self, breaker: CircuitBreaker, part: Part, clock: Clock) -> None:
        fails(breaker, part)
        clock.seconds += 1
        part.works = True
        seen: list[bool] = []

        def probe() -> None:
            seen.extend(is_refused(breaker, part) for _ in range(3))

        breaker.call(probe)
        assert seen == [True, True, True]
        assert breaker.call(part) == "answer"

    def test_a_probe_that_never_came_back_is_replaced(self, breaker: CircuitBreaker, part: Part, clock: Clock) -> None:
        class Killed(BaseException):
            pass

        def die() -> None:
            raise Killed

        fails(breaker, part)
        clock.seconds += 1
        with pytest.raises(Killed):
            breaker.call(die)
        part.works = True
        assert is_refused(breaker, part)
        clock.seconds += 1
        assert breaker.call(part) == "answer"

    def test_work_that_proves_nothing_is_no_probe(self, breaker: CircuitBreaker, part: Part, clock: Clock) -> None:
        """A Redis that is full answers every read."""
        fails(breaker, part)
        clock.seconds += 1
        part.works = True
        with pytest.raises(CircuitOpenError):
            breaker.call(part, proves=False)
        assert breaker.call(part) == "answer"
        assert breaker.call(part, proves=False) == "answer"

    def test_an_answer_that_is_too_slow_is_given_and_counts(
        self, breaker: CircuitBreaker, part: Part, clock: Clock
    ) -> None:
        part.works, part.takes = True, 0.6
        assert breaker.call(part) == "answer"
        assert is_refused(breaker, part)

    def test_failures_that_come_together_count_once(self, breaker: CircuitBreaker, part: Part, clock: Clock) -> None:
        def fail_after_another() -> None:
            fails(breaker, part)
            raise ConnectionRefusedError

        with pytest.raises(ConnectionRefusedError):
            breaker.call(fail_after_another)
        clock.seconds += 1
        part.works = True
        assert breaker.call(part) == "answer"

    def test_a_call_that_began_before_the_failure_does_not_close_it(self, breaker: CircuitBreaker, part: Part) -> None:
        breaker.call(lambda: fails(breaker, part))
        assert is_refused(breaker, part)

    def test_errors_that_do_not_count_leave_it_closed(self, clock: Clock, part: Part) -> None:
        breaker = CircuitBreaker("The part", counts=lambda error: isinstance(error, TimeoutError), clock=clock)
        fails(breaker, part)
        fails(breaker, part)
        assert not breaker.open

    def test_says_when_it_opens_and_when_it_is_back_and_nothing_between(
        self, breaker: CircuitBreaker, part: Part, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        fails(breaker, part)
        for _ in range(20):
            is_refused(breaker, part)
            clock.seconds += 1
        part.works = True
        clock.seconds += 8
        breaker.call(part)
        assert [record.getMessage() for record in caplog.records] == [
            "The part is away and is left alone for a while (ConnectionRefusedError: nobody listens)",
            "The part is back",
        ]

    def test_many_threads_call_a_part_that_fell_once(self, breaker: CircuitBreaker, part: Part, clock: Clock) -> None:
        fails(breaker, part)
        clock.seconds += 1
        threads = [threading.Thread(target=is_refused, args=(breaker, part)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert part.calls == 2


class TestCallWithTimeout:
    def test_returns_what_the_work_returns(self) -> None:
        assert call_with_timeout(5, lambda: "answer") == "answer"

    def test_raises_what_the_work_raises(self) -> None:
        def fail() -> None:
            raise TimeoutError("the work's own")

        with pytest.raises(TimeoutError, match="the work's own"):
            call_with_timeout(5, fail)

    def test_nobody_waits_longer_than_the_limit(self) -> None:
        never = threading.Event()
        began = time.monotonic()
        with pytest.raises(TimeLimitError, match=r"^No answer within 0\.05 s\.$"):
            call_with_timeout(0.05, never.wait)
        assert time.monotonic() - began < 20  # not for ever, on a busy machine too
        never.set()
