from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services import kinds
from apps.releases.services.live_artifact import reset_live_artifacts
from tests.apps.search import library
from tests.apps.search.searching import DatabaseSearch, EmbeddedSearch, Searching
from tests.sealing import Seals


@pytest.fixture(autouse=True)
def var_dir(tmp_path: Path, settings: Settings) -> Path:
    """Artifacts and working copies of this test only."""
    settings.VAR_DIR = tmp_path
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    return tmp_path


@pytest.fixture(autouse=True)
def forget_index() -> Iterator[None]:
    """No index stays open from one test to the next."""
    yield
    reset_live_artifacts()


@pytest.fixture
def quick_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index goes live without being measured."""
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    library.register_quick_kind()


@pytest.fixture
def full_library(db: None, seals: Seals) -> None:
    """The books of the library; no index yet."""
    seals.open(library.fill)


@pytest.fixture
def live_index_row(full_library: None, quick_gate: None, seals: Seals, var_dir: Path) -> ReleaseRow:
    """An index of the library that answers."""
    row = seals.open(library.rebuild, files=var_dir)
    assert row.state == "live", row.gate_reason
    return row


@pytest.fixture(params=["database", "embedded"])
def searching(request: pytest.FixtureRequest, full_library: None) -> Searching:
    """Each engine there is, answering from the library."""
    if request.param == "database":
        return DatabaseSearch()
    request.getfixturevalue("live_index_row")
    return EmbeddedSearch()
