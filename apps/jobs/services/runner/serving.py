"""What serves, under one supervisor: web workers and job runners on one machine, or Celery workers behind Redis."""

import http.client
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from apps.jobs.services.runner.supervision import Child, Supervisor, manage_command
from apps.jobs.services.runner.watchdog import Watchdog
from apps.jobs.services.runner.web_server import Address, allow_files, check_free, web

GRACE_SECONDS = 5.0  # for a task to reach its next step
STOP_SECONDS = 9.0  # for a runner to give its job back after that; then whoever is left is killed
LIVE_PATH = "/health/live"
STOP_MARGIN_SECONDS = 15.0  # for a worker to give back what it holds, after its grace


def runners(count: int, *, grace_seconds: float = GRACE_SECONDS) -> list[Child]:
    """Make job runners; of two or more the first takes no long jobs, so that a change never waits for a training."""
    grace = ("--grace", str(grace_seconds))
    return [
        Child("job runner", manage_command("runjobs", *grace, *(["--quick-only"] if count > 1 and number == 0 else [])))
        for number in range(count)
    ]


def relay() -> Child:
    """Make the relay to Celery's workers, which run elsewhere."""
    return Child("job relay", manage_command("relayjobs"))


class Readiness:
    """Says once that the web answers. Looked at in every turn of the supervisor."""

    def __init__(self, address: Address, *, say: Callable[[float], None]) -> None:
        self._address = address
        self._say = say
        self._started = time.monotonic()
        self._said = False

    def look(self) -> None:
        """Call `say` with the seconds since the start, if the web answers now and did not before."""
        if not self._said and self._answers():
            self._said = True
            self._say(time.monotonic() - self._started)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(self._address.reachable_host, self._address.port, timeout=2)
        try:
            connection.request("GET", LIVE_PATH, headers={"Host": "localhost"})
            return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def serve(
    address: Address,
    *,
    workers: int,
    background: list[Child],
    clock: Callable[[], datetime],
    say: Callable[[str], None],
) -> int:
    """Run everything until it is asked to stop (0) or the web cannot go on (1)."""
    check_free(address)
    allow_files()
    readiness = Readiness(address, say=lambda seconds: say(f"Ready at {address.url} after {seconds:.1f} s."))
    watchdog = Watchdog(background, clock=clock, say=say)
    supervisor = Supervisor([web(address, workers=workers), *background], say=say)

    def look() -> None:
        readiness.look()
        watchdog.turn()

    return supervisor.run(grace_seconds=STOP_SECONDS, each_turn=look)


def workers_of(lanes: Sequence[str], *, concurrency: int, grace_seconds: float) -> list[Child]:
    """Make a Celery worker for each of these lanes, with so many processes: no long job keeps a quick one waiting."""
    return [_worker(lane, concurrency=concurrency, grace_seconds=grace_seconds) for lane in lanes]


def _worker(lane: str, *, concurrency: int, grace_seconds: float) -> Child:
    # Gossip and mingle tell workers of each other, which nobody here asks for, and wait for answers at every reconnect.
    flags = ["--loglevel", "warning", "--without-gossip", "--without-mingle"]
    options = ["--queues", lane, "--concurrency", str(concurrency), "--hostname", f"{lane}-{os.getpid()}@%h", *flags]
    environment = {
        "REMAP_SIGTERM": "SIGQUIT",  # SIGTERM gives jobs back; Celery's own waits for them, however long they are
        "CELERY_GRACE_SECONDS": str(max(1, round(grace_seconds))),
    }
    command = [sys.executable, "-m", "celery", "--app", "config.celery", "worker", *options]
    return Child(f"worker for {lane} jobs", command, environment=environment)


def run_workers(
    children: Sequence[Child], *, clock: Callable[[], datetime], grace_seconds: float, say: Callable[[str], None]
) -> int:
    """Run the workers until this process is asked to stop; none outlives it by more than its grace."""
    watchdog = Watchdog(children, clock=clock, say=say)
    return Supervisor(children, say=say).run(grace_seconds=grace_seconds + STOP_MARGIN_SECONDS, each_turn=watchdog.turn)
