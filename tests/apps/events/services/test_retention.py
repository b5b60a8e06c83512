from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.events.models import Event, ServedList
from apps.events.services import retention
from apps.events.services.ingest import STORED, ingest
from apps.events.services.lists import NewList, flush_lists, serve_list
from apps.events.services.retention import LISTS, RULES, SESSIONS, purge_events, purge_plan
from apps.jobs.models import Purge
from apps.jobs.services.ledger.purging import PurgeAcceptance
from epicml.audience.bands import AgeBand

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

MONTH = timedelta(days=30)
ADA = PurgeAcceptance("ada", "the school year is over")


def happened(ages: list[int], *, now: datetime) -> None:
    """An event so many days ago, each."""
    ingest(
        [
            {
                "event_id": f"{now:%Y}-{number}-{age}-days",
                "reader": "r1",
                "book": "b1",
                "kind": "shown",
                "occurred_at": (now - timedelta(days=age)).isoformat(),
            }
            for number, age in enumerate(ages)
        ],
        now=now,
    )


class TestPurgeEvents:
    def test_erases_what_is_older_than_is_kept(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retention, "ROWS_PER_TRANSACTION", 2)
        happened([0, 29, 30, 31, 40, 50], now=now)

        assert purge_events(now=now, kept_for=MONTH) == 3
        assert purge_events(now=now, kept_for=MONTH) == 0
        assert set(Event.objects.values_list("event_id", flat=True)) == {
            "2026-0-0-days",
            "2026-1-29-days",
            "2026-2-30-days",
        }

    def test_two_years_are_kept_unless_the_environment_says_otherwise(self) -> None:
        assert settings.EVENTS_KEPT_DAYS == 761


class TestWrongClock:
    """What would have erased 2,081 events: a clock that was two years ahead for a night."""

    @pytest.fixture(autouse=True)
    def events(self, shop: None, now: datetime) -> None:
        happened([age % 300 for age in range(60)], now=now)

    def purge(self, now: datetime, acceptance: PurgeAcceptance | None = None) -> int:
        return purge_events(now=now, kept_for=timedelta(days=settings.EVENTS_KEPT_DAYS), acceptance=acceptance)

    def test_ahead_erases_nothing(self, now: datetime) -> None:
        for days in (700, 731, 10_000):
            assert self.purge(now + timedelta(days=days)) == 0

        assert Event.objects.count() == 60
        held = Purge.objects.get()
        assert (held.name, held.state, held.rows, held.total) == ("events", "held", 60, 60)
        assert held.reason.endswith("the newest row came in at 2026-11-24 12:00: it may be ahead.")

    def test_ahead_with_an_event_of_then_erases_nothing(self, now: datetime) -> None:
        ahead = now + timedelta(days=800)
        happened([0], now=ahead)

        assert self.purge(ahead) == 0
        assert Purge.objects.get().reason == "That is 98% of all; the most in one purge of the last 30 days was 0."

    def test_set_back_is_held_no_more(self, now: datetime) -> None:
        self.purge(now + timedelta(days=731))

        assert self.purge(now) == 0
        assert not Purge.objects.exists()

    def test_behind_what_came_in_erases_nothing(self, now: datetime) -> None:
        happened([800], now=now)

        assert self.purge(now - timedelta(days=2)) == 0
        assert Purge.objects.get().reason.endswith("the newest row came in at 2026-11-24 12:00, later than that.")

    def test_person_who_accepts_it_is_kept_with_the_reason(self, now: datetime) -> None:
        ahead = now + timedelta(days=800)
        self.purge(ahead)

        assert self.purge(ahead, ADA) == 60
        assert not Event.objects.exists()
        done = Purge.objects.get()
        assert (done.state, done.rows, done.decided_by, done.why) == ("done", 60, "ada", "the school year is over")


