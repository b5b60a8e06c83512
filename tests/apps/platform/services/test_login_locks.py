import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.db import connection, models
from django.utils import timezone

from apps.platform.selectors.accounts import name_hash
from apps.platform.services.login_locks import (
    LoginAttempt,
    forget_failures,
    give_back,
    next_attempt_at,
    purge_attempts,
    take_attempt,
)

HERE, THERE = "192.0.2.1", "192.0.2.2"
ADA = name_hash("ada")


@pytest.fixture
def now() -> datetime:
    return timezone.now()  # axes stamps its rows by the clock of the machine


def fail(attempt: LoginAttempt, *, times: int, now: datetime) -> list[datetime | None]:
    return [take_attempt(attempt, now=now) for _ in range(times)]


@pytest.mark.django_db
class TestTakeAttempt:
    def test_lets_five_through_and_then_makes_one_wait_twice_as_long_each_time(self, now: datetime) -> None:
        attempt = LoginAttempt(ADA, HERE)
        assert fail(attempt, times=6, now=now) == [None] * 5 + [now + timedelta(minutes=1)]

        waits, at = [], now
        for _ in range(8):
            until = take_attempt(attempt, now=at)
            assert until is not None
            waits.append(int((until - at).total_seconds() // 60))
            at = until
            assert take_attempt(attempt, now=at) is None
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60]

    def test_counts_no_attempt_that_is_refused(self, now: datetime) -> None:
        attempt = LoginAttempt(ADA, HERE)
        fail(attempt, times=50, now=now)
        assert take_attempt(attempt, now=now + timedelta(minutes=1)) is None

    def test_lets_the_same_name_in_from_elsewhere(self, now: datetime) -> None:
        fail(LoginAttempt(ADA, HERE), times=6, now=now)
        assert take_attempt(LoginAttempt(ADA, THERE), now=now) is None

    def test_locks_an_address_that_tries_many_names(self, now: datetime) -> None:
        tried = [take_attempt(LoginAttempt(name_hash(str(number)), HERE), now=now) for number in range(21)]
        assert tried == [None] * 20 + [now + timedelta(minutes=1)]
        assert AccessAttempt.objects.count() == 20  # a refused one leaves no row
        assert take_attempt(LoginAttempt(ADA, THERE), now=now) is None

    def test_slows_one_name_tried_from_many_addresses_but_never_for_longer_than_half_a_minute(
        self, now: datetime
    ) -> None:
        tried = [take_attempt(LoginAttempt(ADA, f"192.0.2.{number}"), now=now) for number in range(21)]
        assert tried == [None] * 20 + [now + timedelta(seconds=1)]
        at = now
        for number in range(40):
            until = take_attempt(LoginAttempt(ADA, f"198.51.100.{number}"), now=at)
            assert until is not None
            assert until - at <= timedelta(seconds=30)
            at = until
            assert take_attempt(LoginAttempt(ADA, f"198.51.100.{number}"), now=at) is None

    def test_lets_a_known_device_in_whatever_strangers_do_to_its_name_and_address(self, now: datetime) -> None:
        fail(LoginAttempt(ADA, HERE), times=6, now=now)
        for number in range(30):
            take_attempt(LoginAttempt(ADA, f"192.0.2.{number}"), now=now)
            take_attempt(LoginAttempt(name_hash(str(number)), HERE), now=now)
        assert take_attempt(LoginAttempt(ADA, HERE), now=now) is not None
        assert take_attempt(LoginAttempt(ADA, HERE, "d1"), now=now) is None

    def test_counts_a_device_as_one_from_whichever_address(self, now: datetime) -> None:
        tried = [take_attempt(LoginAttempt(ADA, f"192.0.2.{number}", "d1"), now=now) for number in range(6)]
        assert tried == [None] * 5 + [now + timedelta(minutes=1)]

    def test_forgets_after_a_day(self, now: datetime) -> None:
        fail(LoginAttempt(ADA, HERE), times=6, now=now - timedelta(hours=25))
        AccessAttempt.objects.update(attempt_time=now - timedelta(hours=25))
        assert fail(LoginAttempt(ADA, HERE), times=5, now=now) == [None] * 5

    def test_stores_no_name_that_was_typed(self, now: datetime) -> None:
        take_attempt(LoginAttempt(name_hash("hunter2"), HERE), now=now)
        (row,) = AccessAttempt.objects.values()
        assert "hunter2" not in str(row)
        assert (row["user_agent"], row["get_data"], row["post_data"], row["http_accept"], row["path_info"]) == ("",) * 5


@pytest.mark.django_db
class TestForgetting:
    def test_a_log_in_forgets_what_failed_before(self, now: datetime) -> None:
        fail(LoginAttempt(ADA, HERE), times=4, now=now)
        forget_failures(LoginAttempt(ADA, HERE))
        assert fail(LoginAttempt(ADA, HERE), times=5, now=now) == [None] * 5

    def test_an_attempt_that_nobody_looked_at_counts_for_nothing(self, now: datetime) -> None:
        for _ in range(9):
            assert take_attempt(LoginAttempt(ADA, HERE), now=now) is None
            give_back(LoginAttempt(ADA, HERE))

    def test_says_when_the_next_may_come(self, now: datetime) -> None:
        fail(LoginAttempt(ADA, HERE), times=4, now=now)
        assert next_attempt_at(LoginAttempt(ADA, HERE), now=now) is None
        fail(LoginAttempt(ADA, HERE), times=1, now=now)
        assert next_attempt_at(LoginAttempt(ADA, HERE), now=now) == now + timedelta(minutes=1)

    def test_what_counts_no_more_is_deleted(self, now: datetime) -> None:
        fail(LoginAttempt(ADA, HERE), times=1, now=now)
        fail(LoginAttempt(ADA, THERE), times=1, now=now)
        AccessAttempt.objects.filter(ip_address=HERE).update(attempt_time=now - timedelta(hours=24))
        assert purge_attempts(now=now) == 1
        assert list(AccessAttempt.objects.values_list("ip_address", flat=True)) == [THERE]


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_no_more_get_through_than_one_after_another(self) -> None:
        begin = threading.Barrier(16)
        now = datetime.now(UTC)

        def attempt(_: int) -> datetime | None:
            begin.wait()
            try:
                return take_attempt(LoginAttempt(ADA, HERE), now=now)
            finally:
                connection.close()

        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(attempt, range(16)))
        assert answers.count(None) == 5
        assert AccessAttempt.objects.aggregate(models.Sum("failures_since_start")) == {"failures_since_start__sum": 5}
