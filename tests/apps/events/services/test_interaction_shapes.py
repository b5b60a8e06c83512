"""Ratings as real programs export them; the files are made up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.catalog.services.books import save_books
from apps.events.models import Event
from apps.events.selectors import history
from apps.events.services.import_report import ImportReport
from apps.events.services.importing import InteractionImport, ReaderKeyError, import_interactions
from apps.events.services.interaction_shapes import RatingScale, UnknownScaleError
from apps.platform.services.tabular.refusals import TableError
from apps.readers.selectors import reader_ids
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]
GOODREADS = (
    "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Binding,"
    "Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves,"
    "Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies\n"
    'b1,"The Lake (Lakes, #1)",Ada Bo,"Bo, Ada",,"=""0306406152""","=""9780306406157""",4,3.9,P,Paperback,100,2001,'
    "1999,2026/03/01,2026/02/01,children,children (#1),read,,,,1,0\n"
    'b2,Other,Cy Di,"Di, Cy",,"=""""","=""""",0,3.9,P,Paperback,100,2001,,,2026/02/02,,,read,,,,1,0\n'
    'b3,Third,Cy Di,"Di, Cy",,"=""""","=""""",0,3.9,P,Paperback,100,,,,2026/02/03,currently-reading,,'
    "currently-reading,,,,1,0\n"
    'b4,Fourth,Cy Di,"Di, Cy",,"=""""","=""""",0,3.9,P,Paperback,100,,,,2026/02/04,to-read,,to-read,,,,0,0\n'
)


def load(path: Path, content: str | bytes, now: datetime, **options: object) -> ImportReport:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    said = InteractionImport(**options)  # type: ignore[arg-type]
    return import_interactions(path, refused_file=path.with_name("refused.csv"), now=now, options=said)


def values() -> dict[str, float | None]:
    return dict(Event.objects.values_list("book__key", "value"))


