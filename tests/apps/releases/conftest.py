from pathlib import Path

import pytest
from pytest_django import Settings

from apps.releases.services import kinds
from tests.apps.releases.numbers import NumberKind


@pytest.fixture(autouse=True)
def artifacts_dir(tmp_path: Path, settings: Settings) -> Path:
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    return tmp_path / "artifacts"


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch) -> NumberKind:
    """A registered kind of release that serves one number."""
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    made = NumberKind()
    kinds.register_kind(made.as_kind())
    return made
