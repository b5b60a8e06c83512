import json
import stat
from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings

from apps.releases import artifacts
from apps.releases.artifacts import ArtifactStorageError
from apps.releases.services import steps
from tests.apps.releases.numbers import KIND, Number, files_in

RESULT = Number(1 / 3, readers=(7, 9))


def kept(step: str = "snapshot", result: Number = RESULT) -> str:
    return steps.keep(KIND, "1", step, steps.workplace(KIND, "1", step), result)


class TestKeep:
    def test_gives_back_the_same_value(self) -> None:
        folder = steps.find(KIND, "1", "snapshot", kept())
        assert folder is not None
        assert Number.restored(steps.read(folder)) == RESULT

    def test_is_read_by_its_owner_only(self, artifacts_dir: Path) -> None:
        kept()
        mode = (artifacts_dir / ".steps" / KIND / "1" / "snapshot").stat().st_mode
        assert stat.S_IMODE(mode) == 0o700

    def test_replaces_what_an_earlier_attempt_left(self) -> None:
        first, second = kept(), kept(result=Number(2.0))
        assert steps.find(KIND, "1", "snapshot", first) is None
        assert steps.find(KIND, "1", "snapshot", second) is not None

    def test_gives_equal_sums_to_equal_results(self) -> None:
        assert kept() == kept() != kept(result=Number(1 / 3, readers=(7, 8)))

    def test_says_that_its_workplace_was_removed_meanwhile(self) -> None:
        folder = steps.workplace(KIND, "1", "snapshot")
        steps.remove_result(KIND, "1", "snapshot")
        with pytest.raises(steps.ResultGoneError):
            steps.keep(KIND, "1", "snapshot", folder, RESULT)

    def test_says_that_the_storage_cannot_be_written(self, artifacts_dir: Path) -> None:
        artifacts_dir.mkdir()
        (artifacts_dir / ".steps").write_text("no folder")
        with pytest.raises(ArtifactStorageError, match="cannot be written"):
            steps.workplace(KIND, "1", "snapshot")

    def test_writes_numbers_that_are_not_finite(self) -> None:
        folder = steps.find(KIND, "1", "fit", kept("fit", Number(float("nan"))))
        assert folder is not None
        assert np.isnan(Number.restored(steps.read(folder)).number)


class TestFind:
    @pytest.mark.parametrize("damage", ["changed", "cut", "removed", "added"])
    def test_finds_nothing_that_is_not_what_was_stored(self, artifacts_dir: Path, damage: str) -> None:
        sha256 = kept()
        folder = artifacts_dir / ".steps" / KIND / "1" / "snapshot"
        values = folder / "result.json"
        if damage == "changed":
            values.write_text(json.dumps({"number": 4.0}))
        elif damage == "cut":
            (folder / "result.npz").write_bytes((folder / "result.npz").read_bytes()[:-1])
        elif damage == "removed":
            values.unlink()
        else:
            (folder / "served" / "model.npz").write_bytes(b"")
        assert steps.find(KIND, "1", "snapshot", sha256) is None


class TestRemoveResult:
    def test_removes_what_is_stored_and_what_is_just_written(self, artifacts_dir: Path) -> None:
        kept()
        kept("fit")
        (steps.workplace(KIND, "1", "snapshot") / "result.npz").write_bytes(b"who read what")
        assert steps.remove_result(KIND, "1", "snapshot")
        assert not steps.remove_result(KIND, "1", "snapshot")
        assert {name.split("/")[3] for name in files_in(artifacts_dir)} == {"fit"}


class TestSumOf:
    def test_is_that_of_a_sealed_artifact_of_the_same_files(self, artifacts_dir: Path) -> None:
        folder = artifacts.new_folder(KIND, "1")
        (folder / "index").mkdir()
        (folder / "index" / "b.bin").write_bytes(b"b")
        (folder / "a.txt").write_bytes(b"a")
        files = steps.files_in(folder)
        assert list(files) == ["a.txt", "index/b.bin"]
        assert artifacts.seal(KIND, "1").sha256 == steps.sum_of(files)


class TestCodeVersion:
    def test_is_another_one_when_the_text_of_the_program_changes(self, tmp_path: Path, settings: Settings) -> None:
        (tmp_path / "epicml").mkdir()
        (tmp_path / "epicml" / "a.py").write_text("x = 1")
        settings.BASE_DIR = tmp_path
        versions = []
        for text in ("x = 1", "x = 2", "x = 1"):
            (tmp_path / "epicml" / "a.py").write_text(text)
            steps.code_version.cache_clear()
            versions.append(steps.code_version())
        steps.code_version.cache_clear()
        assert versions[0] == versions[2] != versions[1]
