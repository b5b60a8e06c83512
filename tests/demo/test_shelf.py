import gzip
from pathlib import Path

import pytest

from demo.dataset import SHELF, DatasetMissingError, rows_of
from demo.shelf import make_shelf

SOURCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "goodbooks"
FILES = ("books.csv.gz", "genres.csv.gz", "ratings.csv.gz")

BOOKS = """\
book_id,isbn,authors,original_publication_year,title,language_code,average_rating,ratings_count
7,439023483,"Louis Sachar, Somebody Else",1998.0,"Holes (Holes, #1)",eng,3.93,746
8,,Nobody,2001.0,A Grown-up Book,eng,4.1,12
"""
GENRES = """\
book_id,title,authors,genres
7,Holes,Louis Sachar,"children,middle-grade"
8,A Grown-up Book,Nobody,"fiction,ya"
"""
RATINGS = "user_id,book_id,rating\n1,8,5\n1,7,4\n2,7,3\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, text in (("books.csv", BOOKS), ("genres.csv", GENRES), ("ratings.csv", RATINGS)):
        (folder / name).write_text(text)
    return folder


class TestMakeShelf:
    def test_keeps_books_with_a_childrens_tag_and_their_ratings_in_order(self, source: Path, tmp_path: Path) -> None:
        report = make_shelf(source, target=tmp_path / "shelf")

        assert (report.books, report.ratings) == (1, 2)
        assert list(rows_of(tmp_path / "shelf" / "books.csv.gz")) == [
            {
                "book_id": "7",
                "authors": "Louis Sachar, Somebody Else",
                "original_publication_year": "1998.0",
                "title": "Holes (Holes, #1)",
                "language_code": "eng",
                "average_rating": "3.93",
                "ratings_count": "746",
            }
        ]
        assert [row["user_id"] for row in rows_of(tmp_path / "shelf" / "ratings.csv.gz")] == ["1", "2"]

    def test_writes_the_same_bytes_again(self, source: Path, tmp_path: Path) -> None:
        make_shelf(source, target=tmp_path / "one")
        make_shelf(source, target=tmp_path / "two")

        for name in FILES:
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()

    def test_names_the_file_that_is_missing(self, source: Path, tmp_path: Path) -> None:
        (source / "ratings.csv").unlink()

        with pytest.raises(DatasetMissingError, match=r"no ratings\.csv"):
            make_shelf(source, target=tmp_path / "shelf")

    @pytest.mark.skipif(not SOURCE.is_dir(), reason="goodbooks-10k is not beside the project")
    def test_makes_the_committed_files(self, tmp_path: Path) -> None:
        make_shelf(SOURCE, target=tmp_path)

        # What is packed, not how: another build of zlib may choose other bytes for it.
        for name in FILES:
            assert gzip.decompress((tmp_path / name).read_bytes()) == gzip.decompress((SHELF / name).read_bytes())


class TestCommittedShelf:
    def test_is_small_and_carries_its_licence(self) -> None:
        assert sum((SHELF / name).stat().st_size for name in FILES) < 500_000
        assert "Attribution-ShareAlike 4.0" in (SHELF / "LICENSE").read_text()
        assert "goodbooks-10k" in (SHELF / "ATTRIBUTION.md").read_text()
