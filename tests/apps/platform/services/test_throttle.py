import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.cache.backends.redis import RedisCache
from django.db import DatabaseError, connection, connections
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from apps.platform.models import ThrottleCount
from apps.platform.services import throttle
from apps.platform.services.breaker import CircuitBreaker
from apps.platform.services.throttle import (
    CacheCounter,
    Counter,
    DatabaseCounter,
    FallbackCounter,
    GuardedCounter,
    MemoryCounter,
    Throttle,
    purge_counts,
)
from tests.conftest import NOW

if TYPE_CHECKING:
    from tests.servers import RedisServer


@pytest.fixture(params=["database", pytest.param("redis", marks=pytest.mark.servers)])
def counter(request: pytest.FixtureRequest, db: None) -> Iterator[Counter]:
    if request.param == "database":
        yield DatabaseCounter()
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    cache = RedisCache(server.url, {})
    cache.clear()
    yield CacheCounter(cache)
    cache.close()


class CounterInMemory:
    """What the real counters do, for properties of what is made of it."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, int], int] = defaultdict(int)

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        if self._used[bucket, window] >= ceiling:
            return None
        self._used[bucket, window] += amount
        return self._used[bucket, window]

    def used(self, bucket: str, window: int) -> int:
        return self._used[bucket, window]


def passed(throttle: Throttle, *, limit: int, times: int, now: datetime) -> int:
    return sum(throttle.take("key:1", limit=limit, now=now) == 0.0 for _ in range(times))


class TestThrottle:
    @pytest.mark.parametrize("limit", [1, 7, 100, 1003])
    def test_lets_exactly_the_limit_through(self, counter: Counter, limit: int, now: datetime) -> None:
        assert passed(Throttle(counter), limit=limit, times=limit + 50, now=now) == limit

    @pytest.mark.parametrize("limit", [1, 7, 100, 1003])
    def test_processes_together_never_pass_the_limit(self, counter: Counter, limit: int, now: datetime) -> None:
        processes = [Throttle(counter) for _ in range(4)]
        total = sum(passed(throttle, limit=limit, times=limit, now=now) for throttle in processes)
        assert total == limit

    @pytest.mark.parametrize("days", [731, -365])
    def test_clock_that_was_wrong_for_a_while_shuts_nobody_out(
        self, counter: Counter, now: datetime, days: int
    ) -> None:
        throttle, wrong = Throttle(counter), now + timedelta(days=days)
        assert passed(throttle, limit=10, times=20, now=now) == 10
        assert passed(throttle, limit=10, times=20, now=wrong) == 10
        assert throttle.take("key:1", limit=10, now=now + timedelta(minutes=2)) == 0.0

    def test_old_counts_are_deleted_after_a_clock_was_ahead_too(self, db: None, now: datetime) -> None:
        throttle = Throttle(DatabaseCounter())
        passed(throttle, limit=10, times=1, now=now + timedelta(days=731))
        for minutes in range(30):
            passed(throttle, limit=10, times=1, now=now + timedelta(minutes=minutes))
        past = ThrottleCount.objects.filter(minute__lt=(now + timedelta(minutes=15)).timestamp() // 60)
        assert past.count() == 0

    def test_keys_do_not_share_a_limit(self, counter: Counter, now: datetime) -> None:
        throttle = Throttle(counter)
        assert throttle.take("key:1", limit=1, now=now) == 0.0
        assert throttle.take("key:1", limit=1, now=now) > 0.0
        assert throttle.take("key:2", limit=1, now=now) == 0.0

    def test_no_sixty_seconds_hold_twice_the_limit(self, counter: Counter, now: datetime) -> None:
        """A burst before the full minute and one after it: a fixed window would let 120 through within 2 s."""
        throttle = Throttle(counter)
        before, after = now + timedelta(seconds=59), now + timedelta(seconds=61)
        assert passed(throttle, limit=60, times=100, now=before) == 60
        assert passed(throttle, limit=60, times=100, now=after) <= 1

    def test_a_steady_client_at_nine_tenths_of_the_limit_is_never_refused(
        self, counter: Counter, now: datetime
    ) -> None:
        throttle = Throttle(counter)
        moments = [now + timedelta(seconds=60 / 90 * number) for number in range(90 * 4)]
        assert sum(throttle.take("key:1", limit=100, now=moment) == 0.0 for moment in moments) == len(moments)

    def test_says_how_long_to_wait_and_keeps_its_word(self, counter: Counter, now: datetime) -> None:
        throttle = Throttle(counter)
        assert passed(throttle, limit=10, times=10, now=now) == 10
        wait = throttle.take("key:1", limit=10, now=now)
        assert wait == pytest.approx(60)
        later = now + timedelta(seconds=60 + 7)  # a tenth of the minute before has slid away, which is one request
        assert throttle.take("key:1", limit=10, now=later) == 0.0

    @pytest.mark.parametrize(("limit", "amount"), [(100, 1), (100, 7), (100, 50), (1003, 100), (5, 5)])
    def test_lets_as_many_batches_through_as_fit(
        self, counter: Counter, limit: int, amount: int, now: datetime
    ) -> None:
        throttle = Throttle(counter)
        taken = sum(throttle.take("key:1", limit=limit, now=now, amount=amount) == 0.0 for _ in range(limit + 5))
        assert taken == limit // amount
        assert passed(throttle, limit=limit, times=limit, now=now) == limit % amount  # what is left is not lost

    @pytest.mark.django_db
    @given(
        limit=st.integers(1, 200),
        takes=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 60), st.integers(0, 200)), max_size=40),
    )
    def test_no_minute_holds_more_than_the_limit_whatever_is_asked_of_whom(
        self, limit: int, takes: list[tuple[int, int, int]]
    ) -> None:
        """Batches of any size, from three processes, over some windows."""
        counter, seconds = CounterInMemory(), 0
        processes = [Throttle(counter) for _ in range(3)]
        granted: dict[int, int] = defaultdict(int)
        for process, amount, passed_seconds in takes:
            seconds += passed_seconds
            moment = NOW + timedelta(seconds=seconds)
            if processes[process].take("key:1", limit=limit, now=moment, amount=amount) == 0.0:
                granted[int(moment.timestamp()) // 60] += amount
        assert max(granted.values(), default=0) <= limit

    def test_a_batch_beyond_the_limit_takes_nothing_from_smaller_ones(self, counter: Counter, now: datetime) -> None:
        throttle = Throttle(counter)
        assert throttle.take("key:1", limit=10, now=now, amount=11) > 0
        assert Throttle(counter).take("key:1", limit=10, now=now, amount=10) == 0.0

    def test_what_did_not_take_place_is_given_back(self, counter: Counter, now: datetime) -> None:
        throttle = Throttle(counter)
        assert throttle.take("key:1", limit=10, now=now, amount=8) == 0.0
        throttle.give_back("key:1", amount=8, now=now)
        assert passed(throttle, limit=10, times=20, now=now) == 10

    def test_what_is_given_back_a_window_later_is_over(self, counter: Counter, now: datetime) -> None:
        throttle = Throttle(counter)
        assert throttle.take("key:1", limit=10, now=now, amount=8) == 0.0
        later = now + timedelta(minutes=5)
        assert throttle.take("key:1", limit=10, now=later, amount=10) == 0.0
        throttle.give_back("key:1", amount=8, now=now)
        assert throttle.take("key:1", limit=10, now=later) > 0.0

    def test_says_how_long_a_batch_waits_for_its_place(self, db: None, now: datetime) -> None:
        throttle = Throttle(DatabaseCounter())
        assert throttle.take("key:1", limit=60, now=now, amount=60) == 0.0
        after = now + timedelta(seconds=60)  # every second one of the minute before slides away
        assert throttle.take("key:1", limit=60, now=after, amount=30) == pytest.approx(30)
        assert throttle.take("key:1", limit=60, now=after + timedelta(seconds=30), amount=30) == 0.0

    def test_writes_once_for_a_chunk(self, db: None, now: datetime) -> None:
        throttle = Throttle(DatabaseCounter())
        throttle.take("key:1", limit=60_000, now=now)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(connection, "cursor", None)  # any further query fails
            assert passed(throttle, limit=60_000, times=1199, now=now) == 1199

    def test_a_refused_flood_does_not_reach_the_database(
        self, db: None, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        throttle = Throttle(DatabaseCounter())
        assert passed(throttle, limit=5, times=10, now=now) == 5
        with django_assert_num_queries(0):
            assert passed(throttle, limit=5, times=1000, now=now) == 0

    @pytest.mark.django_db(transaction=True)
    def test_threads_together_never_pass_the_limit(self, now: datetime) -> None:
        counts: list[int] = []

        def ask(throttle: Throttle) -> None:
            try:
                counts.append(passed(throttle, limit=100, times=100, now=now))
            finally:
                connections.close_all()

        processes = [Throttle(DatabaseCounter()) for _ in range(2)]
        threads = [threading.Thread(target=ask, args=(processes[number % 2],)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(counts) == 100

    def test_deletes_old_counts_by_itself(self, db: None, now: datetime) -> None:
        throttle = Throttle(DatabaseCounter())
        throttle.take("key:1", limit=5, now=now)
        throttle.take("key:1", limit=5, now=now + timedelta(hours=1))
        assert ThrottleCount.objects.count() == 1

    def test_holds_a_bounded_number_of_clients_and_the_limit_of_each(
        self, monkeypatch: pytest.MonkeyPatch, now: datetime, db: None
    ) -> None:
        monkeypatch.setattr(throttle, "REMEMBERED_BUCKETS", 3)
        limited = Throttle(DatabaseCounter())
        names = [f"client-{number}" for number in range(10)]
        waits = [limited.take(name, limit=1, now=now) for _ in range(2) for name in names]
        assert [wait == 0.0 for wait in waits] == [True] * 10 + [False] * 10
        assert len(limited._shares) == 3


class _BrokenCounter:
    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        raise DatabaseError("gone")

    def used(self, bucket: str, window: int) -> int:
        raise DatabaseError("gone")


class TestFallbackCounter:
    def test_the_next_counter_counts_when_the_first_is_gone(self, db: None, now: datetime) -> None:
        throttle = Throttle(FallbackCounter(_BrokenCounter(), DatabaseCounter()))
        assert passed(throttle, limit=5, times=10, now=now) == 5

    def test_without_any_counter_the_limit_of_each_process_holds(self, db: None, now: datetime) -> None:
        throttle = Throttle(FallbackCounter(_BrokenCounter()))
        assert passed(throttle, limit=5, times=10, now=now) == 5
        assert passed(throttle, limit=5, times=10, now=now + timedelta(minutes=3)) == 5


class _FullCounter:
    """Answers what was used, and takes nothing: a store that is full or may only be read."""

    def __init__(self) -> None:
        self.asked = 0
        self.full = True

    def add(self, bucket: str, window: int, *, amount: int, ceiling: int) -> int | None:
        self.asked += 1
        if self.full:
            raise DatabaseError("full")
        return amount

    def used(self, bucket: str, window: int) -> int:
        return 0


class TestGuardedCounter:
    def test_a_store_that_is_only_read_stays_away_until_it_takes_a_count(self, db: None, now: datetime) -> None:
        full, clock = _FullCounter(), [0.0]
        guarded = GuardedCounter(full, CircuitBreaker("It", clock=lambda: clock[0]).call)
        throttle = Throttle(FallbackCounter(guarded))
        for bucket in range(20):
            throttle.take(f"key:{bucket}", limit=5, now=now)
        assert full.asked == 1
        full.full, clock[0] = False, 1.0
        throttle.take("key:20", limit=5, now=now)
        throttle.take("key:21", limit=5, now=now)
        assert full.asked == 3


class TestMemoryCounter:
    def test_holds_a_bounded_number_of_clients(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttle, "REMEMBERED_BUCKETS", 3)
        counter = MemoryCounter()
        counts = [counter.add(f"key:{number}", 7, amount=2, ceiling=9) for number in range(10)]
        assert counts == [2] * 10
        assert [counter.used(f"key:{number}", 7) for number in (0, 8, 9)] == [0, 2, 2]

    def test_forgets_windows_that_count_no_more_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttle, "REMEMBERED_BUCKETS", 2)
        counter = MemoryCounter()
        for window in (6, 7, 8):
            counter.add("key:1", window, amount=1, ceiling=9)
        assert [counter.used("key:1", window) for window in (6, 7, 8)] == [0, 1, 1]


class TestPurge:
    def test_keeps_the_windows_that_still_count(self, db: None) -> None:
        for window in (7, 8, 9):
            DatabaseCounter().add("key:1", window, amount=1, ceiling=5)
        assert purge_counts(before=8) == 1
        assert set(ThrottleCount.objects.values_list("minute", flat=True)) == {8, 9}
