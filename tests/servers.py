"""Real servers for tests, started on Unix sockets in folders of their own and stopped with the test run."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

START_SECONDS = 20.0
# Durability is what these settings give away, and a test database needs none: 0.9 s instead of 4 s to the first query.
POSTGRESQL_SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=",
    "timezone=UTC",
)


class ServerUnavailableError(Exception):
    """The program of a server is not on this machine."""


@dataclass(slots=True)
class PostgresqlServer:
    """A PostgreSQL; its superuser needs no password."""

    folder: Path
    _launch: Callable[[], subprocess.Popen[bytes]]
    _process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "It was never started."
        return self._process

    def start(self) -> None:
        """It runs and answers, as it did before if it ran before."""
        self._process = self._launch()
        _wait_until(lambda: _accepts_postgresql(self), self.process, self.folder / "log")

    def kill(self) -> None:
        """All of its processes are gone, as after a loss of power."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Each of its processes has the signal: those of its sessions are in groups of their own."""
        if self.process.poll() is not None:
            return
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for process in [self.process.pid, *map(int, children)]:
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def url(self, database: str = "postgres") -> str:
        return f"postgres://postgres@{quote(str(self.folder), safe='')}/{database}"

    @property
    def conninfo(self) -> str:
        return f"host={self.folder} user=postgres dbname=postgres"


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A running Redis that keeps nothing on disk."""

    socket: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def broker_url(self) -> str:
        """The same server as Celery writes it."""
        return f"redis+socket://{self.socket}"


def servers_required() -> bool:
    """Whether a missing server is a failure here, as it is in CI."""
    return os.environ.get("EPICML_REQUIRE_SERVERS") == "1"


def skip_or_fail(error: ServerUnavailableError) -> None:
    """Skip the test with the reason; fail it where servers are required."""
    if servers_required():
        pytest.fail(f"{error} EPICML_REQUIRE_SERVERS=1 makes that a failure.")
    pytest.skip(str(error))


@contextmanager
def running_postgresql(*more_settings: str) -> Iterator[PostgresqlServer]:
    """A new, empty PostgreSQL for the time of the block; a test may stop, kill and restart it."""
    initdb, postgres = _postgresql_program("initdb"), _postgresql_program("postgres")
    with _short_folder("epg") as folder:
        user = _user_for(folder)
        subprocess.run(
            [
                initdb,
                "-D",
                str(folder / "data"),
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            user=user,
            group=user,
        )
        arguments = [part for setting in (*POSTGRESQL_SETTINGS, *more_settings) for part in ("-c", setting)]
        command = [postgres, "-D", str(folder / "data"), "-k", str(folder), *arguments]
        server = PostgresqlServer(folder, lambda: _start(command, folder, user))
        try:
            server.start()
            yield server
        finally:
            server.signal(signal.SIGCONT)
            _stop(server.process, signal.SIGINT)  # a fast shutdown: open sessions are ended


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A new, empty Redis for the time of the block."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServerUnavailableError("redis-server is not installed.")
    with _short_folder("erd") as folder:
        path = folder / "redis.sock"
        command = [program, "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"]
        process = _start([*command, "--dir", str(folder)], folder)
        try:
            _wait_until(lambda: _accepts(path), process, folder / "log")
            yield RedisServer(path, process)
        finally:
            _stop(process, signal.SIGTERM)


def _postgresql_program(name: str) -> str:
    found = shutil.which(name) or next(
        iter(sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        raise ServerUnavailableError(f"PostgreSQL's {name} is not installed.")
    return str(found)


@contextmanager
def _short_folder(prefix: str) -> Iterator[Path]:
    # The path of a Unix socket may have 107 characters, and pytest's own folders are longer.
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user_for(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root, so root runs it as the user that its package made."""
    if os.geteuid() != 0:
        return None
    try:
        shutil.chown(folder, "postgres", "postgres")
    except LookupError as error:
        raise ServerUnavailableError("There is no user postgres to run PostgreSQL as, and root may not.") from error
    return "postgres"


def _start(command: Sequence[str], folder: Path, user: str | None = None) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, start_new_session=True, user=user, group=user
        )


def _accepts_postgresql(server: PostgresqlServer) -> bool:
    try:
        psycopg.connect(server.conninfo, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _accepts(path: Path) -> bool:
    """Whether somebody listens at this socket: its file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"The server did not start: {log.read_text()[-2000:]}")
        time.sleep(0.005)


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def black_hole(answer: Callable[[socket.socket], None] = lambda connection: None) -> Iterator[int]:
    """A port of this machine that accepts every connection and never answers, or does what `answer` does."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:

        def accept() -> None:
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                held.append(connection)
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in held:
                connection.close()
