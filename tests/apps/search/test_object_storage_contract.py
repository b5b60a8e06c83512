"""The index lies in object storage, and this machine has no file of it: no request waits, what may wait does."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.live_artifact import reset_live_artifacts
from apps.search.selectors.status import index_status
from apps.search.services.warming import warm
from apps.search.serving import indexes
from tests.apps.releases.object_storage import ObjectStorage, empty_bucket, running_object_storage, storages_at
from tests.apps.search import library
from tests.apps.search.damages import remove_copies, sealed_folder
from tests.apps.search.library import NOON
from tests.apps.search.searching import keys, searched

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def object_storage() -> Iterator[ObjectStorage]:
    with running_object_storage() as server:
        yield server


@pytest.fixture
def released(
    object_storage: ObjectStorage,
    var_dir: Path,
    full_library: None,
    quick_gate: None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> ReleaseRow:
    """An index that another machine built."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a-test")
    empty_bucket(object_storage.client)
    settings.ARTIFACTS_URL = object_storage.address
    settings.STORAGES = storages_at(object_storage.address)
    row = library.rebuild()
    remove_copies()
    shutil.rmtree(var_dir / "artifacts")
    reset_live_artifacts()
    return row


class TestAMachineWithoutFiles:
    def test_answers_from_the_database_until_it_has_fetched(self, released: ReleaseRow) -> None:
        answer = searched("holes")
        assert (answer.fallback, keys(answer)) == ("index_unavailable", ["holes"])
        assert "are not on this machine yet" in index_status(now=NOON).problem
        self.wait_for_the_fetch()
        answer = searched("holes", now=NOON + SECOND)
        assert (answer.fallback, answer.release, keys(answer)) == (None, released.key, ["holes"])
        assert index_status(now=NOON + SECOND).problem == ""

    def test_waits_at_its_start(self, released: ReleaseRow) -> None:
        warm(now=NOON)
        assert searched("holes").release == released.key

    def test_waits_where_a_command_asks(self, released: ReleaseRow) -> None:
        assert index_status(now=NOON, waits=True).release == released.key

    def test_fetches_what_is_named(self, released: ReleaseRow, var_dir: Path) -> None:
        second = library.rebuild()
        remove_copies()
        shutil.rmtree(sealed_folder(var_dir, released.key))  # which was fetched to be compared with
        assert searched("holes", release=released.key).release == second.key
        self.wait_for_the_fetch()
        later = NOON + SECOND
        assert searched("holes", release=released.key, now=later).release == released.key

    def wait_for_the_fetch(self) -> None:
        fetch = indexes._open.fetch
        assert fetch is not None
        fetch.join(20)
