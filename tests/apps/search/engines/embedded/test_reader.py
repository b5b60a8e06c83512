from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.search.engines.embedded.folders import INDEX, open_engine
from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.engines.embedded.writer import IndexWriter
from apps.search.engines.protocol import IndexBrokenError
from epicml.audience.bands import AgeBand
from epicml.search.plan import Typed
from tests.apps.search.engines.embedded.indexes import a_book, made, write


def ids(engine: EmbeddedEngine, text: str) -> list[int]:
    return engine.suggest(Typed.read(text), audience=AgeBand.ADULT, limit=100).books


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
                engine.suggest(Typed.read("owl"), audience=band, limit=10).books,
                engine.names(Typed.read("ann"), audience=band, limit=10),
                engine.search(Typed.read("owl"), audience=band, limit=10).books,
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

    def test_is_told_apart_when_its_list_of_files_is_damaged(self, folder: Path) -> None:
        (folder / INDEX / "meta.json").write_text("{}")
        with pytest.raises(IndexBrokenError, match=r"The search index .*/index cannot be used"):
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
        with pytest.raises(IndexBrokenError, match=r"lexicon\.npz cannot be read"):
            open_engine(folder)

    def test_is_told_apart_when_it_vanishes_while_it_is_open(self, folder: Path) -> None:
        engine = open_engine(folder)
        (folder / INDEX / "meta.json").unlink()
        with pytest.raises(IndexBrokenError, match="No such file"):
            engine.refresh()

    @pytest.mark.parametrize("ending", [".term", ".idx", ".fast", ".store", "meta.json", ".npz"])
    def test_answers_or_is_told_apart_whatever_byte_is_damaged(self, folder: Path, ending: str) -> None:
        # Anything but these two outcomes would be an error of the server: the fallback catches only this one.
        path = next(path for path in sorted(folder.rglob("*")) if path.name.endswith(ending))
        sound = path.read_bytes()
        for place in range(0, len(sound), max(len(sound) // 24, 1)):
            path.unlink()  # a new file: a map of the old one must not change under an engine
            path.write_bytes(sound[:place] + bytes([sound[place] ^ 0xFF]) + sound[place + 1 :])
            try:
                ids(open_engine(folder), "owl 1")
            except IndexBrokenError:
                continue

    @pytest.mark.parametrize("ending", [".term", ".idx", ".fast", ".store", "meta.json", ".npz"])
    def test_answers_or_is_told_apart_however_a_file_is_cut(self, folder: Path, ending: str) -> None:
        path = next(path for path in sorted(folder.rglob("*")) if path.name.endswith(ending))
        sound = path.read_bytes()
        for length in range(0, len(sound), max(len(sound) // 8, 1)):
            path.unlink()
            path.write_bytes(sound[:length])
            with pytest.raises(IndexBrokenError):
                ids(open_engine(folder), "owl 1")
