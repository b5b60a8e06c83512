from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from demo.dataset import rows_of
from tests.demo.management.commands.goodbooks import BOOKS, write_goodbooks


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_goodbooks(tmp_path / "goodbooks")


def run(source: Path, target: Path) -> str:
    out = StringIO()
    call_command("make_demo_shelf", str(source), "--target", str(target), stdout=out)
    return out.getvalue()


def fails(source: Path, target: Path) -> str:
    with pytest.raises(CommandError) as caught:
        run(source, target)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestMakeDemoShelf:
    def test_says_what_was_written_and_where(self, source: Path, tmp_path: Path) -> None:
        target = tmp_path / "made" / "shelf"
        # 12 readers with 8 ratings each; the one book without a children's tag falls away with its 6 ratings.
        assert run(source, target).startswith(f"15 books and 90 ratings written to {target}, ")
        assert len(list(rows_of(target / "books.csv.gz"))) == BOOKS - 1
        assert len(list(rows_of(target / "ratings.csv.gz"))) == 90

    def test_writes_what_the_demo_can_read(self, source: Path, tmp_path: Path) -> None:
        run(source, tmp_path / "one")
        run(tmp_path / "one", tmp_path / "two")
        for name in ("books.csv.gz", "genres.csv.gz", "ratings.csv.gz"):
            assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()

    def test_names_a_missing_table(self, tmp_path: Path) -> None:
        assert fails(tmp_path, tmp_path / "shelf").startswith(f"{tmp_path} has no books.csv")

    @pytest.mark.parametrize(("table", "column"), [("books", "title"), ("genres", "genres"), ("ratings", "rating")])
    def test_names_a_missing_column(self, source: Path, tmp_path: Path, table: str, column: str) -> None:
        path = source / f"{table}.csv"
        path.write_text(path.read_text().replace(column, "other", 1))
        assert fails(source, tmp_path / "shelf") == f"{path} cannot be used: it has no column {column}."

    def test_names_a_target_that_cannot_be_written(self, source: Path, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        assert str(tmp_path / "file") in fails(source, tmp_path / "file")
