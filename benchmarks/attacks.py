"""What others notice while somebody attacks: suggestions beside slow bodies, slow events and guessed passwords."""

import http.client
import re
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import cycle
from pathlib import Path
from urllib.parse import quote, urlencode

from benchmarks.goodbooks import GOODBOOKS
from benchmarks.load import LoadResult, measure, request
from benchmarks.manage import manage
from benchmarks.report import heading, row
from benchmarks.server import running_server
from benchmarks.suggest import typed

SECONDS = 8.0
OTHERS = 4  # connections that ask for suggestions one after the other
TARGET_P99_MS = 100.0
ORIGIN = "https://library.example"
LIMIT = "10000000"
DRIBBLE_SECONDS = 0.5


def main() -> None:
    """Each attack for some seconds, and the others' latency with and without it, on one server."""
    heading(f"Attacks: suggestions over {OTHERS} connections meanwhile (2 workers, 10,000 books)")
    if not GOODBOOKS.is_dir():
        print(f"  not measured, {GOODBOOKS} is not there")
        return
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        var = Path(folder)
        secret, public = _prepare(var)
        others = cycle(_suggestions(secret))
        with running_server(var=var) as port:
            measure(others, port=port, connections=OTHERS, seconds=SECONDS, warm_up=0)
            calm = measure(others, port=port, connections=OTHERS, seconds=SECONDS)
            row("nobody attacks", f"p99 {calm.p99_ms:.1f} ms", compared_with=f"p50 {calm.p50_ms:.1f} ms")
            for name, attack in _attacks(public).items():
                with attack(port):
                    _report(name, measure(others, port=port, connections=OTHERS, seconds=SECONDS))


def _prepare(var: Path) -> tuple[str, str]:
    """A project with goodbooks and a live index; its server key and its public key."""
    manage(var, "migrate")
    manage(var, "import_books", str(GOODBOOKS / "books.csv"))
    manage(var, "rebuild_search_index", "--promote")
    secret = manage(var, "create_api_key", "others", "--scope", "search:read", "--limit", LIMIT)
    public = manage(var, "create_api_key", "page", "--public", "--origin", ORIGIN, "--scope", "events:write")
    return secret.strip(), public.strip()


def _suggestions(secret: str) -> list[bytes]:
    headers = {"Authorization": f"Bearer {secret}"}
    return [request(f"/api/v1/suggest?q={quote(text)}", headers=headers) for text in typed(by_popularity=True)[:20_000]]


def _attacks(public: str) -> dict[str, Callable[[int], AbstractContextManager[None]]]:
    anonymous = request("/api/v1/events", method="POST", headers={"Content-Length": "500"})
    keyed = request(
        "/api/v1/events",
        method="POST",
        headers={"Content-Length": "500", "Authorization": f"Bearer {public}", "Origin": ORIGIN},
    )
    return {
        "50 slow bodies without a key": lambda port: _dribbling(anonymous, port=port, connections=50),
        "50 slow events with a public key": lambda port: _dribbling(keyed, port=port, connections=50),
        "500 slow bodies": lambda port: _dribbling(anonymous, port=port, connections=500),
        "50 slow heads": lambda port: _dribbling(b"GET / HTTP/1.1\r\nX-Slow: ", port=port, connections=50),
        "8 that guess passwords": lambda port: _guessing(port=port, connections=8),
    }


def _report(name: str, seen: LoadResult) -> None:
    row(
        name,
        f"p99 {seen.p99_ms:.1f} ms",
        compared_with=f"p50 {seen.p50_ms:.1f} ms, max {max(seen.latencies_ms):.0f} ms, {seen.errors} errors",
        target=f"< {TARGET_P99_MS:g} ms",
        met=seen.p99_ms < TARGET_P99_MS and seen.errors == 0,
    )


@contextmanager
def _dribbling(head: bytes, *, port: int, connections: int) -> Iterator[None]:
    """Connections that send this and then a byte now and then; one that is told off comes back."""
    stop = threading.Event()

    def dribble() -> None:
        held: list[socket.socket] = []
        while not stop.wait(DRIBBLE_SECONDS):
            held = [client for client in held if _send(client, b"x")]
            held += [client for _ in range(connections - len(held)) if (client := _connected(head, port))]
        for client in held:
            client.close()

    with _running(dribble, stop):
        yield


def _connected(head: bytes, port: int) -> socket.socket | None:
    with suppress(OSError):
        client = socket.create_connection(("127.0.0.1", port), timeout=1)
        client.sendall(head)
        client.setblocking(False)
        return client
    return None


def _send(client: socket.socket, part: bytes) -> bool:
    """Whether the connection still takes bytes and was not answered."""
    try:
        client.send(part)
        client.recv(1)
    except BlockingIOError:
        return True
    except OSError:
        pass
    client.close()
    return False


@contextmanager
def _guessing(*, port: int, connections: int) -> Iterator[None]:
    """Each connection tries one wrong password after the other, each with another name."""
    stop = threading.Event()

    def guess(number: int) -> None:
        tried = 0
        while not stop.is_set():
            tried += 1
            with suppress(OSError, http.client.HTTPException):
                _log_in(port, f"staff-{number}-{tried}", source=f"127.0.{number}.{tried % 250 + 1}")

    with _running(lambda: None, stop):
        threads = [threading.Thread(target=guess, args=(number,)) for number in range(connections)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def _log_in(port: int, name: str, *, source: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    try:
        connection.request("GET", "/admin/login/")
        page = connection.getresponse()
        cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
        form = {"username": name, "password": "wrong", "csrfmiddlewaretoken": token[1] if token else ""}
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/admin/login/", urlencode(form), headers)
        connection.getresponse().read()
    finally:
        connection.close()


@contextmanager
def _running(work: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
