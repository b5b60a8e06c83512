import hashlib
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.platform.services.backup import parts
from apps.platform.services.backup.folders import BackupFolderError
from apps.platform.services.backup.making import make_backup
from apps.platform.services.backup.manifest import check_files, read_manifest
from apps.platform.services.backup.parts import BackupPart, KeptFile

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def var(tmp_path: Path, settings: Settings) -> None:
    settings.VAR_DIR = tmp_path / "var"
    settings.ARTIFACTS_DIR = tmp_path / "var" / "artifacts"
    settings.VAR_DIR.mkdir()


class TestFiles:
    def test_that_are_not_what_the_rows_say_are_left_out_and_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime
    ) -> None:
        """They can be built anew; that one is rotten must not keep every row from being saved, night after night."""
        (tmp_path / "sound").write_bytes(b"sound")
        (tmp_path / "rotten").write_bytes(b"rotten")
        digest = hashlib.sha256(b"sound").hexdigest()
        files = [KeptFile(tmp_path / name, f"a/{name}", digest) for name in ("sound", "rotten", "gone")]
        monkeypatch.setitem(parts._parts, "extra", BackupPart(files=lambda: files))

        report = make_backup(tmp_path / "backups", now=now, progress=lambda _: None)

        assert report.manifest.left_out == [
            "extra/a/rotten (it is not what the database says)",
            "extra/a/gone (it is not there any more)",
        ]
        assert f"Left out: {report.manifest.left_out[0]}." in report.remarks
        check_files(report.folder, read_manifest(report.folder))
        assert (report.folder / "files" / "extra" / "a" / "sound").read_bytes() == b"sound"
        assert not (report.folder / "files" / "extra" / "a" / "rotten").exists()

    def test_that_need_more_room_than_there_is_stop_it_before_it_begins(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime
    ) -> None:
        with (tmp_path / "huge").open("wb") as file:
            file.truncate(2**43)  # sparse: 8.8 TB that take no room
        files = [KeptFile(tmp_path / "huge", "huge", "0" * 64)]
        monkeypatch.setitem(parts._parts, "extra", BackupPart(files=lambda: files))

        with pytest.raises(
            BackupFolderError, match=r"may need [\d,.]+ MB and the disk of .* left: nothing was written"
        ):
            make_backup(tmp_path / "backups", now=now, progress=lambda _: None)

        assert [path.name for path in (tmp_path / "backups").iterdir()] == [".lock"]
