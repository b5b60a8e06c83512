from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.jobs.services.ledger import registry
from apps.releases.services import kinds
from tests.apps.releases.numbers import MAKE_JOB, NumberKind
from tests.apps.releases.object_storage import ObjectStorage, empty_bucket, running_object_storage, storages_at


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


@pytest.fixture(scope="session")
def object_storage_server() -> Iterator[ObjectStorage]:
    """A server that speaks S3."""
    with running_object_storage() as server:
        yield server


@pytest.fixture
def object_storage(
    object_storage_server: ObjectStorage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ObjectStorage]:
    """Artifacts lie in an empty bucket; ARTIFACTS_DIR holds this machine's copies."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a-test")
    object_storage_server.refuse_nobody()
    empty_bucket(object_storage_server.client)
    settings.ARTIFACTS_URL = object_storage_server.address
    settings.STORAGES = storages_at(object_storage_server.address)
    yield object_storage_server
    object_storage_server.refuse_nobody()
