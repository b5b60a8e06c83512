import logging

import pytest
from django.db import OperationalError

from apps.platform.services import health
from apps.platform.services.health import (
    Health,
    PartHealth,
    State,
    database_health,
    parts_health,
    register_health,
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
        register_health("search", lambda: Health("degraded", "No index.", noticed="Slow answers.", heals="A rebuild."))
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

    def test_is_down_when_it_does_not(self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        class Gone:
            def cursor(self) -> None:
                raise OperationalError("connection refused by 10.0.0.7")

        monkeypatch.setattr(health, "connection", Gone())
        with caplog.at_level(logging.WARNING):
            found = database_health()
        assert (found.state, found.detail) == ("down", "The database does not answer.")
        assert found.noticed
        assert found.heals
        assert "10.0.0.7" in caplog.text
