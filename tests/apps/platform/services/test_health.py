import logging
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection

from apps.platform.services import health
from apps.platform.services.health import (
    Health,
    PartHealth,
    State,
    database_health,
    parts_health,
    parts_health_in_time,
    register_health,
    reset_health,
    worst_state,
)


@pytest.fixture(autouse=True)
def probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part is registered yet."""
    monkeypatch.setattr(health, "_probes", {})


def part(state: State) -> PartHealth:
    return PartHealth("part", state, "")


class TestPartsHealth:
    def test_asks_every_part_by_name(self) -> None:
        register_health("search", lambda: Health("degraded", "No index.", impact="Slow answers.", remedy="A rebuild."))
        register_health("books", lambda: Health("ok"))
        assert parts_health() == [
            PartHealth("books", "ok", ""),
            PartHealth("search", "degraded", "No index.", "Slow answers.", "A rebuild."),
        ]

    def test_asks_the_probe_that_was_registered_last(self) -> None:
        register_health("books", lambda: Health("down"))
        register_health("books", lambda: Health("ok"))
        assert [found.state for found in parts_health()] == ["ok"]

    def test_stands_when_a_probe_falls_and_says_so_in_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        def fall() -> Health:
            raise RuntimeError("a secret of the machine")

        register_health("search", fall)
        register_health("books", lambda: Health("ok"))
        books, search = parts_health()
        assert (books.state, search.state) == ("ok", "degraded")
        assert "secret" not in search.detail
        assert "The probe of search failed" in caplog.text
        assert "a secret of the machine" in caplog.text

    def test_a_probe_that_needs_the_database_says_so_without_a_trace(self, caplog: pytest.LogCaptureFixture) -> None:
        def ask_the_database() -> Health:
            raise OperationalError("connection refused")

        register_health("jobs", ask_the_database)
        assert parts_health() == [
            PartHealth("jobs", "degraded", "Not known: The database does not answer.", "See the part that is down.")
        ]
        assert caplog.text == ""


class TestPartsHealthInTime:
    @pytest.fixture
    def hanging(self) -> Iterator[threading.Event]:
        answers = threading.Event()
        yield answers
        answers.set()

    @pytest.mark.parametrize(("name", "state"), [("database", "down"), ("disk", "degraded")])
    def test_whichever_part_hangs_the_others_are_told(self, hanging: threading.Event, name: str, state: State) -> None:
        def hang() -> Health:
            hanging.wait(30)
            return Health("ok")

        register_health(name, hang)
        register_health("books", lambda: Health("ok"))
        began = time.monotonic()
        found = {one.name: (one.state, one.detail) for one in parts_health_in_time(seconds=0.1)}
        assert time.monotonic() - began < 20
        assert found == {"books": ("ok", ""), name: (state, "It does not answer in time.")}

    def test_a_part_that_hangs_is_asked_once(self, hanging: threading.Event) -> None:
        asked: list[int] = []

        def hang() -> Health:
            asked.append(1)
            hanging.wait(30)
            return Health("ok")

        register_health("model", hang)
        for _ in range(5):
            reset_health()
            parts_health_in_time(seconds=0.01)
        assert len(asked) == 1

    def test_is_asked_once_a_second(self) -> None:
        asked: list[int] = []

        def count() -> Health:
            asked.append(1)
            return Health("ok")

        register_health("shelf", count)
        for now in (0.0, 0.5, 0.9, 1.1, 1.5):
            parts_health_in_time(clock=lambda now=now: now)  # type: ignore[misc]
        assert len(asked) == 2


class TestWorstState:
    @pytest.mark.parametrize(
        ("states", "worst"),
        [
            ([], "ok"),
            (["ok", "ok"], "ok"),
            (["ok", "degraded", "ok"], "degraded"),
            (["degraded", "down", "ok"], "down"),
        ],
    )
    def test_is_that_of_the_worst_part(self, states: list[State], worst: State) -> None:
        assert worst_state([part(state) for state in states]) == worst


class TestDatabaseHealth:
    @pytest.mark.django_db
    def test_is_well_while_the_database_answers(self) -> None:
        assert database_health() == Health("ok")

    @pytest.mark.django_db
    def test_is_down_when_it_is_empty(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations")
        found = database_health()
        assert (found.state, found.detail) == ("down", "The database answers, and is empty.")
        assert "migrate" in found.remedy

    def test_is_down_when_it_does_not(self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        class Gone:
            def cursor(self) -> None:
                raise OperationalError("connection refused by 10.0.0.7")

        monkeypatch.setattr(health, "connection", Gone())
        with caplog.at_level(logging.WARNING):
            found = database_health()
        assert (found.state, found.detail) == ("down", "The database does not answer.")
        assert found.impact
        assert found.remedy
        assert "10.0.0.7" in caplog.text
