import pytest
from django.db import connections

from apps.platform.services import warming


@pytest.mark.django_db
class TestWarmUp:
    @pytest.fixture(autouse=True)
    def none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(warming, "_warmers", {})
        monkeypatch.setattr(connections, "close_all", lambda: None)  # the test goes on with its transaction

    def test_calls_each_once_though_one_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        called: list[str] = []

        def fail() -> None:
            raise ZeroDivisionError

        warming.register_warmer("broken", fail)
        warming.register_warmer("shelf", lambda: called.append("first"))
        warming.register_warmer("shelf", lambda: called.append("shelf"))  # registering again replaces
        warming.warm_up()
        assert called == ["shelf"]
        assert "broken could not be warmed up" in caplog.text
