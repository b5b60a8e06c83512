import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.search.engines.embedded.folders import open_engine
from apps.search.engines.embedded.publication import INDEX, PUBLISHED, publish
from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.engines.embedded.writer import IndexWriter
from apps.search.engines.protocol import IndexBrokenError
from epicml.audience.bands import AgeBand
from tests.apps.search.engines.embedded.indexes import a_book, made, write
from tests.apps.search.searching import of_index


def ids(engine: EmbeddedEngine, text: str) -> list[int]:
    return list(of_index(engine).suggest(text, limit=100).books)


# One of each kind of file that a reader opens.
NAMES = (".term", ".idx", ".pos", ".fast", ".store", ".fieldnorm", "published.json", ".npz")


class TestEmbeddedEngine:
    def test_sees_a_commit_after_a_refresh_and_not_before(self, tmp_path: Path) -> None:
        engine = made(tmp_path, [a_book(1, "Owl")])
        write(tmp_path, [a_book(2, "Fox")], cursor=2)
        assert (ids(engine, "fox"), engine.cursor, engine.books) == ([], 1, 1)
        engine.refresh()
        assert (ids(engine, "fox"), engine.cursor, engine.books) == ([2], 2, 2)

    def test_stays_in_one_state_until_something_was_committed(self, tmp_path: Path) -> None:
        engine = made(tmp_path, [a_book(1, "Owl")])
        before = engine.state
        engine.refresh()
        assert engine.state is before
        write(tmp_path, [], cursor=2)
        engine.refresh()
        assert engine.state is not before

    def test_answers_many_threads_while_one_writes(self, tmp_path: Path) -> None:
        engine = made(tmp_path, [a_book(number, f"Owl {number}") for number in range(1, 6)])

        def ask(_: int) -> int:
            engine.refresh()
            return len(ids(engine, "owl "))

        with ThreadPoolExecutor(3) as pool:
            counts = pool.map(ask, range(60))
            for number in range(6, 10):
                write(tmp_path, [a_book(number, f"Owl {number}")], cursor=number)
            assert set(counts) <= {5, 6, 7, 8, 9}
        engine.refresh()
        assert len(ids(engine, "owl ")) == 9

    def test_orders_books_of_many_commits_by_popularity(self, tmp_path: Path) -> None:
        engine = made(tmp_path, [a_book(1, "Owl", popularity=5)])
        for number, popularity in ((2, 500), (3, 50), (4, 5000)):
            write(tmp_path, [a_book(number, f"Owl Book {number}", popularity=popularity)], cursor=number)
        engine.refresh()
        assert ids(engine, "owl b") == [4, 2, 3]

    def test_lets_a_band_see_its_own_books_and_those_below(self, tmp_path: Path) -> None:
        engine = made(tmp_path, [a_book(1 + band, "Owl", band=band) for band in AgeBand])
        for band in AgeBand:
            for answer in (
                of_index(engine).suggest("owl", band=band).books,
                of_index(engine).suggest("ann", band=band).named,
                of_index(engine).search("owl", band=band).books,
            ):
                assert sorted(answer) == list(range(1, band + 2))

    def test_is_empty_but_sound_without_books(self, tmp_path: Path) -> None:
        engine = made(tmp_path, [])
        assert (ids(engine, "owl"), ids(engine, "hobit"), engine.books) == ([], [], 0)


