import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.utils import timezone

from apps.jobs.services.runner.serving import Readiness, relay, runners, serve, workers_of
from apps.jobs.services.runner.web_server import Address, PortTakenError
from tests.apps.jobs.services.runner.test_web_server import listening


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


class TestChildren:
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


class TestWorkersOf:
    def test_each_lane_has_a_worker_that_sigterm_stops_within_the_grace(self) -> None:
        children = workers_of(["quick", "long"], concurrency=3, grace_seconds=20.4)

        options = [dict(zip(child.command[6:10:2], child.command[7:10:2], strict=True)) for child in children]
        assert [each["--queues"] for each in options] == ["quick", "long"]
        assert [each["--concurrency"] for each in options] == ["3", "3"]
        assert [child.essential for child in children] == [False, False]
        assert {**children[0].environment} == {"REMAP_SIGTERM": "SIGQUIT", "CELERY_GRACE_SECONDS": "20"}
