import errno
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from apps.releases import artifacts
from apps.releases.artifacts import ArtifactCorruptError, ArtifactStorageError


def build(key: str = "1", **arrays: list[float]) -> artifacts.Manifest:
    folder = artifacts.new_folder("numbers", key)
    for name, values in (arrays or {"a": [1.0]}).items():
        artifacts.save_arrays(folder / f"{name}.npz", {name: np.array(values)})
    return artifacts.seal("numbers", key)


class TestSeal:
    def test_names_every_file_with_size_and_sha256(self, artifacts_dir: Path) -> None:
        folder = artifacts.new_folder("numbers", "1")
        (folder / "note.txt").write_bytes(b"abc")
        manifest = artifacts.seal("numbers", "1")
        # sha256("abc"), FIPS 180-2 appendix B.1.
        abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        assert manifest.files == {"note.txt": {"size": 3, "sha256": abc}}

    def test_leaves_only_the_final_folder(self, artifacts_dir: Path) -> None:
        build("1")
        assert [path.name for path in (artifacts_dir / "numbers").iterdir()] == ["1"]

    def test_gives_equal_sums_for_equal_arrays(self) -> None:
        assert build("1", a=[1, 2], b=[3]).sha256 == build("2", b=[3], a=[1, 2]).sha256

    def test_gives_another_sum_for_another_array(self) -> None:
        assert build("1", a=[1, 2]).sha256 != build("2", a=[1, 3]).sha256

    def test_seals_nothing_by_halves_when_the_disk_is_full(
        self, artifacts_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = artifacts.new_folder("numbers", "1")
        (folder / "note.txt").write_bytes(b"abc")

        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ArtifactStorageError, match="No space left on device"):
            artifacts.seal("numbers", "1")
        assert list((artifacts_dir / "numbers").iterdir()) == []


class TestOpenVerified:
    def test_gives_the_folder_of_what_was_sealed(self, artifacts_dir: Path) -> None:
        manifest = build("1", a=[7])
        folder = artifacts.open_verified("numbers", "1", manifest.sha256)
        assert artifacts.load_arrays(folder / "a.npz")["a"].tolist() == [7]

    def test_refuses_a_changed_byte_and_names_the_file(self, artifacts_dir: Path) -> None:
        manifest = build("1", a=[1], b=[2])
        path = artifacts_dir / "numbers" / "1" / "b.npz"
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        with pytest.raises(ArtifactCorruptError, match=r"b\.npz of numbers 1 is not what was sealed"):
            artifacts.open_verified("numbers", "1", manifest.sha256)

    def test_refuses_an_added_file(self, artifacts_dir: Path) -> None:
        manifest = build("1")
        (artifacts_dir / "numbers" / "1" / "more.npz").write_bytes(b"")
        with pytest.raises(ArtifactCorruptError, match=r"more\.npz"):
            artifacts.open_verified("numbers", "1", manifest.sha256)

    def test_refuses_a_missing_file(self, artifacts_dir: Path) -> None:
        manifest = build("1")
        (artifacts_dir / "numbers" / "1" / "a.npz").unlink()
        with pytest.raises(ArtifactCorruptError, match=r"a\.npz"):
            artifacts.open_verified("numbers", "1", manifest.sha256)

    def test_refuses_a_link(self, artifacts_dir: Path) -> None:
        manifest = build("1")
        (artifacts_dir / "numbers" / "1" / "link").symlink_to("/etc/hostname")
        with pytest.raises(ArtifactCorruptError, match="is a link"):
            artifacts.open_verified("numbers", "1", manifest.sha256)

    def test_refuses_a_manifest_that_was_changed_along_with_the_file(self, artifacts_dir: Path) -> None:
        manifest = build("1", a=[1])
        other = build("2", a=[2])
        (artifacts_dir / "numbers" / "1").rename(artifacts_dir / "numbers" / "old")
        (artifacts_dir / "numbers" / "2").rename(artifacts_dir / "numbers" / "1")
        assert manifest.sha256 != other.sha256
        with pytest.raises(ArtifactCorruptError):
            artifacts.open_verified("numbers", "1", manifest.sha256)

    def test_says_that_the_folder_is_missing(self, artifacts_dir: Path) -> None:
        with pytest.raises(ArtifactCorruptError, match="missing"):
            artifacts.open_verified("numbers", "9", "0" * 64)

    def test_leads_out_of_the_storage_by_no_name(self, artifacts_dir: Path) -> None:
        with pytest.raises(Exception, match="outside of the base path"):
            artifacts.open_verified("..", "../etc", "0" * 64)


class TestLoadArrays:
    def test_never_loads_pickle(self, tmp_path: Path) -> None:
        class Bomb:
            def __reduce__(self) -> tuple[object, tuple[str]]:
                return (os.mkdir, (str(tmp_path / "exploded"),))

        np.savez(tmp_path / "bomb.npz", a=np.array([Bomb()], dtype=object))
        with pytest.raises(ArtifactCorruptError, match=r"bomb\.npz cannot be read as plain arrays"):
            artifacts.load_arrays(tmp_path / "bomb.npz")
        assert not (tmp_path / "exploded").exists()

    def test_never_loads_a_bare_pickle_named_npz(self, tmp_path: Path) -> None:
        (tmp_path / "bare.npz").write_bytes(pickle.dumps({"a": 1}))
        with pytest.raises(ArtifactCorruptError):
            artifacts.load_arrays(tmp_path / "bare.npz")

    def test_says_that_a_file_was_cut_off(self, tmp_path: Path) -> None:
        artifacts.save_arrays(tmp_path / "a.npz", {"a": np.arange(1000)})
        (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:200])
        with pytest.raises(ArtifactCorruptError, match=r"a\.npz"):
            artifacts.load_arrays(tmp_path / "a.npz")


class TestSaveArrays:
    def test_refuses_objects(self, tmp_path: Path) -> None:
        with pytest.raises(ArtifactStorageError, match="array of objects"):
            artifacts.save_arrays(tmp_path / "a.npz", {"a": np.array([{}], dtype=object)})

    def test_says_that_the_disk_is_full(self) -> None:
        with pytest.raises(ArtifactStorageError, match="No space left on device"):
            artifacts.save_arrays(Path("/dev/full"), {"a": np.zeros(100_000)})
