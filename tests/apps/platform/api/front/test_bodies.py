import asyncio
from collections.abc import AsyncIterator

import pytest

from apps.platform.api.front.bodies import Bodies, BodyBrokenError, BodyRules, BodyTooSlowError, NoRoomError, has_body
from tests.apps.platform.api.front.asking import SentHeaders, Wire

FAST = BodyRules(largest=100, grace_seconds=0.05, slowest=1000, longest_seconds=0.3)


def read(bodies: Bodies, chunks: AsyncIterator[bytes], *, announced: int | None) -> bytes:
    return asyncio.run(bodies.read(chunks, announced=announced))


async def dribble(*, parts: int, pause: float) -> AsyncIterator[bytes]:
    for _ in range(parts):
        await asyncio.sleep(pause)
        yield b"x"


class TestRules:
    def test_every_second_of_the_lowest_speed_buys_a_second(self) -> None:
        rules = BodyRules(largest=1 << 20, grace_seconds=3, slowest=1024, longest_seconds=60)

        assert [rules.deadline(received) for received in (0, 1, 1024, 51_200, 58_368, 1 << 20)] == [
            3.0,
            3.0009765625,
            4.0,
            53.0,
            60.0,
            60.0,
        ]


class TestHasBody:
    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ((), False),
            ((("content-length", "0"),), False),
            ((("content-length", "1"),), True),
            ((("transfer-encoding", "chunked"),), True),
        ],
    )
    def test_says_the_header(self, headers: tuple[tuple[str, str], ...], expected: bool) -> None:
        assert has_body(SentHeaders(*headers)) is expected


class TestRead:
    def test_parts_are_joined(self) -> None:
        assert read(Bodies(FAST), aiter(Wire(b"ab", b"", b"c")), announced=3) == b"abc"

    def test_without_a_length_it_ends_where_it_ends(self) -> None:
        assert read(Bodies(FAST), aiter(Wire(b"ab", b"c")), announced=None) == b"abc"

    def test_announced_as_too_large_is_not_read(self) -> None:
        assert read(Bodies(FAST), aiter(Wire(AssertionError())), announced=101) == b""

    def test_too_large_without_a_length_is_read_until_it_shows(self) -> None:
        body = read(Bodies(FAST), aiter(Wire(b"x" * 60, b"x" * 60, AssertionError())), announced=None)

        assert len(body) == 120

    @pytest.mark.parametrize("parts", [(b"ab",), (b"ab", b"cd"), (b"ab", ConnectionError())])
    def test_another_length_than_announced_is_broken(self, parts: tuple[bytes | Exception, ...]) -> None:
        with pytest.raises(BodyBrokenError):
            read(Bodies(FAST), aiter(Wire(*parts)), announced=3)

    def test_nothing_sent_is_over_after_the_grace(self) -> None:
        with pytest.raises(BodyTooSlowError):
            read(Bodies(FAST), dribble(parts=1, pause=5), announced=1)

    def test_a_byte_now_and_then_is_too_slow(self) -> None:
        with pytest.raises(BodyTooSlowError):
            read(Bodies(FAST), dribble(parts=50, pause=0.02), announced=50)

    def test_slow_but_above_the_floor_is_read(self) -> None:
        rules = BodyRules(largest=100, grace_seconds=0.2, slowest=10)

        assert read(Bodies(rules), dribble(parts=10, pause=0.05), announced=10) == b"x" * 10

    def test_never_longer_than_the_longest(self) -> None:
        rules = BodyRules(largest=100, grace_seconds=10, slowest=1, longest_seconds=0.1)
        with pytest.raises(BodyTooSlowError):
            read(Bodies(rules), dribble(parts=50, pause=0.02), announced=50)

    def test_all_together_hold_no_more_than_they_may(self) -> None:
        bodies = Bodies(BodyRules(largest=100, held=150))
        go_on = asyncio.Event()

        async def holding() -> AsyncIterator[bytes]:
            yield b"x" * 90
            await go_on.wait()

        async def both() -> None:
            first = asyncio.create_task(bodies.read(holding(), announced=90))
            await asyncio.sleep(0.01)
            with pytest.raises(NoRoomError):
                await bodies.read(aiter(Wire(b"x" * 90)), announced=90)
            go_on.set()
            assert len(await first) == 90
            assert len(await bodies.read(aiter(Wire(b"x" * 90)), announced=90)) == 90  # the room is free again

        asyncio.run(both())
