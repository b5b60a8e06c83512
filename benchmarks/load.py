"""A bounded load over loopback: keep-alive connections on raw sockets, so that the client costs little."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

HOST = "127.0.0.1"
MAX_SECONDS = 60


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What one run of load saw. Latencies are those of answered requests; errors counts answers outside 2xx."""

    requests: int
    errors: int
    seconds: float
    latencies_ms: tuple[float, ...]

    @property
    def rps(self) -> float:
        """Answers per second, errors left out."""
        return (self.requests - self.errors) / self.seconds

    def percentile_ms(self, share: float) -> float:
        """The latency in milliseconds that this share (0 to 1) of the requests stayed under."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def p50_ms(self) -> float:
        return self.percentile_ms(0.50)

    @property
    def p99_ms(self) -> float:
        return self.percentile_ms(0.99)


@dataclass(slots=True)
class _Tally:
    latencies_ms: list[float] = field(default_factory=list)
    errors: int = 0


def measure(
    requests: Iterator[bytes], *, port: int, connections: int = 16, seconds: float = 5.0, warm_up: float = 1.0
) -> LoadResult:
    """Send these requests one after the other over keep-alive connections, first uncounted for the warm-up.

    Args:
        requests: whole HTTP/1.1 requests as made by `request`, each sent once: `itertools.cycle` goes on for ever, and
            when others are used up, the load ends.
        port: of a server on 127.0.0.1.
        connections: open at once, each with one request under way.
        seconds: counted time, at most 60.
        warm_up: uncounted time before it.

    Returns:
        Counts and latencies of the counted time.
    """
    bounded = min(seconds, MAX_SECONDS)
    asyncio.run(_run(requests, port=port, connections=connections, seconds=min(warm_up, MAX_SECONDS)))
    started = time.perf_counter()
    tally = asyncio.run(_run(requests, port=port, connections=connections, seconds=bounded))
    took = time.perf_counter() - started
    return LoadResult(len(tally.latencies_ms), tally.errors, took, tuple(tally.latencies_ms))


def request(path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _run(requests: Iterator[bytes], *, port: int, connections: int, seconds: float) -> _Tally:
    tally = _Tally()
    deadline = time.perf_counter() + seconds
    await asyncio.gather(
        *(_connection(requests, port=port, deadline=deadline, tally=tally) for _ in range(connections))
    )
    return tally


async def _connection(requests: Iterator[bytes], *, port: int, deadline: float, tally: _Tally) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    while (started := time.perf_counter()) < deadline and (sent := next(requests, None)) is not None:
        writer.write(sent)
        status = await _answer(reader)
        tally.latencies_ms.append((time.perf_counter() - started) * 1000)
        tally.errors += not 200 <= status < 300
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    """The status of the next answer, its body read and dropped."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    await reader.readexactly(length)
    return int(head[9:12])
