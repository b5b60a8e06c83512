import logging

import pytest

from apps.platform.services import shutdown


class TestRunShutdownHooks:
    def test_calls_each_even_where_one_fails(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        done: list[str] = []

        def breaks() -> None:
            raise ValueError("no")

        monkeypatch.setattr(shutdown, "_hooks", {})
        shutdown.register_shutdown_hook("first", lambda: done.append("first"))
        shutdown.register_shutdown_hook("broken", breaks)
        shutdown.register_shutdown_hook("last", lambda: done.append("last"))
        with caplog.at_level(logging.ERROR):
            shutdown.run_shutdown_hooks()
        assert done == ["first", "last"]
        assert "broken could not be ended" in caplog.text
