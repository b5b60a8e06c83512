import logging
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Purge
from apps.jobs.services.ledger.purging import PurgeAcceptance, PurgePlan, WhyMissingError, run_purge, why_unusual
from apps.jobs.services.runner.diagnosis import diagnose

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


class Rows:
    """Rows that can be erased once."""

    def __init__(self) -> None:
        self.erased: list[datetime] = []
        self.count = 0

    def erase(self, before: datetime) -> int:
        self.erased.append(before)
        return self.count


def plan(now: datetime, *, rows: int, total: int = 100_000, silent: timedelta = DAY) -> PurgePlan:
    return PurgePlan(name="events", before=now - 700 * DAY, rows=rows, total=total, newest_at=now - silent)


def purge(now: datetime, *, rows: int, total: int = 100_000, acceptance: PurgeAcceptance | None = None) -> int:
    store = Rows()
    store.count = rows
    return run_purge(plan(now, rows=rows, total=total), erase=store.erase, now=now, acceptance=acceptance)


class TestWhyUnusual:
    @pytest.mark.parametrize(
        ("rows", "total", "usual"),
        [
            (0, 0, True),
            (1000, 100_000, True),  # 1 %, and not many
            (1001, 100_000, False),  # many, where nothing was usual
            (10, 20, True),  # half of nearly nothing
            (11, 20, False),
            (50, 1000, True),  # 5 %
            (51, 1000, False),
        ],
    )
    def test_first_purge(self, now: datetime, rows: int, total: int, usual: bool) -> None:
        assert (why_unusual(plan(now, rows=rows, total=total), now=now) == "") == usual

    @pytest.mark.parametrize(("rows", "usual"), [(1800, True), (1801, False)])
    def test_three_times_what_was_usual(self, now: datetime, rows: int, usual: bool) -> None:
        for nights, erased in ((3, 200), (2, 600), (1, 10)):
            purge(now - nights * DAY, rows=erased)

        assert (why_unusual(plan(now, rows=rows), now=now) == "") == usual

    def test_what_a_person_accepted_makes_nothing_usual(self, now: datetime) -> None:
        purge(now - DAY, rows=50_000, acceptance=PurgeAcceptance("ada", "first import"))

        assert why_unusual(plan(now, rows=1001), now=now)

    def test_usual_of_long_ago_is_forgotten(self, now: datetime) -> None:
        purge(now - 31 * DAY, rows=900)

        assert why_unusual(plan(now, rows=1001), now=now)

    @pytest.mark.parametrize(("silent", "usual"), [(7 * DAY, True), (8 * DAY, False), (-2 * DAY, False)])
    def test_clock_far_from_the_newest_row(self, now: datetime, silent: timedelta, usual: bool) -> None:
        assert (why_unusual(plan(now, rows=1, silent=silent), now=now) == "") == usual


class TestRunPurge:
    def test_usual_purge_is_done_and_recorded(self, now: datetime) -> None:
        assert purge(now, rows=200) == 200
        done = Purge.objects.get()
        assert (done.state, done.rows, done.total, done.before) == ("done", 200, 100_000, now - 700 * DAY)

    def test_unusual_purge_is_held_once_and_logged_each_night(
        self, now: datetime, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            assert [purge(now, rows=2081), purge(now + DAY, rows=2090)] == [0, 0]

        held = Purge.objects.get()
        assert (held.state, held.rows, held.at) == ("held", 2090, now)
        assert "The purge of events is held: it would erase 2081 of 100000 rows" in caplog.text
        assert "The purge of events is held still: it would erase 2090" in caplog.text

    def test_held_purge_is_named_by_readiness_until_it_is_over(self, now: datetime) -> None:
        purge(now, rows=2081)
        told = {finding.detail: finding.remedy for finding in diagnose(now=now, local=now, broker=False)}

        held = next(detail for detail in told if "is held" in detail)
        assert held.startswith(
            "The purge of events is held: it would erase 2,081 of 100,000 rows, those from before 2024-12-24."
        )
        assert "manage.py purge_events --accept --why REASON" in told[held]
        purge(now, rows=2081, acceptance=PurgeAcceptance("ada", "yes"))
        assert not any("held" in finding.detail for finding in diagnose(now=now, local=now, broker=False))

    def test_nobody_accepts_without_a_reason(self, now: datetime) -> None:
        with pytest.raises(WhyMissingError):
            purge(now, rows=2081, acceptance=PurgeAcceptance("ada", " "))

        assert not Purge.objects.exists()


class TestTheFirstNight:
    @pytest.mark.parametrize(("rows", "is_unusual"), [(2222, False), (3333, False), (3334, True)])
    def test_erases_three_times_as_much_as_goes_in_a_steady_night(
        self, now: datetime, rows: int, is_unusual: bool
    ) -> None:
        # 100,000 rows that are kept for 90 days: 1,111 a night.
        steady = replace(plan(now, rows=rows), kept_for=90 * DAY)
        assert bool(why_unusual(steady, now=now)) is is_unusual
