"""The whole product on one machine: web workers and job runners under one supervisor."""

import http.client
import time
from collections.abc import Callable
from datetime import datetime

from apps.jobs.services.supervision import Child, Supervisor, manage_command
from apps.jobs.services.watchdog import Watchdog
from apps.jobs.services.web_server import Address, allow_files, check_free, web

GRACE_SECONDS = 5.0  # for a task to reach its next step
STOP_SECONDS = 9.0  # for a runner to give its job back after that; then whoever is left is killed
LIVE_PATH = "/health/live"


def runners(count: int, *, grace_seconds: float = GRACE_SECONDS) -> list[Child]:
    """Job runners; with two or more, the first takes no long jobs, so that a change never waits for a training."""
    grace = ("--grace", str(grace_seconds))
    return [
        Child("job runner", manage_command("runjobs", *grace, *(["--quick-only"] if count > 1 and number == 0 else [])))
        for number in range(count)
    ]


def relay() -> Child:
    """The relay to Celery's workers, which run elsewhere."""
    return Child("job relay", manage_command("relayjobs"))


class Readiness:
    """Says once that the web answers. Looked at in every turn of the supervisor."""

    def __init__(self, address: Address, *, say: Callable[[float], None]) -> None:
        self._address = address
        self._say = say
        self._started = time.monotonic()
        self._said = False

    def look(self) -> None:
        """Has called `say` with the seconds since the start, if the web answers now and did not before."""
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
    """Everything ran until it was asked to stop (0) or the web could not go on (1)."""
    check_free(address)
    allow_files()
    readiness = Readiness(address, say=lambda seconds: say(f"Ready at {address.url} after {seconds:.1f} s."))
    watchdog = Watchdog(background, clock=clock, say=say)
    supervisor = Supervisor([web(address, workers=workers), *background], say=say)

    def look() -> None:
        readiness.look()
        watchdog.turn()

    return supervisor.run(grace_seconds=STOP_SECONDS, each_turn=look)
