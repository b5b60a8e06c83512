from pathlib import Path

import pytest
from pytest_django import Settings

from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services import kinds
from tests.apps.recommendations import library
from tests.sealing import Seals


@pytest.fixture(autouse=True)
def artifacts_dir(tmp_path: Path, settings: Settings) -> Path:
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    return tmp_path / "artifacts"


@pytest.fixture
def full_library(db: None, monkeypatch: pytest.MonkeyPatch, seals: Seals) -> None:
    """Books, readers and what they read; no model yet."""
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    library.register_lenient_kind()
    seals.open(library.fill)


@pytest.fixture
def live_model(full_library: None, seals: Seals, artifacts_dir: Path) -> ReleaseRow:
    """A recommender of this library that serves."""
    row = seals.open(library.train, files=artifacts_dir)
    assert row.state == "live", row.gate_reason
    return row
