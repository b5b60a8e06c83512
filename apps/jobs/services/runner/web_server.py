"""The web workers: where they listen, and the process that they are. Nothing here needs Django to be ready."""

import errno
import resource
import socket
import sys
from dataclasses import dataclass
from ipaddress import ip_address

from apps.jobs.services.runner.supervision import Child
from apps.platform.services.errors import EpicmlError

APPLICATION = "config.rsgi:application"
# Connections that are being served in one process; slow ones cost no thread (apps/platform/api/front). Granian's
# default is the backlog through the workers, and that many slow clients would keep everybody else waiting.
MOST_CONNECTIONS = 10_000
MOST_FILES = 65_536  # each connection is one; a shell allows 1,024, and that many idle clients would be the end


NOT_OURS = "Choose an address of this machine, or 0.0.0.0 for all that it has."


class HostNotAnAddressError(EpicmlError):
    """The web server is to listen on what is no IP address."""

    code = "host_not_an_address"

    def __init__(self, host: str) -> None:
        super().__init__(f"The host must be an IP address, such as 127.0.0.1, or 0.0.0.0 for all; not {host!r}.")


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
    """Refuse, in a sentence that says what to do, an address at which nobody can listen or somebody does."""
    try:
        ip_address(address.host)
    except ValueError as error:  # the web server takes no names, nor an address in short
        raise HostNotAnAddressError(address.host) from error
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            where = f"{address.host}:{address.port}"
            remedy = NOT_OURS if error.errno == errno.EADDRNOTAVAIL else "Choose another PORT."
            raise PortTakenError(f"Cannot listen on {where}: {error.strerror}. {remedy}") from error


def web(address: Address, *, workers: int, application: str = APPLICATION) -> Child:
    """Make the web workers: granian, in the measured settings."""
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


def allow_files() -> None:
    """Let this process and its children hold as many connections as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
