"""A build that was stopped on one machine goes on upon another one, wherever artifacts lie."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.jobs.services.ledger.queue import enqueue
from apps.readers.models import Reader
from apps.readers.services import ReaderInput, erase_reader, save_readers
from apps.releases.artifacts import ArtifactStorageError
from apps.releases.models import Release
from apps.releases.services import steps
from apps.releases.services.reconciling import reconcile, remove_abandoned_folders
from apps.releases.storage import remote
from epicml.audience.bands import AgeBand
from tests.apps.releases.numbers import KIND, MAKE_JOB, NOON, Number, NumberKind, attempt, files_in, served_number
from tests.apps.releases.object_storage import ObjectStorage, storages_at

pytestmark = pytest.mark.django_db
RESULT = Number(1 / 3, readers=(7, 9))
LATER = NOON + timedelta(hours=1)


@pytest.fixture(params=["folder", "object_storage"])
def another_machine(request: pytest.FixtureRequest, artifacts_dir: Path) -> Callable[[], None]:
    """From now on another machine is at work: it shares the folder, or has none of the files of this one."""
    if request.param == "folder":
        return lambda: None
    request.getfixturevalue("object_storage")
    return lambda: shutil.rmtree(artifacts_dir)


def kept(step: str = "snapshot", result: Number = RESULT, *, served: bytes = b"") -> str:
    folder = steps.workplace(KIND, "1", step)
    if served:
        (folder / steps.SERVED / "model.npz").write_bytes(served)
    return steps.keep(KIND, "1", step, folder, result)


def stopped_at(numbers: NumberKind, step: str) -> int:
    """A job whose first attempt was stopped before this step."""

    def stop(begun: str) -> None:
        if begun == step:
            raise ZeroDivisionError

    job = enqueue(MAKE_JOB, now=NOON)
    numbers.before = stop
    attempt(job)
    numbers.before = lambda step: None
    return job


class TestResult:
    def test_is_found_on_another_machine_with_its_files(self, another_machine: Callable[[], None]) -> None:
        sha256 = kept(served=b"weights")
        another_machine()
        for _ in range(2):  # fetched, and then at hand
            folder = steps.find(KIND, "1", "snapshot", sha256)
            assert folder is not None
            assert Number.restored(steps.read(folder)) == RESULT
            assert (folder / steps.SERVED / "model.npz").read_bytes() == b"weights"

    def test_of_a_later_attempt_replaces_that_of_another_machine(self, another_machine: Callable[[], None]) -> None:
        first = kept(served=b"weights")
        another_machine()
        second = kept(result=Number(2.0))
        another_machine()
        assert steps.find(KIND, "1", "snapshot", first) is None
        assert steps.find(KIND, "1", "snapshot", second) is not None

    def test_is_gone_everywhere_once_removed(self, another_machine: Callable[[], None]) -> None:
        one, other = kept(), kept("fit")
        another_machine()
        assert steps.remove_result(KIND, "1", "snapshot")
        assert not steps.remove_result(KIND, "1", "snapshot")
        assert steps.find(KIND, "1", "snapshot", one) is None
        assert steps.find(KIND, "1", "fit", other) is not None
        steps.remove(KIND, "1")
        assert steps.find(KIND, "1", "fit", other) is None
        assert steps.builds_with_results() == []

    def test_is_named_with_its_build(self, another_machine: Callable[[], None]) -> None:
        kept()
        another_machine()
        assert steps.builds_with_results() == [(KIND, "1")]


class TestBuildThatGoesOnElsewhere:
    @pytest.mark.parametrize("step", ["audit", "fit", "evaluate"])
    def test_takes_over_every_finished_step(
        self,
        numbers: NumberKind,
        another_machine: Callable[[], None],
        artifacts_dir: Path,
        step: str,
        request: pytest.FixtureRequest,
    ) -> None:
        job = stopped_at(numbers, step)
        key = Release.objects.get().key
        another_machine()
        numbers.next_number = 99.0  # what is read later is not in the snapshot
        assert attempt(job, now=LATER)
        assert numbers.made == ["snapshot", "audit", "fit", "evaluate"]
        assert (Release.objects.get().key, served_number()) == (key, 1.0)
        assert not any(steps.ROOT in name for name in files_in(artifacts_dir))
        assert steps.builds_with_results() == []


class TestObjectStorage:
    def test_holds_no_result_of_a_decided_build(self, numbers: NumberKind, object_storage: ObjectStorage) -> None:
        key = numbers.make().key
        assert object_storage.names() == [f"{KIND}/{key}/manifest.json", f"{KIND}/{key}/number.npz"]

    def test_leaves_no_copy_of_who_read_what_on_the_machine(
        self, numbers: NumberKind, object_storage: ObjectStorage, artifacts_dir: Path
    ) -> None:
        stopped_at(numbers, "evaluate")
        assert [name for name in files_in(artifacts_dir) if "snapshot" in name] == []
        assert any("/snapshot/" in name for name in object_storage.names())

    def test_with_a_damaged_result_has_it_made_anew(
        self, numbers: NumberKind, object_storage: ObjectStorage, artifacts_dir: Path
    ) -> None:
        job = stopped_at(numbers, "evaluate")
        key = Release.objects.get().key
        object_storage.damage(f"{steps.ROOT}/{KIND}/{key}/fit/served/number.npz")
        shutil.rmtree(artifacts_dir)
        assert attempt(job, now=LATER)
        assert (numbers.made.count("fit"), numbers.made.count("snapshot"), served_number()) == (2, 1, 1.0)

    def test_that_does_not_answer_keeps_the_build_waiting(
        self, numbers: NumberKind, object_storage: ObjectStorage, artifacts_dir: Path, settings: Settings
    ) -> None:
        job = stopped_at(numbers, "fit")
        reachable = settings.STORAGES
        shutil.rmtree(artifacts_dir)
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        with pytest.raises(ArtifactStorageError, match="cannot be reached"):
            steps.find(KIND, Release.objects.get().key, "snapshot", "0" * 64)
        assert not attempt(job, now=LATER)
        settings.STORAGES = reachable
        assert attempt(job, now=LATER + timedelta(hours=1))
        assert numbers.made.count("snapshot") == 1  # a later one would hold other bands

    @pytest.mark.parametrize("reachable", [True, False])
    def test_is_reached_by_the_erasure_of_a_reader_or_it_is_refused(
        self, numbers: NumberKind, object_storage: ObjectStorage, settings: Settings, reachable: bool
    ) -> None:
        save_readers([ReaderInput(key="R-1", age_band=AgeBand.ADULT)], now=NOON)
        numbers.readers = (Reader.objects.get().pk,)
        stopped_at(numbers, "evaluate")
        assert any("/snapshot/" in name for name in object_storage.names())
        if reachable:
            erase_reader("R-1", by="ada", now=NOON)
            assert not any("/snapshot/" in name for name in object_storage.names())
            return
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        with pytest.raises(ArtifactStorageError, match="cannot be reached"):
            erase_reader("R-1", by="ada", now=NOON)
        assert Reader.objects.filter(key="R-1").exists()

    def test_is_cleared_of_what_nobody_builds_any_more(
        self, object_storage: ObjectStorage, artifacts_dir: Path
    ) -> None:
        kept("fit", served=b"weights")
        shutil.rmtree(artifacts_dir)
        assert remote.unsealed() == []  # results of steps are no artifact that was left half way
        assert remove_abandoned_folders() == [f"{KIND} 1"]
        assert object_storage.names() == []

    def test_that_does_not_answer_is_cleared_another_time(
        self, object_storage: ObjectStorage, settings: Settings
    ) -> None:
        kept()
        reachable = settings.STORAGES
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        assert reconcile(now=NOON) == "0 dead builds failed, 0 abandoned folders removed"
        settings.STORAGES = reachable
        assert reconcile(now=NOON) == "0 dead builds failed, 1 abandoned folders removed"
