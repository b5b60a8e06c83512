"""Catalogues as real programs export them; the files are made up."""

import csv
import json
from datetime import datetime
from pathlib import Path

import pytest

from apps.catalog.models import Author, Isbn
from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.import_report import ImportReport
from apps.catalog.services.importing import BookImport, import_books
from apps.platform.services.tabular.refusals import TableError
from apps.platform.services.tabular.shapes import UnknownFormatError
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db


def load(path: Path, content: str | bytes, now: datetime, **options: object) -> ImportReport:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    said = BookImport(remarks_file=path.with_name("remarks.csv"), **options)  # type: ignore[arg-type]
    report = import_books(path, refused_file=path.with_name("refused.csv"), now=now, options=said)
    assert report.refused == 0, path.with_name("refused.csv").read_text()
    return report


def remarks(path: Path) -> list[tuple[str, str, str]]:
    with path.with_name("remarks.csv").open(newline="") as file:
        return [(row["line"], row["column"], row["value"]) for row in csv.DictReader(file)]


def card(key: str) -> BookCard:
    return shelf().card(key)


def isbns(key: str) -> list[str]:
    return list(Isbn.objects.filter(book__key=key).values_list("number", flat=True))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "books.csv"


class TestGoodreads:
    CONTENT = (
        "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Year Published,"
        "Original Publication Year,Date Read,Date Added,Bookshelves,Exclusive Shelf\n"
        '77,"The Lake (Lakes, #2)",Ada Bo,"Bo, Ada","Cy Di, Eve Fo","=""0306406152""","=""9780306406157""",4,3.91,'
        '2001,1999,2026/03/01,2026/02/01,"to-read, picture-books",to-read\n'
    )

    def test_a_library_export(self, path: Path, now: datetime) -> None:
        report = load(path, self.CONTENT, now)

        found = card("77")
        assert (found.title, found.series, found.series_number) == ("The Lake", "Lakes", 2)
        assert (found.authors, found.year, found.average_rating) == (("Ada Bo", "Cy Di", "Eve Fo"), 1999, 3.91)
        assert (found.genres, found.age_band) == (("picture-books",), AgeBand.AGES_0_TO_5)
        assert (isbns("77"), report.shape) == (["9780306406157"], "Goodreads library export")

    def test_with_a_byte_order_mark_and_other_spellings_of_its_columns(self, path: Path, now: datetime) -> None:
        header, rest = self.CONTENT.split("\n", 1)

        load(path, ("\ufeff" + header.upper().replace(" ", "_") + "\n" + rest).encode("utf-16"), now)

        assert card("77").authors == ("Ada Bo", "Cy Di", "Eve Fo")


class TestCalibre:
    def test_a_catalogue(self, path: Path, now: datetime) -> None:
        content = (
            '"author_sort","authors","cover","formats","id","identifiers","isbn","languages","pubdate","publisher",'
            '"rating","series","series_index","size","tags","timestamp","title","title_sort","uuid"\n'
            '"Bo, Ada & Di, Cy","Ada Bo & Di, Cy","c.jpg","epub","5","goodreads:12,isbn:9780306406157","","eng",'
            '"2004-05-01T00:00:00+00:00","P","8","Lakes","2.0","9","Fantasy, Juvenile fiction","2020","The Lake",'
            '"Lake, The","0f8a-11"\n'
            '"X","Eve Fo","","","6","","","deu","0101-01-01T00:00:00+00:00","","","","1.0","","","","Der See","See",'
            '"0f8a-12"\n'
        )

        report = load(path, content, now)

        found = card("0f8a-11")
        assert (found.authors, found.series, found.series_number) == (("Ada Bo", "Cy Di"), "Lakes", 2)
        assert (found.genres, found.year, found.language) == (("Fantasy", "Juvenile fiction"), 2004, "en")
        assert (card("0f8a-12").year, card("0f8a-12").language) == (None, "de")
        assert (isbns("0f8a-11"), report.shape) == (["9780306406157"], "calibre catalogue")


