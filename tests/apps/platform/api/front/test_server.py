import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import pytest

from apps.platform.api.front.bodies import BodyRules
from apps.platform.api.front.lanes import Lane
from apps.platform.api.front.server import Front, Lanes
from tests.apps.platform.api.front.asking import Asked, SentHeaders, Wire

POST = {"method": "POST", "path": "/api/v1/events"}
RULES = BodyRules(largest=100, grace_seconds=0.05, longest_seconds=0.1)


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Which thread answers, and what was sent."""
    if environ["PATH_INFO"] == "/broken":
        raise ValueError("secret")
    start("200 OK", [("content-type", "text/plain")])
    return [threading.current_thread().name.encode(), b" ", environ["wsgi.input"].read()]


def lanes(*, waiting: int = 5) -> Lanes:
    return Lanes(*(Lane(name, threads=1, waiting=waiting) for name in ("read", "write", "page", "log-in", "monitor")))


def asked(front: Front, request: Asked, wire: Wire) -> tuple[int, dict[str, str], bytes]:
    async def ask() -> None:
        await front.__rsgi__(request, wire)

    asyncio.run(ask())
    (answer,) = wire.answers
    return answer


@pytest.fixture
def front() -> Front:
    made = Front(echo, lanes=lanes(), rules=RULES)
    made.__rsgi_init__(None)
    return made


class TestLanes:
    @pytest.mark.parametrize(
        ("method", "path", "lane"),
        [
            ("GET", "/api/v1/suggest", "read"),
            ("OPTIONS", "/api/v1/events", "read"),
            ("GET", "/", "read"),
            ("POST", "/api/v1/events", "write"),
            ("DELETE", "/api/v1/readers/r", "write"),
            ("GET", "/administration", "page"),
            ("GET", "/admin/login/", "page"),
            ("POST", "/admin/login/", "log-in"),
            ("POST", "/admin/catalog/book/", "page"),
            ("GET", "/health/ready", "monitor"),
            ("GET", "/metrics", "monitor"),
        ],
    )
    def test_each_kind_has_threads_of_its_own(self, front: Front, method: str, path: str, lane: str) -> None:
        assert asked(front, Asked(method=method, path=path), Wire())[2] == f"{lane}-0 ".encode()


class TestBodies:
    def test_body_reaches_the_application_whole(self, front: Front) -> None:
        request = Asked(**POST, headers=SentHeaders(("content-length", "4")))

        assert asked(front, request, Wire(b"ab", b"cd"))[2] == b"write-0 abcd"

    def test_slow_body_is_answered_408(self, front: Front) -> None:
        class Silent(Wire):
            async def __aiter__(self) -> Any:
                await asyncio.sleep(5)
                yield b"x"

        status, headers, body = asked(front, Asked(**POST, headers=SentHeaders(("content-length", "4"))), Silent())

        assert (status, headers["retry-after"], orjson.loads(body)["code"]) == (408, "1", "too_slow")
        assert len(headers["x-request-id"]) == 32

    def test_body_that_breaks_off_is_answered_400(self, front: Front) -> None:
        request = Asked(**POST, headers=SentHeaders(("content-length", "4")))

        assert asked(front, request, Wire(b"ab", OSError()))[0] == 400


class TestAnswers:
    def test_full_lane_is_answered_503_and_liveness_all_the_same(self) -> None:
        front = Front(echo, lanes=lanes(waiting=0), rules=RULES)
        status, headers, body = asked(front, Asked(), Wire())

        assert (status, headers["retry-after"], orjson.loads(body)["code"]) == (503, "1", "busy")
        assert asked(front, Asked(path="/health/live"), Wire())[::2] == (200, b'{"state":"ok"}')

    def test_application_that_breaks_is_answered_500_without_its_words(self, front: Front) -> None:
        status, _, body = asked(front, Asked(path="/broken"), Wire())

        assert (status, b"secret" in body) == (500, False)

    def test_client_that_is_gone_breaks_nothing(self, front: Front) -> None:
        class Gone(Wire):
            def response_bytes(self, *_: Any) -> None:
                raise ConnectionError

        async def ask() -> None:
            await front.__rsgi__(Asked(), Gone())

        asyncio.run(ask())

        assert asked(front, Asked(), Wire())[0] == 200
