import gzip
from pathlib import Path

import pytest

from demo.dataset import SHELF, Dataset, DatasetDamagedError, DatasetMissingError, fingerprint, rows_of


class TestDataset:
    def test_finds_plain_and_packed_tables(self, tmp_path: Path) -> None:
        for name in ("books.csv", "genres.csv.gz", "ratings.csv"):
            (tmp_path / name).touch()

        dataset = Dataset.in_folder(tmp_path)

        assert [path.name for path in (dataset.books, dataset.genres, dataset.ratings)] == [
            "books.csv",
            "genres.csv.gz",
            "ratings.csv",
        ]

    def test_names_the_table_that_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetMissingError, match=r"has no books\.csv and no books\.csv\.gz"):
            Dataset.in_folder(tmp_path)

    def test_finds_the_shelf_that_is_carried(self) -> None:
        assert Dataset.in_folder(SHELF).ratings.name == "ratings.csv.gz"


class TestFingerprint:
    def test_changes_with_every_part(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_text("one")
        before = fingerprint(path, "rule 1")

        assert fingerprint(path, "rule 1") == before
        assert fingerprint(path, "rule 2") != before
        path.write_text("two")
        assert fingerprint(path, "rule 1") != before


class TestRowsOf:
    def test_gives_rows_by_column_name(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_text('book_id,title\n7,"Holes, and more"\n8,Momo\n')

        assert list(rows_of(path, columns=("title",))) == [
            {"book_id": "7", "title": "Holes, and more"},
            {"book_id": "8", "title": "Momo"},
        ]

    @pytest.mark.parametrize("text", ["book_id,name\n7,Holes\n", ""])
    def test_names_the_column_that_is_missing(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "books.csv"
        path.write_text(text)

        with pytest.raises(DatasetDamagedError, match=r"books\.csv cannot be used: it has no column title\.$"):
            list(rows_of(path, columns=("title", "year")))

    def test_says_that_a_packed_table_was_cut_off(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv.gz"
        path.write_bytes(gzip.compress(b"book_id,title\n" + b"7,Holes\n" * 1000)[:40])

        with pytest.raises(DatasetDamagedError, match=r"books\.csv\.gz cannot be used"):
            list(rows_of(path))

    def test_says_that_a_table_is_not_text(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_bytes(b"book_id,title\n7,H\xf6len\n")

        with pytest.raises(DatasetDamagedError, match="utf-8"):
            list(rows_of(path))
