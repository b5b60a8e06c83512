import gzip
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.platform.services.backup.manifest import (
    BackupDamagedError,
    BackupManifest,
    KeptTable,
    KeyMark,
    NotABackupError,
    check_files,
    read_manifest,
    write_manifest,
)
from apps.platform.services.file_sums import FileSum, file_sum


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A backup of one table with two rows and one file."""
    made = tmp_path / "20261124T120000Z"
    (made / "tables").mkdir(parents=True)
    (made / "tables" / "numbers.copy.gz").write_bytes(gzip.compress(b"1\n2\n"))
    (made / "files" / "releases").mkdir(parents=True)
    (made / "files" / "releases" / "model.npz").write_bytes(b"model")
    named = ("tables/numbers.copy.gz", "files/releases/model.npz")
    write_manifest(made, manifest(files={name: file_sum(made / name) for name in named}))
    return made


def manifest(*, files: dict[str, FileSum], rows: int = 2) -> BackupManifest:
    return BackupManifest(
        made_at="2026-11-24T12:00:00+00:00",
        database="sqlite",
        secret_key=KeyMark("abcd", "file", included=False),
        migrations={"numbers": ["0001"]},
        tables={"numbers": KeptTable(rows, 2, ["id"])},
        files=files,
    )


def check(folder: Path) -> None:
    check_files(folder, read_manifest(folder))


def rewrite(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """A manifest as somebody would forge it, its own sum included."""
    said = json.loads((folder / "manifest.json").read_text())
    change(said)
    content = json.dumps(said).encode()
    (folder / "manifest.json").write_bytes(content)
    (folder / "manifest.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  manifest.json\n")


class TestWholeBackup:
    def test_comes_back_as_it_was_written(self, folder: Path) -> None:
        check(folder)
        found = read_manifest(folder)
        assert (found.rows, found.tables["numbers"].columns, found.secret_key.fingerprint) == (2, ["id"], "abcd")


class TestDamage:
    @pytest.mark.parametrize(
        ("damage", "sentence"),
        [
            (lambda folder: flip(folder / "tables/numbers.copy.gz"), "SHA-256 of tables/numbers.copy.gz differs"),
            (lambda folder: cut(folder / "tables/numbers.copy.gz"), r"has \d+ bytes instead of"),
            (lambda folder: (folder / "files/releases/model.npz").unlink(), "model.npz is missing"),
            (lambda folder: (folder / "stranger").touch(), "stranger is not named in the manifest"),
            (lambda folder: link(folder / "files/releases/model.npz"), "model.npz is a link"),
            (lambda folder: (folder / "extra").symlink_to("/etc"), "extra is not named"),
            (lambda folder: flip(folder / "manifest.json"), r"SHA-256 differs|is not JSON"),
            (lambda folder: cut(folder / "manifest.json"), "is not JSON"),
            (lambda folder: (folder / "manifest.json").write_text(""), "is not JSON"),
            (lambda folder: (folder / "manifest.sha256").unlink(), "SHA-256 differs"),
            (lambda folder: (folder / "manifest.sha256").write_text(""), "SHA-256 differs"),
            (lambda folder: pipe(folder / "files/releases/model.npz"), "model.npz is missing"),
        ],
    )
    def test_is_named(self, folder: Path, damage: Callable[[Path], object], sentence: str) -> None:
        damage(folder)
        with pytest.raises(BackupDamagedError, match=sentence):
            check(folder)

    def test_many_are_counted(self, folder: Path) -> None:
        for number in range(5):
            (folder / f"stranger{number}").touch()
        with pytest.raises(BackupDamagedError, match="stranger2 is not named in the manifest and 2 more"):
            check(folder)

    @pytest.mark.parametrize(
        "content", [gzip.compress(b"1\n", mtime=0), gzip.compress(b"1\n2\n3\n", mtime=0), b"no gzip"]
    )
    def test_of_rows_under_a_sum_that_fits_is_found_too(self, folder: Path, content: bytes) -> None:
        path = folder / "tables/numbers.copy.gz"
        path.write_bytes(content)
        named = ("tables/numbers.copy.gz", "files/releases/model.npz")
        write_manifest(folder, manifest(files={name: file_sum(folder / name) for name in named}))
        with pytest.raises(BackupDamagedError, match=r"rows instead of 2|cannot be unpacked"):
            check(folder)


class TestForeignManifest:
    @pytest.mark.parametrize("content", ["[]", "{}", '{"product": "another"}', "7", "null", '{"format": 1}'])
    def test_of_something_else_is_refused(self, folder: Path, content: str) -> None:
        (folder / "manifest.json").write_text(content)
        with pytest.raises(NotABackupError, match="is not of a backup of epicml"):
            read_manifest(folder)

    def test_of_a_newer_version_is_refused(self, folder: Path) -> None:
        rewrite(folder, lambda said: said.update(format=2))
        with pytest.raises(NotABackupError, match="is in format 2, and this version reads up to 1: update it"):
            read_manifest(folder)

    @pytest.mark.parametrize(
        "name",
        [
            "../outside",
            "/etc/passwd",
            "tables/../../x",
            "a//b",
            "./x",
            "a/..",
            "",
            "a\\b",
            "a\x00b",
            "a b",
            "ü",
            "a/",
            "..",
        ],
    )
    def test_that_names_a_file_outside_is_refused(self, folder: Path, name: str) -> None:
        rewrite(folder, lambda said: said["files"].update({name: {"size": 1, "sha256": "0" * 64}}))
        with pytest.raises(BackupDamagedError, match="is no name of a file in a backup"):
            read_manifest(folder)

    @pytest.mark.parametrize(
        "change",
        [
            lambda said: said.pop("tables"),
            lambda said: said.pop("secret_key"),
            lambda said: said.update(tables=[]),
            lambda said: said.update(files={"a": {"size": "1", "sha256": "0" * 64}}),
            lambda said: said.update(files={"a": {"size": 1, "sha256": "0"}}),
            lambda said: said["tables"].update(other={"rows": 1, "last_id": 1, "columns": []}),
            lambda said: said["tables"]["numbers"].update(rows="many"),
            lambda said: said["tables"]["numbers"].update(colour="red"),
            lambda said: said.update(migrations=7),
        ],
    )
    def test_that_lacks_something_is_refused(self, folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
        rewrite(folder, change)
        with pytest.raises(BackupDamagedError, match="does not say all that it must"):
            read_manifest(folder)

    @pytest.mark.parametrize("place", ["nowhere", "file", "empty"])
    def test_that_is_not_there_is_refused(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "file").touch()
        (tmp_path / "empty").mkdir()
        with pytest.raises(NotABackupError, match=r"is no folder|holds no manifest\.json"):
            read_manifest(tmp_path / place)

    def test_that_is_a_link_is_refused(self, folder: Path, tmp_path: Path) -> None:
        (folder / "manifest.json").rename(tmp_path / "elsewhere.json")
        (folder / "manifest.json").symlink_to(tmp_path / "elsewhere.json")
        with pytest.raises(NotABackupError, match=r"holds no manifest\.json"):
            read_manifest(folder)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def link(path: Path) -> None:
    path.symlink_to(path.rename(path.parents[3] / "outside"))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)