class TestMarc:
    def test_fields_as_columns(self, path: Path, now: datetime) -> None:
        content = (
            "001,020$a,041$a,100$a,245$a,260$c,521$a,650$a,700$a\n"
            '9,"9780306406157 (pbk.) | 0306406152",engfre,"Bo, Ada, 1907-2002.",The lake /,c1997.,Ages 9-12.,'
            '"Lakes -- Fiction | Stories, English","Di, Cy, illustrator. | Fo, Eve"\n'
            '10,,eng,"Le Mo, Ursula K.,",A pond :,[1945],,Ponds,\n'
        )

        report = load(path, content, now)

        lake, pond = card("9"), card("10")
        assert (lake.title, lake.authors, lake.year) == ("The lake", ("Ada Bo", "Cy Di", "Eve Fo"), 1997)
        assert (lake.age_band, lake.language, isbns("9")) == (AgeBand.AGES_9_TO_11, "en", ["9780306406157"])
        assert lake.genres == ("Ages 9-12", "Lakes -- Fiction", "Stories, English")
        assert (pond.title, pond.authors, pond.year) == ("A pond", ("Ursula K. Le Mo",), 1945)
        assert (pond.age_band, report.shape) == (AgeBand.ADULT, "MARC fields as columns")

    @pytest.mark.parametrize(
        ("code", "band"),
        [("a", AgeBand.AGES_0_TO_5), ("b", AgeBand.AGES_6_TO_8), ("c", AgeBand.AGES_9_TO_11),
         ("d", AgeBand.AGES_15_TO_17), ("e", AgeBand.ADULT), ("g", AgeBand.ADULT), ("j", AgeBand.AGES_9_TO_11),
         ("Children", AgeBand.AGES_9_TO_11), ("Grades K-3", AgeBand.AGES_6_TO_8), ("", AgeBand.ADULT)],
    )  # fmt: skip
    def test_the_audience_is_a_heading(self, path: Path, now: datetime, code: str, band: AgeBand) -> None:
        load(path, f"key;title;Target Audience;subjects\n1;One;{code};Bears\n2;Two;{code};\n", now)

        assert card("1").age_band is band
        assert card("2").age_band is band

    def test_the_audience_alone_loses_no_genres(self, path: Path, now: datetime) -> None:
        load(path, "key,title,genres\n1,One,Bears\n", now)

        load(path, "key,audience\n1,Ages 6-8\n", now)

        assert (card("1").genres, card("1").age_band) == (("Bears",), AgeBand.AGES_6_TO_8)

    def test_a_koha_report(self, path: Path, now: datetime) -> None:
        content = (
            "biblionumber,author,title,copyrightdate,isbn,itemtype\n"
            '12,"King, Martin Luther,",The lake /,2004,"9780306406157 | 0306406152",BK\n'
        )

        report = load(path, content, now)

        assert (card("12").title, card("12").authors, card("12").year) == ("The lake", ("Martin Luther King",), 2004)
        assert report.shape == "Koha report"


