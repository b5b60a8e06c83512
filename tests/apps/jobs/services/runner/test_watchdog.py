import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Runner
from apps.jobs.services.runner import watchdog
from apps.jobs.services.runner.loop import machine
from apps.jobs.services.runner.supervision import Child
from apps.jobs.services.runner.watchdog import PATIENCE_SECONDS, START_SECONDS, Watchdog
from tests.apps.jobs.clock import Clock

STEP_SECONDS = 5.0


@pytest.mark.django_db
class TestWatchdog:
    """The worker is a program that sleeps; what it says of itself is written here."""

    @pytest.fixture(autouse=True)
    def prepare(self, now: datetime) -> Iterator[None]:
        self.clock, self.seconds, self.said = Clock(now), 1000.0, list[str]()
        self.child = Child("worker for quick jobs", ["sleep", "60"])
        self.child.start(self.seconds)
        self.watchdog = Watchdog([self.child], clock=self.clock, say=self.said.append, monotonic=lambda: self.seconds)
        yield
        self.child.sweep()
        assert self.child.process is not None
        self.child.process.wait()

    def sign(self, problem: str = "") -> None:
        assert self.child.process is not None
        owner = f"celery@{machine()}:{self.child.process.pid}:ab"
        values = {"kind": "celery", "started_at": self.clock(), "seen_at": self.clock(), "problem": problem}
        Runner.objects.update_or_create(owner=owner, defaults=values)

    def pass_time(self, seconds: float, *, signs: bool = False, problem: str = "") -> None:
        for _ in range(int(seconds / STEP_SECONDS)):
            self.seconds += STEP_SECONDS
            self.clock.move(seconds=STEP_SECONDS)
            if signs:
                self.sign(problem)
            self.watchdog.look()

    def is_killed(self) -> bool:
        assert self.child.process is not None
        return bool(self.said) and self.child.process.wait(timeout=10) == -9

    def test_worker_that_gives_signs_is_left_alone(self) -> None:
        self.pass_time(600, signs=True)

        assert self.child.running

    def test_worker_that_never_gave_a_sign_is_killed(self) -> None:
        self.pass_time(START_SECONDS + PATIENCE_SECONDS - STEP_SECONDS)
        assert self.child.running

        self.pass_time(STEP_SECONDS)
        assert self.is_killed()
        assert self.said == [
            f"The worker for quick jobs (process {self.child.process.pid}) is killed: it gives no sign of life."  # type: ignore[union-attr]
        ]

    def test_worker_that_falls_silent_is_killed(self) -> None:
        self.pass_time(120, signs=True)
        self.pass_time(120)

        assert self.is_killed()

    def test_worker_that_says_it_hangs_is_killed(self) -> None:
        self.pass_time(120, signs=True)
        self.pass_time(PATIENCE_SECONDS + STEP_SECONDS, signs=True, problem="its loop stands still")

        assert self.is_killed()
        assert self.said[0].endswith("is killed: its loop stands still.")

    def test_worker_that_recovers_is_left_alone(self) -> None:
        self.pass_time(120, signs=True)
        for _ in range(3):
            self.pass_time(PATIENCE_SECONDS - STEP_SECONDS, signs=True, problem="its loop stands still")
            self.pass_time(STEP_SECONDS, signs=True)

        assert self.child.running

    def test_worker_is_not_to_blame_for_redis(self) -> None:
        self.pass_time(600, signs=True, problem="Redis does not answer")

        assert self.child.running

    def test_sign_of_a_clock_that_was_ahead_counts_for_nothing(self) -> None:
        self.pass_time(60, signs=True)
        self.clock.move(days=-700)
        self.pass_time(120)

        assert self.is_killed()

    def test_row_of_another_machine_counts_for_nothing(self) -> None:
        assert self.child.process is not None
        ahead = self.clock() + timedelta(seconds=110)
        Runner.objects.create(
            owner=f"celery@elsewhere:{self.child.process.pid}:ab", kind="celery", started_at=ahead, seen_at=ahead
        )
        self.pass_time(120)

        assert self.is_killed()


@pytest.mark.django_db(transaction=True)
class TestTurn:
    def test_looks_in_a_thread_of_its_own_and_kills_what_is_silent(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watchdog, "LOOK_EVERY_SECONDS", 0.02)
        monkeypatch.setattr(watchdog, "START_SECONDS", 0.1)
        monkeypatch.setattr(watchdog, "PATIENCE_SECONDS", 0.2)
        child = Child("job runner", ["sleep", "60"])
        child.start(time.monotonic())
        dog = Watchdog([child], clock=Clock(now), say=lambda _: None)
        end = time.monotonic() + 20
        while child.running and time.monotonic() < end:
            dog.turn()
            time.sleep(0.02)

        assert child.process is not None
        assert child.process.poll() == -9
