import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.search.engines.embedded import folders
from apps.search.engines.embedded.folders import WriterBusyError
from apps.search.engines.embedded.publication import published
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
        with folders.new_copy(sealed, target, cursor=7) as aside:
            assert not target.exists()
            assert published(aside).cursor == 7
        assert published(target).cursor == 7
        assert [path.name for path in target.parent.iterdir()] == ["copy"]

    def test_is_not_there_when_the_block_fails(self, sealed: Path, tmp_path: Path) -> None:
        target = tmp_path / "search" / "copy"
        with pytest.raises(ZeroDivisionError), folders.new_copy(sealed, target, cursor=7):
            raise ZeroDivisionError
        assert not target.exists()
        with folders.new_copy(sealed, target, cursor=7):  # what was left aside is no hindrance
            pass
        assert published(target).cursor == 7

    def test_replaces_a_broken_one(self, sealed: Path, tmp_path: Path) -> None:
        target = tmp_path / "search" / "copy"
        target.mkdir(parents=True)
        (target / "rubbish").touch()
        with folders.new_copy(sealed, target, cursor=7):
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

    @pytest.mark.parametrize("gets_on", [True, False])
    def test_waits_as_long_as_the_other_writer_gets_on(self, monkeypatch: pytest.MonkeyPatch, gets_on: bool) -> None:
        monkeypatch.setattr(folders, "WAIT_SECONDS", 0.1)
        monkeypatch.setattr(folders, "TRY_SECONDS", 0.02)
        looks: list[int] = []

        def look() -> int:
            looks.append(len(looks) if gets_on else 7)
            return looks[-1]

        def wait() -> bool:
            try:
                with folders.only_writer(look=look):
                    return True
            except WriterBusyError:
                return False

        with ThreadPoolExecutor(1) as pool:
            with folders.only_writer():
                waiting = pool.submit(wait)
                time.sleep(0.5)
                assert waiting.done() is not gets_on
            assert waiting.result() is gets_on

    def test_does_not_wait_where_that_is_not_wanted(self) -> None:
        with folders.only_writer(), pytest.raises(WriterBusyError), folders.only_writer(waits=False):
            pass

    def test_enters_at_once_where_the_writer_was_killed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(folders, "WAIT_SECONDS", 1.0)
        folders.copies_folder().mkdir(parents=True)
        path = folders.copies_folder() / folders.WRITER_LOCK
        script = f"import fcntl, time; file = open({str(path)!r}, 'w'); fcntl.flock(file, fcntl.LOCK_EX); "
        command = [sys.executable, "-c", f"{script} print('held', flush=True); time.sleep(60)"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "held\n"
            with folders.nobody_writes() as quiet:
                assert not quiet
            writer.kill()
            writer.wait(10)
            with folders.nobody_writes() as quiet:
                assert quiet
            with folders.only_writer():
                pass

    def test_lets_go_when_the_block_fails(self) -> None:
        with pytest.raises(ZeroDivisionError), folders.only_writer():
            raise ZeroDivisionError
        with folders.only_writer():
            pass


class TestNobodyWrites:
    def test_but_while_somebody_holds_the_lock(self) -> None:
        with folders.nobody_writes() as before, folders.only_writer(), folders.nobody_writes() as meanwhile:
            assert (before, meanwhile) == (True, False)
        with folders.nobody_writes() as after:
            assert after

    def test_keeps_writers_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(folders, "WAIT_SECONDS", 0.1)
        with folders.only_writer():
            pass
        with folders.nobody_writes(), pytest.raises(WriterBusyError), folders.only_writer():
            pass


class TestMarkBroken:
    def test_says_why_and_since_when_and_counts_once(self, tmp_path: Path) -> None:
        copy = folders.copies_folder() / "copy"
        copy.mkdir(parents=True)
        assert (folders.is_usable(copy), folders.damage_mark(copy), folders.damages_count()) == (True, None, 0)
        assert folders.mark_broken(copy, "x.term is gone")
        assert not folders.mark_broken(copy, "another reason")
        mark = folders.damage_mark(copy)
        assert mark is not None
        assert mark[0] == "x.term is gone"
        assert (folders.is_usable(copy), folders.damages_count()) == (False, 1)

    def test_of_a_copy_that_is_gone_does_nothing(self, tmp_path: Path) -> None:
        assert not folders.mark_broken(tmp_path / "nothing", "gone")
