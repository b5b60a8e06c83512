from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.jobs.selectors.ledger_time import ASKED_EVERY_SECONDS, LedgerClock, ledger_now

pytestmark = pytest.mark.django_db

WRONG = datetime(2028, 11, 24, tzinfo=UTC)
CLOSE = timedelta(seconds=5)


class TestLedgerNow:
    def test_is_that_of_the_database_where_it_has_a_clock_of_its_own(self) -> None:
        expected = WRONG if connection.vendor == "sqlite" else timezone.now()

        assert abs(ledger_now(WRONG) - expected) < CLOSE


class TestLedgerClock:
    def test_machine_whose_clock_is_wrong_goes_by_the_database(self) -> None:
        expected = WRONG if connection.vendor == "sqlite" else timezone.now()

        assert abs(LedgerClock(lambda: WRONG)() - expected) < CLOSE

    @pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's clock is that of the process.")
    def test_counts_on_between_two_questions(self, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
        seconds = [100.0]
        clock = LedgerClock(timezone.now, monotonic=lambda: seconds[0])
        first = clock()
        seconds[0] += ASKED_EVERY_SECONDS / 2
        with django_assert_num_queries(0):
            assert clock() - first == timedelta(seconds=ASKED_EVERY_SECONDS / 2)
        seconds[0] += ASKED_EVERY_SECONDS
        with django_assert_num_queries(1):
            assert clock() - first < CLOSE
