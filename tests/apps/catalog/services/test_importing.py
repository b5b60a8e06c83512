import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import cast

import polars as pl
import pytest

from apps.catalog.models import Change
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services import importing
from apps.catalog.services.import_report import ImportReport
from apps.catalog.services.importing import BookImport, import_books
from apps.platform.services.tabular.refusals import TableError
from apps.platform.services.tabular.tables import TableOptions
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db

GOODBOOKS = Path(__file__).parents[5] / "shared/data/goodbooks/books.csv"
HEADER = "book_id,isbn13,authors,original_publication_year,title,language_code,average_rating,ratings_count"
BOOKS = f"""{HEADER}
2,9.78043955493e+12,"J.K. Rowling, Mary GrandPré",1997.0,"Sorcerer's Stone (Harry Potter, #1)",eng,4.44,4602479
1382,9.78014044846e+12,"Homer, Robert Fagles",-762.0,The Iliad,,3.83,241088
"""
GENRES = """book_id,genres
2,"children,childrens,children-s-books,childrens-books,children-s-lit,middle-grade,ya"
1382,"classics,poetry"
"""


def run(path: Path, now: datetime, **options: object) -> ImportReport:
    progress = cast("Callable[[int], None] | None", options.pop("progress", None))
    said = BookImport(remarks_file=path.with_name("remarks.csv"), **options)  # type: ignore[arg-type]
    return import_books(path, refused_file=path.with_name("refused.csv"), now=now, options=said, progress=progress)


def refused(path: Path) -> list[tuple[str, str, str]]:
    with path.with_name("refused.csv").open(newline="") as file:
        return [(row["line"], row["column"], row["value"]) for row in csv.DictReader(file)]


@pytest.fixture
def books_file(tmp_path: Path) -> Path:
    (tmp_path / "genres.csv").write_text(GENRES)
    path = tmp_path / "books.csv"
    path.write_text(BOOKS)
    return path


class TestImportBooks:
    def test_knows_the_columns_of_goodbooks_and_the_genres_beside(self, books_file: Path, now: datetime) -> None:
        report = run(books_file, now)

        potter, iliad = shelf().card("2"), shelf().card("1382")
        assert (report.created, report.refused) == (2, 0)
        assert (potter.title, potter.series, potter.series_number) == (
            "Sorcerer's Stone",
            "Harry Potter",
            1.0,
        )
        assert (potter.authors, potter.year, potter.language) == (("J.K. Rowling", "Mary GrandPré"), 1997, "en")
        assert (potter.age_band, potter.reading_level) == (AgeBand.AGES_9_TO_11, 5)
        assert (iliad.age_band, iliad.year, iliad.language) == (AgeBand.ADULT, -762, "und")

    def test_writes_nothing_the_second_time(self, books_file: Path, now: datetime) -> None:
        run(books_file, now)
        changes = Change.objects.count()

        report = run(books_file, now)

        assert (report.created, report.updated, report.unchanged) == (0, 0, 2)
        assert Change.objects.count() == changes

    def test_refuses_a_row_with_its_line_and_reason_and_keeps_the_others(self, tmp_path: Path, now: datetime) -> None:
        path = tmp_path / "books.csv"
        path.write_text(
            f"{HEADER}\n1,,A,2000,One,eng,4,1\n2,,A,9999,Two,eng,4,1\n3,,A,2000,,eng,4,1\n4,too,few\n"
            "1,,A,2000,Again,eng,4,1\n=1+1,,A,2000,Formula,eng,4,1\n5,,A,2000,Five,eng,4,1\n"
        )

        report = run(path, now)

        assert [card.title for card in shelf().cards] == ["One", "Two", "Five"]
        assert report.refused == 4
        assert sorted(refused(path)) == [
            ("4", "title", ""),
            ("5", "", ""),
            ("6", "key", "1"),
            ("7", "key", "'=1+1"),
        ]

    def test_removes_the_refused_rows_of_an_earlier_import(self, books_file: Path, now: datetime) -> None:
        books_file.with_name("refused.csv").write_text("of yesterday")

        run(books_file, now)

        assert not books_file.with_name("refused.csv").exists()

    def test_takes_columns_by_mapping_and_bands_by_their_code(self, tmp_path: Path, now: datetime) -> None:
        path = tmp_path / "library.csv"
        path.write_text("ItemNo;Name;age_band;reading_level\nA-1;Holes;0-5;3\n")

        run(path, now, mapping={"key": "ItemNo", "title": "Name"})

        card = shelf().card("A-1")
        assert (card.title, card.age_band, card.reading_level) == ("Holes", AgeBand.AGES_0_TO_5, 3)

    def test_reads_parquet(self, tmp_path: Path, now: datetime) -> None:
        path = tmp_path / "books.parquet"
        pl.DataFrame(
            {"key": ["a"], "title": ["Holes"], "year": [1998], "genres": [["childrens", "kids"]]}
        ).write_parquet(path)

        run(path, now)

        assert (shelf().card("a").year, shelf().card("a").genres) == (1998, ("childrens", "kids"))

    def test_tells_how_far_it_is_and_saves_in_batches(
        self, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importing, "BATCH", 2)
        path = tmp_path / "books.csv"
        path.write_text("key,title\n" + "".join(f"{n},Book {n}\n" for n in range(5)))
        told: list[int] = []

        run(path, now, progress=told.append)

        assert told == [2, 4, 5]

    def test_keeps_the_batches_before_the_damage(
        self, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importing, "BATCH", 1)
        path = tmp_path / "books.csv"
        path.write_bytes(b"key,title\n1,One\n" + b"2,Two\n" * 60_000 + b"\xff\xff,Three\n")

        with pytest.raises(TableError, match="not in utf-8"):
            run(path, now, table=TableOptions(encoding="utf-8"))

        assert shelf().card("1").title == "One"

    def test_says_when_the_second_file_is_missing(self, books_file: Path, now: datetime) -> None:
        with pytest.raises(TableError, match=r"There is no file .*tags\.csv"):
            run(books_file, now, genres=books_file.with_name("tags.csv"))

    @pytest.mark.skipif(not GOODBOOKS.exists(), reason=f"the goodbooks data are not at {GOODBOOKS}")
    def test_takes_all_of_goodbooks(self, tmp_path: Path, now: datetime) -> None:
        report = import_books(GOODBOOKS, refused_file=tmp_path / "refused.csv", now=now)

        cards = shelf().cards
        assert (report.created, report.refused) == (10_000, 0)
        assert sum(card.language == "und" for card in cards) == 1084
        assert sum(card.year is not None and card.year < 0 for card in cards) == 31
        assert sum(any("child" in tag for tag in card.genres) for card in cards) == 1475
        assert all(
            any("child" in tag for tag in card.genres) for card in cards if card.age_band < AgeBand.AGES_15_TO_17
        )
