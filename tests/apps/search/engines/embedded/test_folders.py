import os
import threading
from pathlib import Path

import pytest

from apps.search.engines.embedded import folders
from apps.search.engines.embedded.folders import WriterBusyError
from tests.apps.search.engines.embedded.indexes import a_book, made


class TestCopyFolder:
    def test_tells_releases_of_one_key_apart(self) -> None:
        one, other = (folders.copy_folder("2026-11-24.1", letter * 64) for letter in "ab")
        assert one != other
        assert one.parent == other.parent == folders.copies_folder()


class TestNewCopy:
    @pytest.fixture
    def sealed(self, tmp_path: Path) -> Path:
        made(tmp_path / "sealed", [a_book(1, "Owl")], cursor=7)
        return tmp_path / "sealed"

    def test_is_there_when_the_block_ends_well(self, sealed: Path, tmp_path: Path) -> None:
        target = tmp_path / "search" / "copy"
        with folders.new_copy(sealed, target) as aside:
            assert not target.exists()
            assert folders.read_cursor(aside) == 7
        assert folders.read_cursor(target) == 7
        assert [path.name for path in target.parent.iterdir()] == ["copy"]

    def test_is_not_there_when_the_block_fails(self, sealed: Path, tmp_path: Path) -> None:
        target = tmp_path / "search" / "copy"
        with pytest.raises(ZeroDivisionError), folders.new_copy(sealed, target):
            raise ZeroDivisionError
        assert not target.exists()
        with folders.new_copy(sealed, target):  # what was left aside is no hindrance
            pass
        assert folders.read_cursor(target) == 7

    def test_replaces_a_broken_one(self, sealed: Path, tmp_path: Path) -> None:
        target = tmp_path / "search" / "copy"
        target.mkdir(parents=True)
        (target / "rubbish").touch()
        with folders.new_copy(sealed, target):
            pass
        assert not (target / "rubbish").exists()


class TestRemoveOutdated:
    def test_leaves_the_copy_and_the_newest_other_one(self) -> None:
        for age, name in enumerate(("present", "last", "older", "oldest")):
            path = folders.copies_folder() / name
            path.mkdir(parents=True)
            os.utime(path, (1_000_000 - age, 1_000_000 - age))
        (folders.copies_folder() / "writer.lock").touch()
        folders.remove_outdated(folders.copies_folder() / "present")
        assert sorted(path.name for path in folders.copies_folder().iterdir()) == ["last", "present", "writer.lock"]


class TestOnlyWriter:
    def test_makes_a_second_writer_wait_until_the_first_is_done(self) -> None:
        order: list[str] = []

        def second() -> None:
            with folders.only_writer():
                order.append("second")

        with folders.only_writer():
            thread = threading.Thread(target=second)
            thread.start()
            thread.join(0.15)
            order.append("first")
        thread.join(5)
        assert order == ["first", "second"]

    def test_gives_up_after_a_while(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(folders, "WAIT_SECONDS", 0.1)
        busy = pytest.raises(WriterBusyError, match=r"still writing .* after 0\.1 seconds")
        with folders.only_writer(), busy, folders.only_writer():
            pass

    def test_lets_go_when_the_block_fails(self) -> None:
        with pytest.raises(ZeroDivisionError), folders.only_writer():
            raise ZeroDivisionError
        with folders.only_writer():
            pass
