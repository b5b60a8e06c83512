from pathlib import Path

import pytest
from pytest_django import Settings

from apps.jobs.services import registry
from apps.releases.services import kinds
from tests.apps.releases.numbers import MAKE_JOB, NumberKind


@pytest.fixture(autouse=True)
def artifacts_dir(tmp_path: Path, settings: Settings) -> Path:
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    return tmp_path / "artifacts"


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch) -> NumberKind:
    """A registered kind of release that serves one number."""
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    monkeypatch.setattr(registry, "_jobs", dict(registry._jobs))
    registry.register_job(MAKE_JOB, "tests.apps.releases.numbers.make_by_job", lease_seconds=120, max_attempts=3)
    made = NumberKind()
    kinds.register_kind(made.as_kind())
    return made
