import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from apps.jobs.services.runner.web_server import (
    Address,
    HostNotAnAddressError,
    PortTakenError,
    allow_files,
    check_free,
    web,
)


@contextmanager
def listening() -> Iterator[int]:
    """A port of this machine that is taken."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


class TestAddress:
    @pytest.mark.parametrize(
        ("host", "reachable", "url"),
        [
            ("127.0.0.1", "127.0.0.1", "http://localhost:8000"),
            ("0.0.0.0", "127.0.0.1", "http://localhost:8000"),
            ("::", "::1", "http://localhost:8000"),
            ("::1", "::1", "http://localhost:8000"),
            ("192.0.2.7", "192.0.2.7", "http://192.0.2.7:8000"),
            ("2001:db8::7", "2001:db8::7", "http://[2001:db8::7]:8000"),
            ("library.example", "library.example", "http://library.example:8000"),
        ],
    )
    def test_url_is_what_a_person_may_open(self, host: str, reachable: str, url: str) -> None:
        assert (Address(host, 8000).reachable_host, Address(host, 8000).url) == (reachable, url)


class TestCheckFree:
    def test_free_port_is_left_free(self) -> None:
        with listening() as port:
            pass
        check_free(Address("127.0.0.1", port))
        check_free(Address("127.0.0.1", port))

    @pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
    def test_port_taken_is_one_sentence(self, host: str) -> None:
        with listening() as port, pytest.raises(PortTakenError) as refused:
            check_free(Address(host, port))

        assert refused.value.message == (
            f"Cannot listen on {host}:{port}: Address already in use. Choose another PORT."
        )

    @pytest.mark.parametrize("host", ["192.0.2.7"])
    def test_address_that_is_not_ours_is_one_sentence(self, host: str) -> None:
        with pytest.raises(
            PortTakenError, match=rf"^Cannot listen on {host}:8000: .+\. Choose an address of this mach"
        ):
            check_free(Address(host, 8000))

    @pytest.mark.parametrize("host", ["", "localhost", "no-such-host.invalid", "127.1", "10.0.0.300", "[::1]", "a..b"])
    def test_host_that_is_no_address_is_named(self, host: str) -> None:
        with pytest.raises(HostNotAnAddressError) as refused:
            check_free(Address(host, 8000))
        assert refused.value.message == (
            f"The host must be an IP address, such as 127.0.0.1, or 0.0.0.0 for all; not {host!r}."
        )


class TestWeb:
    def test_web_server_is_granian_and_essential(self) -> None:
        child = web(Address("0.0.0.0", 8123), workers=3)
        options = dict(zip(child.command[3::2], child.command[4::2], strict=False))

        assert (list(child.command[:3]), child.essential) == ([sys.executable, "-m", "granian"], True)
        assert child.command[-1] == "config.rsgi:application"
        assert (options["--host"], options["--port"], options["--workers"]) == ("0.0.0.0", "8123", "3")
        assert options["--http"] == "1"  # else a client that sends nothing is never let go


class TestAllowFiles:
    def test_as_many_as_the_system_lets_us(self) -> None:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        try:
            allow_files()
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(before[1], 65_536), before[1])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
