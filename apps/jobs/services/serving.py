"""The whole product on one machine: web workers and job runners under one supervisor."""

import http.client
import resource
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apps.jobs.services.supervision import Child, Supervisor, manage_command
from apps.jobs.services.watchdog import Watchdog
from apps.platform.services.errors import EpicmlError

GRACE_SECONDS = 5.0  # for a task to reach its next step
STOP_SECONDS = 9.0  # for a runner to give its job back after that; then whoever is left is killed
LIVE_PATH = "/health/live"
APPLICATION = "config.rsgi:application"
# Connections that are being served in one process; slow ones cost no thread (apps/platform/api/front). Granian's
# default is the backlog through the workers, and that many slow clients would keep everybody else waiting.
MOST_CONNECTIONS = 10_000
MOST_FILES = 65_536  # each connection is one; a shell allows 1,024, and that many idle clients would be the end


class PortTakenError(EpicmlError):
    """Somebody listens there already, or the address is not ours."""

    code = "port_taken"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the web workers listen."""

    host: str
    port: int

    @property
    def reachable_host(self) -> str:
        """The host as a program on this machine reaches it."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - read, not bound

    @property
    def url(self) -> str:
        host = "localhost" if self.reachable_host in {"127.0.0.1", "::1"} else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def check_free(address: Address) -> None:
    """Nobody listens at this address; else one sentence says what to do."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            where = f"{address.host}:{address.port}"
            raise PortTakenError(f"Cannot listen on {where}: {error.strerror}. Choose another PORT.") from error


def web(address: Address, *, workers: int, application: str = APPLICATION) -> Child:
    """The web workers: granian, in the measured settings."""
    options = {
        "--interface": "rsgi",
        "--http": "1",  # measured: when it must also tell HTTP/2, a client that sends nothing is never let go
        "--host": address.host,
        "--port": str(address.port),
        "--workers": str(workers),
        "--backpressure": str(MOST_CONNECTIONS),
        "--respawn-interval": "0.5",
        "--workers-kill-timeout": "3",
        "--log-level": "warning",
    }
    flat = [part for option in options.items() for part in option]
    command = [sys.executable, "-m", "granian", *flat, "--no-ws", "--respawn-failed-workers", application]
    return Child("web server", command, essential=True)


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


def allow_files() -> None:
    """This process and its children may hold as many connections as the system lets them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


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
