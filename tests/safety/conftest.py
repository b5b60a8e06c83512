from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Settings) -> None:
    """Releases and working copies of this test alone."""
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    settings.VAR_DIR = tmp_path / "var"
