from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from pytest_django.fixtures import Settings

from apps.platform.services import health, monitoring
from apps.platform.services.health import Health, register_health


class _Collector:
    def collect(self) -> object:
        return monitoring.collect()


def sampled(name: str, **labels: str) -> float | None:
    registry = CollectorRegistry()
    registry.register(_Collector())  # type: ignore[arg-type]
    return registry.get_sample_value(name, labels)


@pytest.fixture(autouse=True)
def probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_probes", {})
    register_health("redis", lambda: Health("degraded"))
    register_health("database", lambda: Health("down"))
    register_health("disk", lambda: Health("ok"))


class TestCollect:
    def test_tells_the_state_of_each_part(self) -> None:
        states = [sampled("epicml_part_state", part=part) for part in ("disk", "redis", "database")]
        assert states == [0, 1, 2]

    def test_tells_the_room_on_the_disks_that_are_there(self, settings: Settings, tmp_path: Path) -> None:
        settings.VAR_DIR = tmp_path
        assert (sampled("epicml_disk_free_bytes", holds="EPICML_VAR") or 0) > 0
        settings.VAR_DIR = tmp_path / "gone"
        assert sampled("epicml_disk_free_bytes", holds="EPICML_VAR") is None
