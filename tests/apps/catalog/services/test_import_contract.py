"""What an import leaves as it was, and what it says of cells that it could not take."""

import csv
import time
from datetime import datetime
from pathlib import Path

import pytest

from apps.catalog.models import Book
from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import save_books
from apps.catalog.services.import_report import ImportReport
from apps.catalog.services.importing import BookImport, import_books
from apps.platform.services.tabular.refusals import TableError
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import HOLES, a_book

pytestmark = pytest.mark.django_db


def load(path: Path, content: str, now: datetime, **options: object) -> ImportReport:
    path.write_text(content)
    said = BookImport(remarks_file=path.with_name("remarks.csv"), **options)  # type: ignore[arg-type]
    return import_books(path, refused_file=path.with_name("refused.csv"), now=now, options=said)


def lines(path: Path, name: str) -> list[list[str]]:
    with path.with_name(name).open(newline="") as file:
        return list(csv.reader(file))[1:]


def holes() -> BookCard:
    return shelf().card("holes")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "books.csv"


@pytest.fixture(autouse=True)
def _holes(now: datetime) -> None:
    save_books([HOLES], now=now)


class TestKnownBooks:
    def test_columns_that_are_not_there_change_nothing(self, path: Path, now: datetime) -> None:
        before = holes()

        report = load(path, "key,year\nholes,2001\n", now)

        assert report.updated == 1
        after = holes()
        assert after.year == 2001
        assert (after.title, after.authors, after.series, after.series_number, after.genres, after.age_band) == (
            before.title, before.authors, before.series, before.series_number, before.genres, before.age_band,
        )  # fmt: skip

    def test_empty_cells_keep_what_is_known(self, path: Path, now: datetime) -> None:
        content = "key,title,authors,series,series_number,year,language,genres,popularity,average_rating,isbn\nholes"

        assert load(path, f"{content}{',' * 10}\n", now).unchanged == 1

    def test_empty_cells_clear_where_a_person_says_so(self, path: Path, now: datetime) -> None:
        load(path, "key,title,authors,series,series_number,year,language\nholes,,,,,,\n", now, clears=True)

        found = holes()
        assert (found.title, found.authors, found.series, found.series_number) == ("Holes", (), None, None)
        assert (found.year, found.language, found.genres) == (None, "und", ("childrens", "middle-grade"))

    def test_a_new_book_needs_a_title(self, path: Path, now: datetime) -> None:
        report = load(path, "key,year\nholes,2001\nnew,2002\n", now)

        assert (report.updated, report.refused) == (1, 1)
        assert lines(path, "refused.csv") == [
            ["3", "title", "There is no book 'new' yet, and a new one needs a title.", ""]
        ]

    def test_a_file_of_new_books_needs_the_column_of_titles(self, path: Path, now: datetime) -> None:
        with pytest.raises(TableError, match=r"has no column for title .* Say which one with --map title=COLUMN"):
            load(path, "key,name\n1,One\n2,Two\n", now)

    def test_a_title_without_a_note_keeps_the_series(self, path: Path, now: datetime) -> None:
        load(path, "key,title\nholes,Holes\n", now)
        assert (holes().series, holes().series_number) == ("Holes", 1)

        load(path, 'key,title\nholes,"Holes (Camp Green Lake, #2)"\n', now)
        assert (holes().title, holes().series, holes().series_number) == ("Holes", "Camp Green Lake", 2)

    def test_a_series_may_have_the_place_behind_it(self, path: Path, now: datetime) -> None:
        load(path, "key,title,series\n1,One,The Hunger Games #3\n2,Two,Puffin ; 12\n3,Three,Area 51\n", now)

        found = [(card.series, card.series_number) for card in map(shelf().card, ("1", "2", "3"))]
        assert found == [("The Hunger Games", 3), ("Puffin", 12), ("Area 51", None)]

    def test_genres_beside_say_nothing_of_books_they_do_not_list(self, path: Path, now: datetime) -> None:
        path.with_name("genres.csv").write_text("key,genres\nother,picture-books\n")

        load(path, "key,title\nholes,Holes\nother,Other\n", now)

        assert holes().genres == ("childrens", "middle-grade")
        assert shelf().card("other").age_band is AgeBand.AGES_0_TO_5


