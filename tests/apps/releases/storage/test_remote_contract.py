"""Artifacts in object storage: what holds of a folder holds of it, and what goes wrong has its sentence."""

import errno
import os
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_django import Settings

from apps.releases import artifacts
from apps.releases.artifacts import ArtifactCorruptError, ArtifactStorageError, FolderTakenError, NotAtHandError
from apps.releases.storage import remote, s3
from tests.apps.releases.object_storage import ObjectStorage, cutting_proxy, storages_at

KIND = "numbers"


def build(key: str = "1", **arrays: list[float]) -> artifacts.Manifest:
    folder = artifacts.new_folder(KIND, key)
    (folder / "deep").mkdir()
    for name, values in (arrays or {"a": [7.0], "b": [8.0]}).items():
        artifacts.save_arrays(folder / "deep" / f"{name}.npz", {name: np.array(values)})
    return artifacts.seal(KIND, key)


def number(folder: Path) -> list[float]:
    values: list[float] = artifacts.load_arrays(folder / "deep" / "a.npz")["a"].tolist()
    return values


@pytest.fixture
def sealed(object_storage: ObjectStorage) -> artifacts.Manifest:
    """A release that was built and sealed on this machine."""
    return build()


@pytest.fixture
def elsewhere(sealed: artifacts.Manifest, artifacts_dir: Path) -> artifacts.Manifest:
    """The same, seen by a machine that has no copy of anything."""
    shutil.rmtree(artifacts_dir)
    return sealed