class TestImportedLibrary:
    def test_old_events_wait_for_a_person_and_new_ones_are_kept(self, now: datetime) -> None:
        happened([*range(40), *range(1000, 1060)], now=now)

        assert purge_events(now=now, kept_for=timedelta(days=761)) == 0
        assert Purge.objects.get().rows == 60
        assert purge_events(now=now, kept_for=timedelta(days=761), acceptance=ADA) == 60
        assert Event.objects.count() == 40


def served(ages: list[int], *, now: datetime) -> None:
    """A list so many days ago, each."""
    for age in ages:
        serve_list(NewList("home", AgeBand.ADULT, [1]), now=now - timedelta(days=age))
    flush_lists()


def typed(ages: list[int], *, now: datetime) -> None:
    """A session that came in so many days ago, each."""
    for number, age in enumerate(ages):
        session = {"event_id": f"s{number}", "kind": "typed", "typed": "holes", "shown": []}
        assert ingest([session], now=now - timedelta(days=age)) == [STORED]


class TestPurgeLists:
    def test_erases_what_is_older_than_is_kept(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retention, "ROWS_PER_TRANSACTION", 2)
        served([50, 40, 31, 30, 29, 0], now=now)

        assert purge_events(LISTS, now=now, kept_for=MONTH) == 3
        assert purge_events(LISTS, now=now, kept_for=MONTH) == 0
        ages = [(now - at).days for at in ServedList.objects.values_list("served_at", flat=True)]
        assert sorted(ages) == [0, 29, 30]
        assert Purge.objects.get().name == "lists"

    def test_erases_nothing_by_a_clock_that_is_ahead(self, now: datetime) -> None:
        served([age % 20 for age in range(60)], now=now)
        assert purge_events(LISTS, now=now + timedelta(days=100), kept_for=MONTH) == 0
        assert Purge.objects.get().state == "held"

    def test_asks_the_primary_key_alone(self, now: datetime) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("asks SQLite for its plan")
        with CaptureQueriesContext(connection) as asked:
            purge_plan(LISTS, now=now, kept_for=MONTH)
        (counting,) = [query["sql"] for query in asked if "WHERE" in query["sql"]]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {counting}")
            (step,) = cursor.fetchall()
        assert "COVERING INDEX sqlite_autoindex_events_servedlist_1 (id<?)" in step[3]


class TestPurgeSessions:
    def test_erases_what_was_typed_long_ago_and_no_other_event(self, now: datetime) -> None:
        happened([40], now=now)
        typed([50, 40, 31, 30, 29, 0], now=now)

        assert purge_events(SESSIONS, now=now, kept_for=MONTH) == 3
        assert list(Event.objects.order_by("id").values_list("kind", flat=True)) == ["shown", *["typed"] * 3]

    def test_asks_the_index_of_sessions_alone(self, now: datetime) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("asks SQLite for its plan")
        with CaptureQueriesContext(connection) as asked:
            purge_plan(SESSIONS, now=now, kept_for=MONTH)
        with connection.cursor() as cursor:
            for query in [query["sql"] for query in asked if "typed" in query["sql"]]:
                cursor.execute(f"EXPLAIN QUERY PLAN {query}")
                assert "event_typed" in cursor.fetchall()[0][3]


class TestTheNight:
    def test_purges_by_every_rule(self, now: datetime, settings: Settings) -> None:
        settings.EVENTS_KEPT_DAYS, settings.LISTS_KEPT_DAYS, settings.SESSIONS_KEPT_DAYS = 60, 40, 20
        happened([61, 59], now=now)
        served([41, 0], now=now)
        typed([21, 0], now=now)

        for rule in RULES.values():
            purge_events(rule, now=now, kept_for=rule.kept_for())

        assert sorted(Event.objects.values_list("kind", flat=True)) == ["shown", "typed"]
        assert ServedList.objects.count() == 1
        assert sorted(Purge.objects.values_list("name", "rows")) == [("events", 1), ("lists", 1), ("sessions", 1)]
