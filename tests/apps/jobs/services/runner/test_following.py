import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import OperationalError
from pytest_django import Settings

from apps.jobs.services.runner import following
from apps.jobs.services.runner.following import Follower, HostTurn, follower_here, register_follower
from apps.jobs.services.runner.host_lock import Holder, lock_path
from apps.jobs.services.runner.stopping import StopRequest
from apps.platform.services.errors import UnavailableError
from tests.apps.jobs.clock import Clock

PATIENCE_SECONDS = 20.0


class AwayError(UnavailableError):
    """What it follows is not there."""

    code = "away"


class Counting:
    """Does what each of these does, one a turn, and nothing from then on; counts its turns."""

    def __init__(self, *acts: Callable[[HostTurn], object]) -> None:
        self._acts = list(acts)
        self.turns = 0

    def turn(self, turn: HostTurn) -> bool:
        self.turns += 1
        return self._acts.pop(0)(turn) is not False if self._acts else True


def fail_with(error: Exception) -> Callable[[HostTurn], None]:
    def fail(turn: HostTurn) -> None:
        raise error

    return fail


class Process:
    """A process of this host that follows, as a thread of this one."""

    def __init__(self, owner: str, now: datetime, *, busy: bool = False) -> None:
        self.stop = StopRequest()
        self._owner, self._now, self._busy = owner, now, busy
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with following.following(owner=self._owner, stop=self.stop, clock=Clock(self._now), busy=self._busy):
            self.stop.wait(PATIENCE_SECONDS)

    def start(self) -> "Process":
        self._thread.start()
        return self

    def end(self) -> None:
        self.stop.ask()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, "It did not happen."
        time.sleep(0.005)


def follows(owner: str) -> Callable[[], bool]:
    return lambda: (here := follower_here("sample")) is not None and here.owner == owner


