import logging

import pytest
from django.db import connections

from apps.platform.services import lifecycle


def fail() -> None:
    raise ZeroDivisionError


@pytest.mark.django_db
class TestWarmUp:
    @pytest.fixture(autouse=True)
    def none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lifecycle, "_warmers", {})
        monkeypatch.setattr(connections, "close_all", lambda: None)  # the test goes on with its transaction

    def test_calls_each_once_though_one_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        called: list[str] = []
        lifecycle.register_warmer("broken", fail)
        lifecycle.register_warmer("shelf", lambda: called.append("first"))
        lifecycle.register_warmer("shelf", lambda: called.append("shelf"))  # registering again replaces
        lifecycle.warm_up()
        assert called == ["shelf"]
        assert "broken could not be warmed up" in caplog.text


class TestRunShutdownHooks:
    def test_calls_each_even_where_one_fails(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        done: list[str] = []
        monkeypatch.setattr(lifecycle, "_shutdown_hooks", {})
        lifecycle.register_shutdown_hook("first", lambda: done.append("first"))
        lifecycle.register_shutdown_hook("broken", fail)
        lifecycle.register_shutdown_hook("last", lambda: done.append("last"))
        with caplog.at_level(logging.ERROR):
            lifecycle.run_shutdown_hooks()
        assert done == ["first", "last"]
        assert "broken could not be ended" in caplog.text
