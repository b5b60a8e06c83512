import http.client
import signal
import socket
import time
from contextlib import ExitStack

import pytest
from django.core.management import CommandError, call_command

from apps.jobs.models import Runner
from apps.jobs.services.ledger.registry import register_job
from apps.jobs.services.runner.web_server import Address, check_free
from tests.apps.jobs.processes import start

PATIENCE_SECONDS = 60.0
SLOW_CLIENTS = 60
ANSWERED_WITHIN_SECONDS = 8.0  # with a thread per slow client nobody was answered within a minute


class TestOptions:
    @pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "http", "80.0", " ", "٨٠"])
    def test_port_that_is_none_is_named(self, port: str) -> None:
        with pytest.raises(CommandError) as refused:
            call_command("serve", port=port)
        assert str(refused.value) == f"The port must be a number from 1 to 65535, not {port!r}."

    def test_port_of_the_environment_is_checked_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT", "web")

        with pytest.raises(CommandError, match="not 'web'"):
            call_command("serve")

    @pytest.mark.parametrize("option", ["--workers", "--runners"])
    @pytest.mark.parametrize("count", ["0", "65", "-1", "two", "1.5"])
    def test_number_of_processes_that_makes_no_sense_is_named(self, option: str, count: str) -> None:
        with pytest.raises(CommandError) as refused:
            call_command("serve", f"{option}={count}")
        assert str(refused.value) == (f"Error: argument {option}: must be a whole number from 1 to 64, not {count!r}")

    def test_port_taken_is_one_sentence(self) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]

            with pytest.raises(CommandError, match=rf"^Cannot listen on 127\.0\.0\.1:{port}: Address already in use\."):
                call_command("serve", port=str(port))

    @pytest.mark.django_db
    def test_registered_path_without_a_task_stops_the_start(self, only_sample_jobs: None) -> None:
        register_job("sample.broken", "tests.absent.task")

        with pytest.raises(CommandError, match=r"^Job 'sample\.broken' names the task 'tests\.absent\.task'"):
            call_command("serve", port=str(free_port()))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.django_db(transaction=True)
class TestServe:
    def test_serves_web_and_jobs_until_it_is_stopped_and_leaves_nothing_behind(self) -> None:
        port = free_port()
        options = ["--port", str(port), "--workers", "1", "--runners", "1"]
        process = start("serve", *options, DJANGO_SETTINGS_MODULE="config.settings", EPICML_DEMO="0")
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(f"Ready at http://localhost:{port} after ")
            assert self.status(port) == 200
            self.hold_bodies_back(port)
            self.wait_for_a_runner()
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=PATIENCE_SECONDS)[0]
        finally:
            process.kill()
            process.wait()

        assert process.returncode == 0
        assert said.endswith("Stopped.\n")
        check_free(Address("127.0.0.1", port))
        assert not Runner.objects.exists()

    def hold_bodies_back(self, port: int) -> None:
        """Clients that send a head and then a byte now and then stop nobody else, and are told off."""
        head = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{"
        with ExitStack() as stack:
            slow = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(SLOW_CLIENTS)]
            for client in slow:
                client.sendall(head)
            for _ in range(10):
                began = time.monotonic()
                assert self.status(port, path="/api/v1/suggest?q=a") == 401
                assert self.status(port, path="/admin/login/") == 200
                assert self.status(port) == 200
                assert time.monotonic() - began < ANSWERED_WITHIN_SECONDS
            assert {self.told(client) for client in slow} == {b"HTTP/1.1 408 Request Timeout"}

    def told(self, client: socket.socket) -> bytes:
        client.settimeout(PATIENCE_SECONDS)
        return client.recv(100).splitlines()[0]

    def status(self, port: int, *, path: str = "/health/live") -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def wait_for_a_runner(self) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not Runner.objects.exists():
            assert time.monotonic() < end, "No runner came."
            time.sleep(0.05)
