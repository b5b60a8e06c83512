from datetime import datetime, timedelta
from pathlib import Path

import pytest

from apps.catalog.services.books import save_books
from apps.events.models import Event
from apps.events.services.import_report import ImportReport
from apps.readers.services import ReaderInput, save_readers
from demo.dataset import DatasetDamagedError
from demo.ratings import load_ratings
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book

pytestmark = pytest.mark.django_db

HEAD = "user_id,book_id,rating\n"


@pytest.fixture(autouse=True)
def library(now: datetime) -> None:
    save_books([a_book(key) for key in ("7", "8", "9")], now=now)
    save_readers([ReaderInput(key=f"R-0000{n}", age_band=AgeBand.ADULT) for n in (1, 2)], now=now)


def load(folder: Path, rows: str, *, now: datetime) -> ImportReport:
    (folder / "ratings.csv").write_text(HEAD + rows)
    return load_ratings(folder / "ratings.csv", folder=folder, now=now)


class TestLoadRatings:
    def test_spreads_each_readers_ratings_over_the_year_before_in_their_order(
        self, tmp_path: Path, now: datetime
    ) -> None:
        load(tmp_path, "1,9,5\n2,7,2\n1,7,4\n2,8,3\n1,8,1\n2,9,5\n2,7,2\n", now=now)

        first = now - timedelta(days=365)
        found = Event.objects.filter(reader__key="R-00001").order_by("occurred_at")
        # 364 days in three parts, the last of which stays free: 121 days and 8 hours each.
        assert list(found.values_list("book__key", "value", "occurred_at")) == [
            ("9", 5.0, first),
            ("7", 4.0, first + timedelta(days=121, hours=8)),
            ("8", 1.0, first + timedelta(days=242, hours=16)),
        ]

    def test_keeps_the_last_day_free_for_what_is_done_in_the_storefront(self, tmp_path: Path, now: datetime) -> None:
        load(tmp_path, "1,7,4\n1,8,4\n1,9,4\n2,7,4\n", now=now)

        times = Event.objects.values_list("occurred_at", flat=True)
        assert now - timedelta(days=365) <= min(times)
        assert max(times) <= now - timedelta(days=1)

    def test_knows_again_what_a_smaller_part_of_the_data_held(self, tmp_path: Path, now: datetime) -> None:
        load(tmp_path, "1,7,4\n2,7,3\n", now=now)

        report = load(tmp_path, "1,8,5\n1,7,4\n2,7,3\n2,9,2\n", now=now + timedelta(days=30))

        assert (report.stored, report.duplicates) == (2, 2)
        assert set(Event.objects.values_list("event_id", flat=True)) == {
            "goodbooks-1-7",
            "goodbooks-1-8",
            "goodbooks-2-7",
            "goodbooks-2-9",
        }

    def test_refuses_a_row_under_the_line_of_its_source(self, tmp_path: Path, now: datetime) -> None:
        report = load(tmp_path, "1,7,4\n1,70,4\n3,7,4\n1,8,6\n", now=now)

        assert (report.stored, report.refused) == (1, 3)
        refused = (tmp_path / "demo-refused-ratings.csv").read_text().splitlines()[1:]
        assert [line.split(",")[:2] for line in refused] == [["3", "book"], ["4", "reader"], ["5", "value"]]

    def test_leaves_no_table_behind_where_it_fails(self, tmp_path: Path, now: datetime) -> None:
        (tmp_path / "broken.csv").write_text("user_id,book_id,stars\n1,7,4\n")

        with pytest.raises(DatasetDamagedError, match="has no column rating"):
            load_ratings(tmp_path / "broken.csv", folder=tmp_path, now=now)
        assert [path.name for path in tmp_path.iterdir()] == ["broken.csv"]