class TestBrokenIndex:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        made(tmp_path, [a_book(number, f"Owl {number}") for number in range(1, 30)])
        return tmp_path

    def test_is_told_apart_when_it_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(IndexBrokenError, match="cannot be used"):
            open_engine(tmp_path / "nothing")

    @pytest.mark.parametrize("content", ["{}", "no index", "", '0\n{"segments": ""}'])
    def test_is_told_apart_when_what_was_published_is_damaged(self, folder: Path, content: str) -> None:
        (folder / PUBLISHED).write_text(content)
        with pytest.raises(IndexBrokenError, match=r"cannot be used: published\.json is not what was written"):
            open_engine(folder)

    def test_is_told_apart_when_its_list_of_files_is_damaged(self, folder: Path) -> None:
        (folder / PUBLISHED).unlink()  # as of sealed files
        (folder / INDEX / "meta.json").write_text("{}")
        with pytest.raises(IndexBrokenError, match="cannot be used: its files cannot be listed"):
            open_engine(folder)

    def test_is_told_apart_when_it_does_not_say_how_far_it_goes(self, tmp_path: Path) -> None:
        made(tmp_path / "other", [])
        writer = IndexWriter(tmp_path / INDEX)
        writer.close()
        (tmp_path / "lexicon.npz").write_bytes((tmp_path / "other" / "lexicon.npz").read_bytes())
        with pytest.raises(IndexBrokenError, match="does not say up to which change it goes"):
            open_engine(tmp_path)

    @pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04"])
    def test_is_told_apart_when_its_words_are_damaged(self, folder: Path, damage: bytes) -> None:
        (folder / "lexicon.npz").write_bytes(damage)
        with pytest.raises(IndexBrokenError, match=r"lexicon\.npz is not what was written"):
            open_engine(folder)

    def test_is_told_apart_when_words_were_published_that_are_none(self, folder: Path) -> None:
        (folder / "lexicon.npz").write_bytes(b"no archive")
        publish(folder, cursor=1, last_change="", known={})
        with pytest.raises(IndexBrokenError, match=r"lexicon\.npz cannot be read"):
            open_engine(folder)

    @pytest.mark.parametrize("name", NAMES)
    def test_is_told_apart_whatever_byte_is_another_one(self, folder: Path, name: str) -> None:
        path = next(path for path in sorted(folder.rglob("*")) if path.name.endswith(name))
        sound = path.read_bytes()
        for place in range(0, len(sound), max(len(sound) // 8, 1)):
            path.write_bytes(sound[:place] + bytes([sound[place] ^ 0xFF]) + sound[place + 1 :])
            with pytest.raises(IndexBrokenError):
                open_engine(folder)

    @pytest.mark.parametrize("name", NAMES)
    def test_is_told_apart_however_a_file_is_cut(self, folder: Path, name: str) -> None:
        path = next(path for path in sorted(folder.rglob("*")) if path.name.endswith(name))
        sound = path.read_bytes()
        for length in range(0, len(sound), max(len(sound) // 4, 1)):
            path.write_bytes(sound[:length])
            with pytest.raises(IndexBrokenError):
                open_engine(folder)


class TestAnOpenIndex:
    """What becomes of the files is nothing to who has them open: each would otherwise be an end by SIGBUS."""

    @pytest.fixture
    def engine(self, tmp_path: Path) -> EmbeddedEngine:
        return made(tmp_path, [a_book(number, f"Owl {number}") for number in range(1, 30)])

    def answers_as_before(self, engine: EmbeddedEngine) -> bool:
        texts = ("owl 1", "owl", "ow 7", "oul", "ann author", "owl 2 ann")
        return [ids(engine, text) for text in texts] == [ids(engine, text) for text in texts] and bool(
            ids(engine, "owl 1")
        )

    @pytest.mark.parametrize("cut", [0, 1, 100])
    def test_answers_on_when_every_file_is_cut(self, tmp_path: Path, engine: EmbeddedEngine, cut: int) -> None:
        for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
            os.truncate(path, min(cut, path.stat().st_size))
        assert self.answers_as_before(engine)
        with pytest.raises(IndexBrokenError):
            engine.refresh()
        assert engine.is_stuck
        assert self.answers_as_before(engine)

    def test_answers_on_when_every_file_is_gone(self, tmp_path: Path, engine: EmbeddedEngine) -> None:
        shutil.rmtree(tmp_path)
        engine.refresh()
        assert self.answers_as_before(engine)

    def test_answers_on_when_what_follows_is_damaged(self, tmp_path: Path, engine: EmbeddedEngine) -> None:
        before = {path.name for path in (tmp_path / INDEX).iterdir()}
        write(tmp_path, [a_book(99, "Fox")], cursor=2)
        new = next(path for path in (tmp_path / INDEX).glob("*.idx") if path.name not in before)
        new.write_bytes(new.read_bytes()[:-1] + b"\xff")
        with pytest.raises(IndexBrokenError, match="its SHA-256 differs"):
            engine.refresh()
        engine.refresh()  # it says so once
        assert (ids(engine, "fox"), engine.cursor, self.answers_as_before(engine)) == ([], 1, True)

    def test_leaves_no_file_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "private"))
        (tmp_path / "private").mkdir()
        engine = made(tmp_path / "copy", [a_book(1, "Owl")])
        for cursor in (2, 3):
            write(tmp_path / "copy", [a_book(cursor, "Owl")], cursor=cursor)
            engine.refresh()
        assert sorted(ids(engine, "owl")) == [1, 2, 3]
        assert list((tmp_path / "private").iterdir()) == []

    def test_refuses_a_folder_that_somebody_made_in_its_place(self, tmp_path: Path, engine: EmbeddedEngine) -> None:
        engine._files.folder.mkdir()
        try:
            write(tmp_path, [a_book(99, "Fox")], cursor=2)
            with pytest.raises(IndexBrokenError, match="no private copy can be made"):
                engine.refresh()
        finally:
            shutil.rmtree(engine._files.folder, ignore_errors=True)

    def test_follows_a_copy_that_was_made_anew(self, tmp_path: Path) -> None:
        engine = made(tmp_path / "copy", [a_book(1, "Owl"), a_book(2, "Fox")])
        shutil.rmtree(tmp_path / "copy")
        made(tmp_path / "copy", [a_book(1, "Cat")], cursor=5)
        engine.refresh()
        assert (ids(engine, "cat"), ids(engine, "owl"), engine.cursor, engine.books) == ([1], [], 5, 1)

    def test_follows_merges_of_its_segments(self, tmp_path: Path) -> None:
        engine = made(tmp_path, [a_book(1, "Owl")])
        for cursor in range(2, 14):
            write(tmp_path, [a_book(cursor, "Owl")], cursor=cursor)
            engine.refresh()
            assert len(ids(engine, "owl")) == cursor
        assert len(list((tmp_path / INDEX).glob("*.term"))) < 12  # some were merged
