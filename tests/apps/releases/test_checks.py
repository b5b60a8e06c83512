from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from apps.releases.checks import machines_share_artifacts
from tests.config.test_environment import manage


class TestMachinesShareArtifacts:
    @pytest.fixture
    def several_machines(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
        monkeypatch.setattr(connection, "vendor", "postgresql")
        settings.REDIS_URL = "redis://redis/0"
        settings.ARTIFACTS_URL = ""
        return settings

    def test_warns_of_a_folder_of_this_machine(self, several_machines: Settings) -> None:
        (warning,) = machines_share_artifacts()
        assert warning.id == "releases.W001"
        assert warning.msg.startswith("DATABASE_URL and REDIS_URL are set, but artifacts lie in ")

    @pytest.mark.parametrize("address", ["s3://books", "file:///mnt/shared"])
    def test_is_content_where_somebody_said_where(self, several_machines: Settings, address: str) -> None:
        several_machines.ARTIFACTS_URL = address
        assert machines_share_artifacts() == []

    def test_is_content_without_redis(self, several_machines: Settings) -> None:
        several_machines.REDIS_URL = ""
        assert machines_share_artifacts() == []

    def test_is_content_with_sqlite(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.REDIS_URL, settings.ARTIFACTS_URL = "redis://redis/0", ""
        monkeypatch.setattr(connection, "vendor", "sqlite")
        assert machines_share_artifacts() == []

    def test_does_not_stop_the_start(self, tmp_path: Path) -> None:
        done = manage("check", folder=tmp_path, REDIS_URL="redis://redis/0", DATABASE_URL="postgres://a@h/books")
        assert done.returncode == 0
        assert "releases.W001" in done.stderr
