from pathlib import Path

import pytest

from demo.dataset import SHELF, Dataset, DatasetMissingError, fingerprint


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