class TestRemarks:
    def test_keep_the_book_and_say_what_was_done(self, path: Path, now: datetime) -> None:
        content = (
            "key;title;year;genres;language;reading_level;popularity;average_rating;series_number\n"
            f"1;One;c1997.;Bears;en-US;K-2;1,234;4,05;Book 2\n2;Two;soon;{'x' * 70};Klingon, mostly;9X;many;five;1-3\n"
        )

        report = load(path, content, now)

        one, two = Book.objects.get(key="1"), Book.objects.get(key="2")
        assert (report.created, report.refused) == (2, 0)
        assert (one.published_year, one.reading_level, one.ratings_count, one.average_rating) == (1997, 1, 1234, 4.05)
        assert (one.series_number, two.series_number, two.published_year, two.language) == (2, None, None, "und")
        found = lines(path, "remarks.csv")
        assert [line[:2] + line[3:] for line in found if line[0] == "3" and line[1] == "year"] == [
            ["3", "year", "soon"]
        ]
        assert {line[0] for line in found} == {"2", "3"}
        assert report.remarks["year read in part"] == report.remarks["year left out"] == 1

    def test_come_from_saving_too(self, path: Path, now: datetime) -> None:
        save_books([a_book("mine", age_band=AgeBand.AGES_6_TO_8, by_staff=True)], now=now)

        report = load(path, "key,title,age_band,isbn\nmine,Mine,9-11,9780440414803\n", now)

        assert report.remarks == {"age_band of staff kept": 1, "isbns of another book": 1}
        assert sorted(line[1] for line in lines(path, "remarks.csv")) == ["age_band", "isbns"]

    @pytest.mark.parametrize("piece", ["(", " ", "x ", "1 ", "&amp;", "Ã©", "-- ", "ill. ", "9", "-", "#1 "])
    def test_come_soon_for_cells_of_any_length(self, path: Path, now: datetime, piece: str) -> None:
        names = ("title", "authors", "series", "series_number", "genres", "isbn", "year", "language", "reading_level")
        cell = (piece * 200_000)[:200_000]
        started = time.process_time()

        report = load(path, f"key,{','.join(names)},audience\n1{f',{cell}' * (len(names) + 1)}\n", now)

        assert (report.rows, time.process_time() - started < 10) == (1, True)

    def test_tell_marks_that_were_not_doubled(self, path: Path, now: datetime) -> None:
        load(path, 'key,title,year\n1,"The "Twits" again",1999\n2,"He said \\"no\\"",2000\n', now)

        assert (shelf().card("1").title, shelf().card("2").title) == ('The "Twits" again', 'He said "no"')
        assert [line[0] for line in lines(path, "remarks.csv")] == ["2"]


class TestReport:
    def test_tells_for_whom_the_books_are_and_from_what(self, path: Path, now: datetime) -> None:
        save_books([a_book("mine", age_band=AgeBand.AGES_6_TO_8, by_staff=True)], now=now)
        content = (
            "key,title,age_band,genres\n1,One,9-11,Bears\n2,Two,,Picture books\n3,Three,,Juvenile fiction\n"
            "4,Four,,Juvenile fiction\n5,Five,,Bears\nmine,Mine,,\n"
        )

        report = load(path, content, now)

        assert report.sentences()[1] == (
            "Age bands: 1 for 0-5, 1 for 6-8, 3 for 9-11, 1 for adults; 1 given, 3 guessed from genres "
            '(most often "Juvenile fiction" 2, "Picture books" 1), 1 adult because nothing said for whom they are; '
            "1 set by staff kept."
        )

    def test_of_a_dry_run_changes_nothing(self, path: Path, now: datetime) -> None:
        report = load(path, "key,title\n1,One\nholes,Other\n", now, dry_run=True)

        assert (report.created, report.updated, report.unchanged) == (1, 1, 0)
        assert (Book.objects.count(), holes().title) == (1, "Holes")