class TestOpenLibrary:
    def line(self, kind: str, key: str, **record: object) -> str:
        return f"/type/{kind}\t{key}\t3\t2010-04-14T02:53:24\t{json.dumps({'key': key, **record})}\n"

    def test_a_dump_of_works_and_editions(self, path: Path, now: datetime) -> None:
        content = (
            self.line("author", "/authors/OL1A", name="Ada \"Bo\" Cy")
            + self.line(
                "work", "/works/OL2W", title="The \"Lake\"\nand more",
                subjects=["Children's stories, English", "Lakes"],
                authors=[{"type": {"key": "/type/author_role"}, "author": {"key": "/authors/OL1A"}}],
                first_publish_date="May 1999",
            )
            + self.line(
                "edition", "/books/OL3M", title="A pond", isbn_13=["9780306406157"], isbn_10=["0306406152"],
                publish_date="2001", languages=[{"key": "/languages/eng"}], authors=[{"key": "/authors/OL9A"}],
            )
            + self.line("redirect", "/works/OL4W", location="/works/OL2W")
        )  # fmt: skip

        report = load(path, content, now)

        work, edition = card("OL2W"), card("OL3M")
        assert (work.title, work.authors, work.year) == ('The "Lake" and more', ('Ada "Bo" Cy',), 1999)
        assert (work.genres, work.age_band) == (("Children's stories, English", "Lakes"), AgeBand.AGES_9_TO_11)
        assert (edition.authors, edition.year, edition.language) == ((), 2001, "en")
        assert (isbns("OL3M"), report.left_out, report.rows) == (["9780306406157"], 2, 4)
        assert (remarks(path), report.shape) == ([("3", "authors", "/authors/OL9A")], "Open Library dump")

    def test_authors_may_be_in_a_second_file(self, path: Path, now: datetime) -> None:
        authors = path.with_name("authors.txt")
        authors.write_text(self.line("author", "/authors/OL9A", name="Cy Di"))

        load(path, self.line("edition", "/books/OL3M", title="A pond", authors=[{"key": "/authors/OL9A"}]), now,
             authors=authors)  # fmt: skip

        assert card("OL3M").authors == ("Cy Di",)


class TestBookCrossing:
    def test_books(self, path: Path, now: datetime) -> None:
        content = (
            '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher";"Image-URL-S"\r\n'
            '"0306406152";"The Lake &amp; the \\"Pond\\"; a tale";"Zoë Bo";"0";"P";"http://x"\r\n'
            '"B00009EF82";"Caf\xe9";"Di, Cy";"1999";"P";"http://x"\r\n'
        )

        report = load(path, content.encode("latin-1"), now)

        lake = card("0306406152")
        assert (lake.title, lake.authors, lake.year) == ('The Lake & the "Pond"; a tale', ("Zoë Bo",), None)
        assert (card("B00009EF82").title, isbns("0306406152")) == ("Café", ["9780306406157"])
        assert (report.encoding, report.delimiter, report.shape) == ("Windows-1252", "semicolons", "Book-Crossing")


class TestFormats:
    def test_may_be_named(self, path: Path, now: datetime) -> None:
        load(path, "uuid,title,authors\nu1,One,Ada Bo & Cy Di\n", now, shape="calibre")

        assert card("u1").authors == ("Ada Bo", "Cy Di")
        with pytest.raises(UnknownFormatError, match="formats are goodreads, calibre"):
            load(path, "uuid,title\n", now, shape="excel")
        with pytest.raises(TableError, match="is no Open Library dump"):
            load(path, "key,title\n1,One\n", now, shape="openlibrary")


class TestAuthorSpellings:
    def test_meet_in_the_one_that_came_first(self, path: Path, now: datetime) -> None:
        load(path, "key,title,authors\n1,One,J.K. Rowling\n", now)

        load(
            path, 'key,title,authors\n2,Two,"Rowling, J. K."\n3,Three,JK Rowling\n4,Four,"Rowling, J. K., 1965-"\n', now
        )

        assert list(Author.objects.values_list("name", flat=True)) == ["J.K. Rowling"]
        assert load(path, 'key,title,authors\n2,Two,"Rowling, J. K."\n', now).unchanged == 1

    def test_the_rest_of_the_file_tells_the_order(self, path: Path, now: datetime) -> None:
        first_last = 'key,title,authors\n1,One,Louis Sachar\n2,Two,"Homer, Robert Fagles"\n'
        last_first = 'key,title,authors\n3,One,"Sachar, Louis"\n4,Two,"King, Martin Luther"\n'

        load(path, first_last, now)
        load(path, last_first, now)

        assert card("2").authors == ("Homer", "Robert Fagles")
        assert card("4").authors == ("Martin Luther King",)
