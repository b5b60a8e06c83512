"""Requests and answers as the front meets them, without a server: fakes of granian's side."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field


class SentHeaders:
    """Headers in the order they were sent."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self._pairs = pairs

    def items(self) -> Iterable[tuple[str, str]]:
        return self._pairs

    def get(self, key: str, default: str = "") -> str:
        return dict(self._pairs).get(key, default)

    def __contains__(self, key: str) -> bool:
        return key in dict(self._pairs)


@dataclass
class Asked:
    """One request."""

    method: str = "GET"
    path: str = "/"
    headers: SentHeaders = field(default_factory=SentHeaders)
    query_string: str = ""
    http_version: str = "1.1"
    server: str = "127.0.0.1:8000"
    client: str = "192.0.2.7:50000"
    scheme: str = "http"
    authority: str | None = None


class Wire:
    """What the client sends, part by part, and the answer it got. A part that is an error is raised."""

    def __init__(self, *parts: bytes | Exception) -> None:
        self._parts = parts
        self.answers: list[tuple[int, dict[str, str], bytes]] = []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            if isinstance(part, Exception):
                raise part
            yield part

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answers.append((status, dict(headers), body))
