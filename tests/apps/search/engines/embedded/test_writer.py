from pathlib import Path

import pytest

from apps.search.engines.embedded.folders import open_engine
from apps.search.engines.embedded.publication import INDEX
from apps.search.engines.embedded.writer import IndexWriter
from apps.search.engines.protocol import IndexBrokenError
from tests.apps.search.engines.embedded.indexes import a_book, made, write
from tests.apps.search.searching import of_index


def ids(folder: Path, text: str) -> list[int]:
    return list(of_index(open_engine(folder)).search(text).books)


class TestIndexWriter:
    def test_replaces_a_book_that_is_there(self, tmp_path: Path) -> None:
        made(tmp_path, [a_book(1, "Owl"), a_book(2, "Cat")])
        write(tmp_path, [a_book(1, "Fox")], cursor=2)
        assert (ids(tmp_path, "owl"), ids(tmp_path, "fox"), open_engine(tmp_path).books) == ([], [1], 2)

    def test_keeps_a_book_once_that_is_given_twice_in_one_commit(self, tmp_path: Path) -> None:
        made(tmp_path, [a_book(1, "Owl"), a_book(1, "Owl")])
        assert (ids(tmp_path, "owl"), open_engine(tmp_path).books) == ([1], 1)

    def test_removes_books_and_does_not_mind_unknown_ones(self, tmp_path: Path) -> None:
        made(tmp_path, [a_book(1, "Owl"), a_book(2, "Cat")])
        write(tmp_path, [], removed=[1, 99], cursor=2)
        assert (ids(tmp_path, "owl"), open_engine(tmp_path).books) == ([], 1)

    def test_says_how_many_books_were_replaced(self, tmp_path: Path) -> None:
        writer = IndexWriter(tmp_path / INDEX)
        assert writer.replace([a_book(1, "Owl"), a_book(2, "Cat")]) == 2
        writer.close()

    def test_moves_the_cursor_with_the_books_of_the_commit(self, tmp_path: Path) -> None:
        assert made(tmp_path, [a_book(1, "Owl")], cursor=5).cursor == 5
        write(tmp_path, [], cursor=12)
        assert open_engine(tmp_path).cursor == 12

    def test_leaves_no_trace_of_what_was_not_committed(self, tmp_path: Path) -> None:
        made(tmp_path, [a_book(1, "Owl")], cursor=5)
        writer = IndexWriter(tmp_path / INDEX)
        writer.remove([1])
        writer.replace([a_book(2, "Cat")])
        writer.close()
        assert (ids(tmp_path, "owl"), ids(tmp_path, "cat"), open_engine(tmp_path).cursor) == ([1], [], 5)

    def test_says_when_the_folder_holds_something_else(self, tmp_path: Path) -> None:
        made(tmp_path, [a_book(1, "Owl")])
        (tmp_path / INDEX / "meta.json").write_text("no index")
        with pytest.raises(IndexBrokenError, match="cannot be used"):
            IndexWriter(tmp_path / INDEX)

    def test_refuses_a_second_writer(self, tmp_path: Path) -> None:
        writer = IndexWriter(tmp_path / INDEX)
        with pytest.raises(IndexBrokenError, match="cannot be used"):
            IndexWriter(tmp_path / INDEX)
        writer.close()