def moments() -> dict[str, datetime]:
    return dict(Event.objects.values_list("book__key", "occurred_at"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ratings.csv"


class TestGoodreads:
    def test_an_export_of_one_person_says_what_was_read_and_rated(self, path: Path, now: datetime) -> None:
        report = load(path, GOODREADS, now, reader="r1")

        rows = Event.objects.order_by("occurred_at").values_list("book__key", "kind", "value")
        assert list(rows) == [
            ("b2", "finished", None),
            ("b3", "started", None),
            ("b1", "finished", None),
            ("b1", "rated", 4),
        ]
        assert Event.objects.get(kind="started").occurred_at == datetime(2026, 2, 3, tzinfo=UTC)
        assert (report.rows, report.stored, report.not_rated, report.refused) == (4, 4, 1, 0)
        assert report.shape == "Goodreads library export"
        assert load(path, GOODREADS, now + timedelta(days=1), reader="r1").stored == 0

    def test_the_rating_is_what_counts(self, path: Path, now: datetime) -> None:
        load(path, GOODREADS, now, reader="r1")
        load(path, GOODREADS.replace(",4,3.9", ",2,3.9"), now, reader="r1")

        found = history(reader_ids(["r1"])["r1"])
        assert found.values[0] == 2

    def test_needs_to_know_whose_it_is(self, path: Path, now: datetime) -> None:
        with pytest.raises(TableError, match="has no column for reader"):
            load(path, GOODREADS, now)
        with pytest.raises(ReaderKeyError, match="--reader 'r 1'"):
            load(path, GOODREADS, now, reader="r 1")
        assert load(path, GOODREADS, now, reader="new", new_readers=AgeBand.AGES_9_TO_11).new_readers == 1

    def test_a_file_with_readers_takes_no_other(self, path: Path, now: datetime) -> None:
        with pytest.raises(TableError, match="says in its column user_id who the readers are: leave --reader out"):
            load(path, "user_id,book_id,rating\nr1,b1,4\n", now, reader="r2")


class TestBookCrossing:
    def test_ratings_from_1_to_10_are_spread_and_0_is_none(self, path: Path, now: datetime) -> None:
        save_books([a_book("034545104X"), a_book("0155061224"), a_book("0446520802")], now=now)
        content = (
            '"User-ID";"ISBN";"Book-Rating"\r\n"r1";"034545104X";"0"\r\n"r1";"0155061224";"10"\r\n'
            '"r2";"0446520802";"1"\r\n'
        )

        report = load(path, content.encode("latin-1"), now)

        assert values() == {"0155061224": 5, "0446520802": 1}
        assert (report.not_rated, report.scale, report.delimiter, report.shape) == (
            1,
            "1-10",
            "semicolons",
            "Book-Crossing",
        )


class TestIsbns:
    def test_name_the_book_that_has_them(self, path: Path, now: datetime) -> None:
        save_books([a_book("lake", isbns=("9780306406157",))], now=now)

        report = load(path, "reader,isbn,rating\nr1,0306406152,4\nr2,978-0-306-40615-7,3\nr2,9780140328721,3\n", now)

        assert list(Event.objects.order_by("reader").values_list("book__key", "value")) == [("lake", 4), ("lake", 3)]
        assert (report.stored, report.refused) == (2, 1)

    def test_are_asked_only_after_keys(self, path: Path, now: datetime) -> None:
        save_books([a_book("lake", isbns=("9780306406157",)), a_book("0306406152")], now=now)

        load(path, "reader,isbn,rating\nr1,0306406152,4\n", now)

        assert values() == {"0306406152": 4}


class TestScales:
    @pytest.mark.parametrize(
        ("scale", "cell", "value"),
        [
            ("1-10", "10", 5.0),
            ("1-10", "1", 1.0),
            ("1-10", "5,5", 3.0),
            ("0-10", "0", 1.0),
            ("0-100", "75", 4.0),
            ("0.5-5", "0.5", 1.0),
            ("1-5", "4,5", 4.5),
            ("1-5", "3.5", 3.5),
        ],
    )
    def test_are_spread_over_1_to_5(self, path: Path, now: datetime, scale: str, cell: str, value: float) -> None:
        load(path, f'user_id,book_id,rating\nr1,b1,"{cell}"\n', now, scale=RatingScale.named(scale))

        assert values() == {"b1": pytest.approx(value)}

    def test_a_file_of_another_scale_is_refused_as_a_whole(self, path: Path, now: datetime) -> None:
        with pytest.raises(TableError, match=r"2 of 3 ratings .* are above 5.* say it with --rating-scale"):
            load(path, "user_id,book_id,rating\nr1,b1,8\nr1,b2,4\nr1,b3,10\n", now)
        assert values() == {}

    @pytest.mark.parametrize("text", ["", "10", "5-1", "a-b", "1-5-9"])
    def test_other_texts_are_no_scale(self, text: str) -> None:
        with pytest.raises(UnknownScaleError, match="LOWEST-HIGHEST"):
            RatingScale.named(text)


class TestDates:
    @pytest.mark.parametrize(
        "date",
        [
            "2026-01-31",
            "2026/01/31",
            "31.01.2026",
            "01/31/2026",
            "31/01/2026",
            "31-01-2026",
            "Jan 31, 2026",
            "31 January 2026",
            "1769817600",
            "1769817600000",
            "2026-01-31T00:00:00Z",
            "2026-01-31 00:00:00 UTC",
            "Sat Jan 31 00:00:00 +0000 2026",
            "Sat, 31 Jan 2026 00:00:00 +0000",
            "1/31/2026 12:00 AM",
        ],
    )
    def test_are_read_in_their_common_forms(self, path: Path, now: datetime, date: str) -> None:
        load(path, f'user_id,book_id,rating,date\nr1,b1,4,"{date}"\n', now)

        assert moments() == {"b1": datetime(2026, 1, 31, tzinfo=UTC)}

    def test_the_column_decides_between_day_and_month(self, path: Path, now: datetime) -> None:
        load(path, "user_id,book_id,rating,date\nr1,b1,4,03/02/2026\nr1,b2,4,13/02/2026\n", now)

        assert moments()["b1"] == datetime(2026, 2, 3, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("other", "sentence"),
        [
            ("04/02/2026", "03/02/2026 may have the day or the month first, and no other row tells. Say --date-format"),
            ("02/13/2026\nr1,b3,4,13/02/2026", "13/02/2026 has the day first and 02/13/2026 the month"),
        ],
    )
    def test_what_the_column_does_not_tell_is_refused(
        self, path: Path, now: datetime, other: str, sentence: str
    ) -> None:
        content = f"user_id,book_id,rating,date\nr1,b1,4,03/02/2026\nr1,b2,4,{other}\n"

        with pytest.raises(TableError, match=sentence.replace("/", "/")):
            load(path, content, now)
        assert values() == {}

    def test_a_blank_one_keeps_the_rating_in_the_order_of_the_file(self, path: Path, now: datetime) -> None:
        content = "user_id,book_id,rating,date\nr1,b1,4,2026-01-31\nr1,b2,3,\n"

        assert load(path, content, now).stored == 2
        assert moments()["b2"] == now - timedelta(days=365) + timedelta(seconds=3)
        assert load(path, content, now + timedelta(days=9)).stored == 0


class TestDryRun:
    def test_stores_nothing(self, path: Path, now: datetime) -> None:
        content = "user_id,book_id,rating\nr1,b1,4\nnew,b2,3\n"

        report = load(path, content, now, new_readers=AgeBand.ADULT, dry_run=True)

        assert (report.stored, report.new_readers, values()) == (2, 1, {})
        assert reader_ids(["new"]) == {}
