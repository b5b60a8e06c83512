"""Reading what a client sends, for as long as it sends fast enough. No thread waits for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from apps.platform.api.front.gateway import ScopeHeaders


@dataclass(frozen=True, slots=True)
class BodyRules:
    """How large, how slow and how long a body may be; `held` bounds what all of them together hold in memory.

    The floor of 1 KiB/s is a quarter of what the slowest telephone line (30 kbit/s) carries: a batch of events, some
    kilobytes, then comes within seconds, and who sends a byte now and then is let go when the grace is over.
    """

    largest: int
    held: int = 64 << 20
    grace_seconds: float = 3.0
    slowest: int = 1024  # bytes a second, once the grace is over
    longest_seconds: float = 60.0

    def deadline(self, received: int) -> float:
        """Return by when, in seconds since the first look, more than these bytes must be there.

        >>> rules = BodyRules(largest=1 << 20)
        >>> rules.deadline(0), rules.deadline(10_240), rules.deadline(1 << 20)
        (3.0, 13.0, 60.0)
        """
        return min(self.grace_seconds + received / self.slowest, self.longest_seconds)


class BodyTooSlowError(Exception):
    """The body did not come in time."""


class BodyBrokenError(Exception):
    """The connection ended, or the body is not what its header says."""


class NoRoomError(Exception):
    """As many bytes are on their way already as this process holds."""


def has_body(headers: ScopeHeaders) -> bool:
    """Tell whether the request says that a body follows."""
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


class Bodies:
    """All bodies that are being read in this process."""

    def __init__(self, rules: BodyRules) -> None:
        self.rules = rules
        self._held = 0

    async def read(self, chunks: AsyncIterator[bytes], *, announced: int | None) -> bytes:
        """Read the body; of one that is too large only so much that it shows, and nothing where its header says so.

        Raises:
            BodyTooSlowError: it came slower than the rules allow.
            BodyBrokenError: it broke off.
            NoRoomError: others hold all the room.
        """
        if announced is not None and announced > self.rules.largest:
            return b""
        parts: list[bytes] = []
        try:
            await self._collect(chunks, parts, announced=announced)
            return b"".join(parts)
        finally:
            self._held -= sum(map(len, parts))

    async def _collect(self, chunks: AsyncIterator[bytes], parts: list[bytes], *, announced: int | None) -> None:
        clock = asyncio.get_running_loop().time
        began, received = clock(), 0
        while received <= self.rules.largest:
            chunk = await _next(chunks, seconds=began + self.rules.deadline(received) - clock())
            if chunk is None:
                break
            received += len(chunk)
            self._held += len(chunk)
            parts.append(chunk)
            if self._held > self.rules.held:
                raise NoRoomError
        if announced is not None and received != announced:
            raise BodyBrokenError


async def _next(chunks: AsyncIterator[bytes], *, seconds: float) -> bytes | None:
    """Wait for the next part; return None at the end."""
    try:
        async with asyncio.timeout(max(seconds, 0)):
            return await anext(chunks)
    except StopAsyncIteration:
        return None
    except TimeoutError as error:
        raise BodyTooSlowError from error
    except Exception as error:  # the server raises an error of its own, which only it may name
        raise BodyBrokenError from error
