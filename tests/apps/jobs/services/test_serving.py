import http.server
import resource
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.utils import timezone

from apps.jobs.services.serving import (
    Address,
    PortTakenError,
    Readiness,
    allow_files,
    check_free,
    relay,
    runners,
    serve,
    web,
)


@contextmanager
def listening() -> Iterator[int]:
    """A port of this machine that is taken."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers everything with one status."""

    def __init__(self, status: int, asked: list[str], *rest: object) -> None:
        self._status, self._asked = status, asked
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._asked.append(f"{self.path} {self.headers['Host']}")
        self.send_response(self._status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


@contextmanager
def answering(status: int, asked: list[str]) -> Iterator[Address]:
    with http.server.HTTPServer(("127.0.0.1", 0), partial(Answering, status, asked)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Address("127.0.0.1", server.server_port)
        finally:
            server.shutdown()
            thread.join()


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

    @pytest.mark.parametrize("host", ["192.0.2.7", "no-such-host.invalid"])
    def test_address_that_is_not_ours_is_one_sentence(self, host: str) -> None:
        with pytest.raises(PortTakenError, match=rf"^Cannot listen on {host}:8000: .+\. Choose another PORT\.$"):
            check_free(Address(host, 8000))


class TestChildren:
    def test_web_server_is_granian_and_essential(self) -> None:
        child = web(Address("0.0.0.0", 8123), workers=3)
        options = dict(zip(child.command[3::2], child.command[4::2], strict=False))

        assert (list(child.command[:3]), child.essential) == ([sys.executable, "-m", "granian"], True)
        assert child.command[-1] == "config.rsgi:application"
        assert (options["--host"], options["--port"], options["--workers"]) == ("0.0.0.0", "8123", "3")
        assert options["--http"] == "1"  # else a client that sends nothing is never let go

    def test_one_runner_takes_all_jobs(self) -> None:
        assert [list(child.command[3:]) for child in runners(1)] == [["runjobs", "--grace", "5.0"]]

    def test_of_several_runners_the_first_takes_no_long_jobs(self) -> None:
        children = runners(3, grace_seconds=0.5)

        assert [list(child.command[3:]) for child in children] == [
            ["runjobs", "--grace", "0.5", "--quick-only"],
            ["runjobs", "--grace", "0.5"],
            ["runjobs", "--grace", "0.5"],
        ]
        assert not any(child.essential for child in children)

    def test_relay_is_a_command_of_its_own(self) -> None:
        assert (relay().command[-1], relay().essential) == ("relayjobs", False)


class TestAllowFiles:
    def test_as_many_as_the_system_lets_us(self) -> None:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        try:
            allow_files()
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(before[1], 65_536), before[1])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)


class TestReadiness:
    @pytest.mark.parametrize("status", [200, 404])
    def test_says_once_that_the_web_answers(self, status: int) -> None:
        said, asked = list[float](), list[str]()
        with answering(status, asked) as address:
            readiness = Readiness(address, say=said.append)
            readiness.look()
            readiness.look()

        assert len(said) == 1
        assert 0 <= said[0] < 10
        assert asked == ["/health/live localhost"]

    def test_answer_that_is_an_error_is_none(self) -> None:
        said: list[float] = []
        with answering(503, []) as address:
            Readiness(address, say=said.append).look()

        assert said == []

    def test_nobody_who_listens_is_none(self) -> None:
        with listening() as port:
            pass
        said: list[float] = []
        Readiness(Address("127.0.0.1", port), say=said.append).look()

        assert said == []


class TestServe:
    def test_port_taken_starts_nothing(self) -> None:
        with listening() as port, pytest.raises(PortTakenError):
            serve(Address("127.0.0.1", port), workers=1, background=runners(1), clock=timezone.now, say=lambda _: None)
