import logging

import pytest

from apps.platform.services import ending


class TestEndProcess:
    def test_calls_each_even_where_one_fails(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        done: list[str] = []

        def breaks() -> None:
            raise ValueError("no")

        monkeypatch.setattr(ending, "_endings", {})
        ending.register_ending("first", lambda: done.append("first"))
        ending.register_ending("broken", breaks)
        ending.register_ending("last", lambda: done.append("last"))
        with caplog.at_level(logging.ERROR):
            ending.end_process()
        assert done == ["first", "last"]
        assert "broken could not be ended" in caplog.text
