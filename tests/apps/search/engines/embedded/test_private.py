import tempfile
from pathlib import Path

import pytest

from apps.search.engines.embedded.private import PrivateFiles
from apps.search.engines.protocol import NoRoomError

HUGE = 10**18  # bytes; no disk has as many


class TestPrivateFiles:
    def test_lie_with_other_temporary_files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        assert PrivateFiles(tmp_path / "copy", size=1).folder.parent == tmp_path

    def test_lie_beside_the_data_where_those_have_no_room(
        self, tmp_path: Path, var_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", "/proc")  # has no room at all
        files = PrivateFiles(tmp_path / "copy", size=1)
        assert files.folder.parent == var_dir
        files.hide()
        assert not files.folder.exists()

    def test_are_refused_with_a_sentence_where_nothing_has_room(self, tmp_path: Path, var_dir: Path) -> None:
        with pytest.raises(NoRoomError, match=f"nor {var_dir} has room for a private copy of 1,000,000,000,000.0 MB"):
            PrivateFiles(tmp_path / "copy", size=HUGE)
