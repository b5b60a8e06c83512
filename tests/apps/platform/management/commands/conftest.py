"""A library to be saved, and a backup of it."""

from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.platform.services.backup.folders import whole_backups
from tests.apps.platform.backups import backup, fill


@pytest.fixture
def library(tmp_path: Path, settings: Settings, now: datetime) -> None:
    settings.VAR_DIR = tmp_path / "var"
    settings.ARTIFACTS_DIR = tmp_path / "var" / "artifacts"
    settings.VAR_DIR.mkdir()
    fill(now)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def made(library: None, root: Path) -> Path:
    """A backup of the library."""
    backup(root)
    return whole_backups(root)[0]
