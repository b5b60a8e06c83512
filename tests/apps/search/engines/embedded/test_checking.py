import os
from pathlib import Path

import pytest

from apps.search.engines.embedded.checking import damage_of
from apps.search.engines.embedded.publication import INDEX
from tests.apps.search.damages import flip
from tests.apps.search.engines.embedded.indexes import a_book, made, write


class TestDamageOf:
    @pytest.fixture
    def copy(self, tmp_path: Path) -> Path:
        made(tmp_path, [a_book(1, "Owl")])
        assert damage_of(tmp_path) == ""
        return tmp_path

    def test_is_nothing_after_another_commit(self, copy: Path) -> None:
        write(copy, [a_book(2, "Fox")], cursor=2)
        assert damage_of(copy) == ""

    def test_is_nothing_where_a_file_was_only_touched(self, copy: Path) -> None:
        next((copy / INDEX).glob("*.term")).touch()
        assert damage_of(copy) == ""

    def test_names_the_file(self, copy: Path) -> None:
        path = next((copy / INDEX).glob("*.pos"))
        flip(path)
        assert damage_of(copy) == f"{path.name} is not what was written: its SHA-256 differs"
        path.unlink()
        assert damage_of(copy).startswith("a file cannot be read: ")

    def test_looks_into_a_file_that_the_disk_forgot_only_anew(self, copy: Path) -> None:
        path = next((copy / INDEX).glob("*.store"))
        before = path.stat()
        flip(path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert damage_of(copy) == ""
        assert path.name in damage_of(copy, anew=True)
        assert path.name in damage_of(copy, anew=True)