@pytest.fixture(autouse=True)
def quickly(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """No follower but the test's, in a folder of its own, with turns that come fast."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(following, "_followers", {})
    monkeypatch.setattr(following, "TURN_SECONDS", 0.002)
    monkeypatch.setattr(following, "STAND_BY_SECONDS", 0.005)
    monkeypatch.setattr(following, "FIRST_PAUSE_SECONDS", 0.002)


@pytest.fixture
def run(now: datetime) -> Iterator[Callable[..., Process]]:
    """Start a process with these followers; all are ended with the test."""
    started: list[Process] = []

    def start(owner: str, *, make: Callable[[], Follower] | None = None, busy: bool = False) -> Process:
        if make is not None:
            register_follower("sample", make)
        started.append(Process(owner, now, busy=busy).start())
        return started[-1]

    yield start
    for process in started:
        process.end()


class TestFollowing:
    def test_gives_turns_until_the_process_stops(self, run: Callable[..., Process]) -> None:
        follower = Counting()
        process = run("one", make=lambda: follower)
        wait_for(lambda: follower.turns > 3)
        assert follower_here("sample") == Holder("one")
        process.end()
        turns = follower.turns
        time.sleep(0.05)
        assert (follower.turns, follower_here("sample")) == (turns, None)

    def test_starts_nothing_where_nobody_registered(self, run: Callable[..., Process]) -> None:
        before = threading.active_count()
        run("one")
        time.sleep(0.02)
        assert threading.active_count() == before + 1  # that of the test

    def test_one_process_follows_and_another_takes_over_with_a_follower_of_its_own(
        self, run: Callable[..., Process]
    ) -> None:
        made: list[Counting] = []

        def make() -> Counting:
            made.append(Counting())
            return made[-1]

        first = run("one", make=make)
        wait_for(follows("one"))
        run("two")
        wait_for(lambda: made[0].turns > 3)
        assert len(made) == 1
        first.end()
        wait_for(follows("two"))
        wait_for(lambda: len(made) == 2 and made[1].turns > 1)

    def test_a_busy_process_lets_others_go_first(
        self, run: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(following, "BUSY_WAIT_SECONDS", 0.3)
        run("busy", make=Counting, busy=True)
        time.sleep(0.05)
        assert follower_here("sample") is None
        free = run("free")
        wait_for(follows("free"))
        time.sleep(0.4)
        assert follows("free")()
        free.end()
        wait_for(follows("busy"))

    def test_stands_by_again_where_its_lock_was_removed(self, run: Callable[..., Process]) -> None:
        run("one", make=Counting)
        wait_for(follows("one"))
        lock_path("sample").unlink()
        wait_for(follows("one"))

    def test_waits_for_a_folder_in_which_it_may_write(
        self, run: Callable[..., Process], tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        lock_path("sample").parent.write_text("no folder")
        run("one", make=Counting)
        wait_for(lambda: "sample: Nobody can follow: File exists" in caplog.text)
        lock_path("sample").parent.unlink()
        wait_for(follows("one"))
        assert caplog.text.count("Nobody can follow") == 1

    def test_leaves_a_turn_between_two_steps_when_it_is_asked_to_stop(self, run: Callable[..., Process]) -> None:
        entered = threading.Event()

        def work(turn: HostTurn) -> None:
            entered.set()
            while True:
                turn.stop_if_asked()
                time.sleep(0.001)

        process = run("one", make=lambda: Counting(work))
        assert entered.wait(PATIENCE_SECONDS)
        process.end()

    def test_tells_the_time_of_the_ledger(self, run: Callable[..., Process], now: datetime) -> None:
        told: list[datetime] = []
        run("one", make=lambda: Counting(lambda turn: told.append(turn.now())))
        wait_for(lambda: told == [now])


class TestATurnThatFails:
    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (AwayError("The index is away."), "The index is away."),
            (OperationalError("server closed the connection"), "The database does not answer (OperationalError)."),
            (OSError(28, "No space left on device"), "OSError: No space left on device at test_following.py:"),
            (ZeroDivisionError("of 3 and a secret"), "ZeroDivisionError at test_following.py:"),
        ],
        ids=["known", "database", "disk", "unknown"],
    )
    def test_is_told_once_and_tried_again(
        self, run: Callable[..., Process], caplog: pytest.LogCaptureFixture, error: Exception, said: str
    ) -> None:
        follower = Counting(*[fail_with(error)] * 4)
        caplog.set_level(logging.INFO, following.__name__)
        run("one", make=lambda: follower)
        wait_for(lambda: follower.turns > 5)
        lines = [record.getMessage() for record in caplog.records if record.name == following.__name__]
        assert len(lines) == 2, lines
        assert lines[0].startswith(f"sample: {said}")
        assert lines[1] == "sample is followed again."
        assert "secret" not in lines[0]
        assert follower_here("sample") == Holder("one")

    def test_is_known_to_other_processes_as_long_as_it_does(
        self, run: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(following, "FIRST_PAUSE_SECONDS", 0.2)
        run("one", make=lambda: Counting(fail_with(AwayError("It is away."))))
        wait_for(lambda: follower_here("sample") == Holder("one", "It is away."))
        wait_for(lambda: follower_here("sample") == Holder("one"))

    def test_is_not_forgotten_where_another_process_is_at_it(
        self, run: Callable[..., Process], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, following.__name__)
        fail = fail_with(AwayError("It is away."))
        follower = Counting(fail, lambda turn: False, fail, lambda turn: False)
        run("one", make=lambda: follower)
        wait_for(lambda: follower.turns > 5)
        assert [caplog.text.count(said) for said in ("It is away.", "followed again")] == [1, 1]

    def test_is_tried_less_and_less_often_and_the_pause_has_an_end(
        self, run: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(following, "FIRST_PAUSE_SECONDS", 0.02)
        monkeypatch.setattr(following, "LONGEST_PAUSE_SECONDS", 0.1)
        times: list[float] = []

        def fail(turn: HostTurn) -> None:
            times.append(time.monotonic())
            raise AwayError("It is away.")

        run("one", make=lambda: Counting(*[fail] * 100))
        wait_for(lambda: len(times) == 6)
        pauses = [later - earlier for earlier, later in pairwise(times)]
        assert all(pause >= least for pause, least in zip(pauses, (0.02, 0.04, 0.08, 0.1, 0.1), strict=True))