@pytest.mark.usefixtures("sealed")
class TestSeal:
    def test_stores_every_file_and_keeps_a_copy(self, object_storage: ObjectStorage, artifacts_dir: Path) -> None:
        names = [f"{KIND}/1/deep/a.npz", f"{KIND}/1/deep/b.npz", f"{KIND}/1/manifest.json"]
        assert object_storage.names() == names
        assert artifacts.cached(KIND) == ["1"]
        assert [path.name for path in (artifacts_dir / KIND).iterdir()] == ["1"]

    def test_writes_the_manifest_last(self, object_storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> None:
        written = []

        def note(storage: Any, name: str, content: Any) -> str:
            written.append(name)
            return name

        monkeypatch.setattr(s3.S3Artifacts, "_save", note)
        build("2")
        assert written == [f"{KIND}/2/deep/a.npz", f"{KIND}/2/deep/b.npz", f"{KIND}/2/manifest.json"]

    def test_leaves_nothing_where_the_upload_breaks_off(
        self, object_storage: ObjectStorage, artifacts_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save = s3.S3Artifacts._save

        def breaks_off(storage: Any, name: str, content: Any) -> str:
            if name.endswith("b.npz"):
                raise ConnectionError(errno.ECONNRESET, "it broke off")
            return save(storage, name, content)

        monkeypatch.setattr(s3.S3Artifacts, "_save", breaks_off)
        before = object_storage.names()
        with pytest.raises(ArtifactStorageError, match=r"^Artifacts in s3://.* cannot be reached: it broke off\."):
            build("2")
        assert object_storage.names() == before
        assert [path.name for path in (artifacts_dir / KIND).iterdir()] == ["1"]

    def test_writes_over_nothing_that_another_machine_sealed(
        self, object_storage: ObjectStorage, artifacts_dir: Path
    ) -> None:
        shutil.rmtree(artifacts_dir)
        with pytest.raises(FolderTakenError, match="is there already"):
            build(a=[9.0])


class TestOpenVerified:
    def test_fetches_what_this_machine_has_not(self, elsewhere: artifacts.Manifest, artifacts_dir: Path) -> None:
        folder = artifacts.open_verified(KIND, "1", elsewhere.sha256)
        assert (folder, number(folder)) == (artifacts_dir / KIND / "1", [7.0])
        assert [path.name for path in (artifacts_dir / KIND).iterdir()] == ["1"]

    def test_asks_nobody_for_what_is_here(
        self, sealed: artifacts.Manifest, object_storage: ObjectStorage, settings: Settings
    ) -> None:
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        assert number(artifacts.open_verified(KIND, "1", sealed.sha256)) == [7.0]

    def test_replaces_a_damaged_copy(self, sealed: artifacts.Manifest, artifacts_dir: Path) -> None:
        (artifacts_dir / KIND / "1" / "deep" / "a.npz").write_bytes(b"rotten")
        (artifacts_dir / KIND / "1" / "more.npz").write_bytes(b"")
        assert number(artifacts.open_verified(KIND, "1", sealed.sha256)) == [7.0]
        assert not (artifacts_dir / KIND / "1" / "more.npz").exists()

    def test_does_not_need_the_manifest(self, elsewhere: artifacts.Manifest, object_storage: ObjectStorage) -> None:
        object_storage.delete(f"{KIND}/1/manifest.json")
        assert number(artifacts.open_verified(KIND, "1", elsewhere.sha256)) == [7.0]

    def test_begins_to_fetch_and_says_so_in_a_web_process(
        self, elsewhere: artifacts.Manifest, settings: Settings
    ) -> None:
        settings.WEB_PROCESS = True
        with pytest.raises(NotAtHandError, match="are not on this machine yet"):
            artifacts.open_verified(KIND, "1", elsewhere.sha256)
        artifacts.fetch_in_background(KIND, "1", elsewhere.sha256).join(20)
        assert number(artifacts.open_verified(KIND, "1", elsewhere.sha256)) == [7.0]

    def test_fetches_once_for_all_that_ask_at_once(
        self, elsewhere: artifacts.Manifest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fetched, download = [], remote.download

        def note(*names: Any) -> artifacts.Manifest:
            fetched.append(names)
            return download(*names)

        monkeypatch.setattr(remote, "download", note)
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(artifacts.open_verified, KIND, "1", elsewhere.sha256) for _ in range(4)]
            assert [number(one.result(20)) for one in asked] == [[7.0]] * 4
        assert len(fetched) == 1


class TestBrokenStorage:
    """Nothing is put in place, and the sentence says what is wrong."""

    @pytest.fixture(autouse=True)
    def nothing_in_place(self, elsewhere: artifacts.Manifest, artifacts_dir: Path) -> Iterator[None]:
        yield
        assert artifacts.cached(KIND) == []
        assert not [path for path in artifacts_dir.rglob("*") if path.is_file() and path.suffix != ".lock"]

    def opened(self, elsewhere: artifacts.Manifest) -> Path:
        return artifacts.open_verified(KIND, "1", elsewhere.sha256)

    def test_damaged_object(self, elsewhere: artifacts.Manifest, object_storage: ObjectStorage) -> None:
        object_storage.damage(f"{KIND}/1/deep/b.npz")
        with pytest.raises(ArtifactCorruptError, match=r"^deep/b\.npz of numbers 1 is not what was sealed"):
            self.opened(elsewhere)

    def test_missing_object(self, elsewhere: artifacts.Manifest, object_storage: ObjectStorage) -> None:
        object_storage.delete(f"{KIND}/1/deep/a.npz")
        with pytest.raises(ArtifactCorruptError, match=r"^deep/a\.npz of numbers 1 is not what was sealed"):
            self.opened(elsewhere)

    def test_added_object(self, elsewhere: artifacts.Manifest, object_storage: ObjectStorage) -> None:
        object_storage.put(f"{KIND}/1/more.npz", b"more")
        with pytest.raises(ArtifactCorruptError, match=r"^more\.npz of numbers 1 is not what was sealed"):
            self.opened(elsewhere)

    def test_all_objects_missing(self, elsewhere: artifacts.Manifest) -> None:
        remote.remove(KIND, "1")
        with pytest.raises(ArtifactCorruptError, match=r"files of numbers 1 are missing in s3://artifacts-of-tests"):
            self.opened(elsewhere)

    @pytest.mark.parametrize("name", ["deep/../../../out", "/out", "deep//out"])
    def test_object_that_would_lead_out_of_the_folder(
        self, elsewhere: artifacts.Manifest, object_storage: ObjectStorage, artifacts_dir: Path, name: str
    ) -> None:
        object_storage.put(f"{KIND}/1/{name}", b"out")
        with pytest.raises(ArtifactCorruptError):
            self.opened(elsewhere)
        assert not list(artifacts_dir.parent.rglob("out"))

    def test_transfer_that_is_cut(
        self, elsewhere: artifacts.Manifest, object_storage: ObjectStorage, settings: Settings
    ) -> None:
        with cutting_proxy(object_storage, cuts="b.npz") as endpoint:
            settings.STORAGES = storages_at(f"s3://artifacts-of-tests/epicml?endpoint={endpoint}")
            with pytest.raises(ArtifactStorageError, match="cannot be reached: it broke off in the middle of a file"):
                self.opened(elsewhere)

    def test_credentials_that_are_wrong(self, elsewhere: artifacts.Manifest, object_storage: ObjectStorage) -> None:
        object_storage.refuse_everybody()
        with pytest.raises(ArtifactStorageError, match=r"it refuses these credentials \(\w+\)\.$"):
            self.opened(elsewhere)

    def test_no_credentials(
        self,
        elsewhere: artifacts.Manifest,
        object_storage: ObjectStorage,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        settings.STORAGES = storages_at(object_storage.address)
        with pytest.raises(ArtifactStorageError, match=r"no credentials are set \(AWS_ACCESS_KEY_ID"):
            self.opened(elsewhere)

    def test_no_bucket(self, elsewhere: artifacts.Manifest, object_storage: ObjectStorage, settings: Settings) -> None:
        settings.STORAGES = storages_at(f"s3://another-bucket?endpoint={object_storage.endpoint}")
        with pytest.raises(ArtifactStorageError, match=r"another-bucket.* cannot be reached: there is no such bucket"):
            self.opened(elsewhere)

    def test_nobody_listens(self, elsewhere: artifacts.Manifest, settings: Settings) -> None:
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        with pytest.raises(ArtifactStorageError, match=r"it does not answer \(EndpointConnectionError\)"):
            self.opened(elsewhere)

    def test_server_of_the_machines_own_settings_that_has_no_name(
        self, elsewhere: artifacts.Manifest, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "config").write_text("[default]\nendpoint_url = http://no_name\nregion = eu-central-1\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        s3._session.cache_clear()
        settings.STORAGES = storages_at("s3://artifacts-of-tests")
        try:
            with pytest.raises(ArtifactStorageError, match=r"cannot be reached: its client fails \(ValueError\)"):
                self.opened(elsewhere)
        finally:
            s3._session.cache_clear()

    def test_server_that_hangs(
        self, elsewhere: artifacts.Manifest, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(s3, "READ_SECONDS", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
            settings.STORAGES = storages_at(f"s3://artifacts-of-tests?endpoint={endpoint}")
            with pytest.raises(ArtifactStorageError, match=r"it does not answer \(ReadTimeoutError\)"):
                self.opened(elsewhere)

    def test_full_disk(self, elsewhere: artifacts.Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ArtifactStorageError, match=r"^Artifacts cannot be written in /.*: No space left on device"):
            self.opened(elsewhere)

    def test_open_at_hand_asks_nobody(self, elsewhere: artifacts.Manifest, settings: Settings) -> None:
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        with pytest.raises(NotAtHandError, match="are not on this machine yet; they are fetched from s3://"):
            artifacts.open_at_hand(KIND, "1", elsewhere.sha256)


class TestVerify:
    def test_reads_what_is_stored_and_not_the_copy(
        self, sealed: artifacts.Manifest, object_storage: ObjectStorage
    ) -> None:
        artifacts.verify(KIND, "1", sealed.sha256)
        object_storage.damage(f"{KIND}/1/deep/a.npz")
        with pytest.raises(ArtifactCorruptError, match=r"^deep/a\.npz of numbers 1 in s3://artifacts-of-tests/epicml"):
            artifacts.verify(KIND, "1", sealed.sha256)

    @pytest.mark.parametrize("content", [b"", b"{}", None])
    def test_mends_the_list_of_files(
        self, sealed: artifacts.Manifest, object_storage: ObjectStorage, content: bytes | None
    ) -> None:
        name = f"{KIND}/1/manifest.json"
        before = object_storage.get(name)
        object_storage.delete(name) if content is None else object_storage.put(name, content)
        artifacts.verify(KIND, "1", sealed.sha256)
        assert object_storage.get(name) == before


class TestRemove:
    def test_removes_objects_and_copy(self, sealed: artifacts.Manifest, object_storage: ObjectStorage) -> None:
        build("2")
        artifacts.remove(KIND, "1")
        assert {name.split("/")[1] for name in object_storage.names()} == {"2"}
        assert artifacts.cached(KIND) == ["2"]

    def test_goes_on_where_the_storage_is_away(self, sealed: artifacts.Manifest, settings: Settings) -> None:
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        artifacts.remove(KIND, "1")
        assert artifacts.cached(KIND) == []

    def test_removes_of_what_a_dead_builder_uploaded_everything(
        self, sealed: artifacts.Manifest, object_storage: ObjectStorage
    ) -> None:
        object_storage.put(f"{KIND}/2/deep/a.npz", b"half")
        assert artifacts.building_folders() == [(KIND, "2")]
        for kind, key in ((KIND, "2"), (KIND, "1")):
            artifacts.remove_building(kind, key)
        assert {name.split("/")[1] for name in object_storage.names()} == {"1"}


class TestPutBack:
    @pytest.mark.parametrize("there", ["the same", "damaged", "gone", "no copy"])
    def test_minds_what_is_stored(
        self, sealed: artifacts.Manifest, object_storage: ObjectStorage, artifacts_dir: Path, tmp_path: Path, there: str
    ) -> None:
        shutil.copytree(artifacts_dir / KIND / "1", tmp_path / "kept", ignore=shutil.ignore_patterns("manifest.json"))
        if there == "damaged":
            object_storage.damage(f"{KIND}/1/deep/a.npz")
        if there == "gone":
            artifacts.remove(KIND, "1")
        if there == "no copy":
            shutil.rmtree(artifacts_dir)
        assert artifacts.put_back(KIND, "1", tmp_path / "kept") == sealed
        artifacts.verify(KIND, "1", sealed.sha256)
        assert number(artifacts.open_verified(KIND, "1", sealed.sha256)) == [7.0]
        assert artifacts.building_folders() == []


class TestCopies:
    def test_are_dropped_unless_they_may_be_wanted(self, sealed: artifacts.Manifest) -> None:
        build("2")
        build("3")
        artifacts.drop_cached(KIND, kept=["3", "9"])
        assert artifacts.cached(KIND) == ["3"]
        assert artifacts.sealed_keys(KIND) == ["1", "2", "3"]
