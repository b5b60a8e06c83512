import csv
import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import polars as pl
import pytest

from apps.events.models import Event
from apps.events.services import importing
from apps.events.services.import_report import ImportReport
from apps.events.services.importing import InteractionImport, import_interactions
from apps.platform.services.tabular.refusals import TableError
from apps.readers.selectors import reader_profile
from epicml.audience.bands import AgeBand

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def run(path: Path, now: datetime, **options: object) -> ImportReport:
    progress = cast("Callable[[int], None] | None", options.pop("progress", None))
    said = InteractionImport(**options)  # type: ignore[arg-type]
    return import_interactions(
        path, refused_file=path.with_name("refused.csv"), now=now, options=said, progress=progress
    )


def refused(path: Path) -> list[tuple[str, str, str]]:
    with path.with_name("refused.csv").open(newline="") as file:
        return [(row["line"], row["column"], row["value"]) for row in csv.DictReader(file)]


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    path = tmp_path / "ratings.csv"
    path.write_text("user_id,book_id,rating\nr1,b1,5\nr1,b2,3\nr2,b1,1\n")
    return path


class TestImportInteractions:
    def test_knows_the_columns_of_goodbooks_and_takes_rows_for_ratings_in_order(
        self, ratings: Path, now: datetime
    ) -> None:
        report = run(ratings, now)

        assert (report.stored, report.duplicates, report.refused, report.new_readers) == (3, 0, 0, 0)
        rows = Event.objects.order_by("occurred_at").values_list("reader__key", "book__key", "kind", "value", "surface")
        assert list(rows) == [
            ("r1", "b1", "rated", 5, "import"),
            ("r1", "b2", "rated", 3, "import"),
            ("r2", "b1", "rated", 1, "import"),
        ]
        first = Event.objects.order_by("occurred_at").first()
        assert first is not None
        assert first.occurred_at == now - timedelta(days=365) + timedelta(seconds=2)

    def test_stores_nothing_twice(self, ratings: Path, now: datetime) -> None:
        run(ratings, now)
        ratings.write_text(ratings.read_text() + "r2,b2,2\n")

        report = run(ratings, now + timedelta(hours=1))

        assert (report.stored, report.duplicates) == (1, 3)
        assert run(ratings, now + timedelta(hours=2)).stored == 0

    def test_refuses_rows_with_their_line_and_reason(self, ratings: Path, now: datetime) -> None:
        ratings.write_text("user_id,book_id,rating\nr1,b1,6\nr1,none,3\nnew,b1,3\nr1,b1\nr1,b1,\nr 1,b1,3\nr1,b2,3\n")

        report = run(ratings, now)

        assert (report.stored, report.refused, report.not_rated) == (1, 5, 1)
        assert refused(ratings) == [
            ("2", "value", "6"),
            ("3", "book", "none"),
            ("4", "reader", "new"),
            ("5", "", ""),
            ("7", "reader", "r 1"),
        ]

    def test_makes_new_readers_of_the_band_that_is_given(self, ratings: Path, now: datetime) -> None:
        ratings.write_text("user_id,book_id,rating\nn1,b1,4\nn1,b2,4\nn2,b1,4\nr1,b1,4\n")

        report = run(ratings, now, new_readers=AgeBand.AGES_6_TO_8)

        assert (report.stored, report.new_readers) == (4, 2)
        assert reader_profile("n1").age_band is AgeBand.AGES_6_TO_8
        assert reader_profile("r1").age_band is AgeBand.AGES_9_TO_11

    def test_takes_kinds_times_and_ids_from_columns(self, tmp_path: Path, now: datetime) -> None:
        path = tmp_path / "acts.csv.gz"
        content = (
            "event_id,who,book,kind,value,timestamp\n"
            "x1,r1,b1,finished,,2026-11-01T10:00:00+02:00\n"
            "x2,r1,b2,rated,4,1790000000\n"
            ",r1,b3,liked,,2026-11-03 10:00\n"
            "x4,r1,b1,bought,,\n"
            "x5,r1,b1,liked,,2036-01-01\n"
            "x6,r1,b1,liked,,0001-01-01\n"
            "x7,r1,b1,liked,3,2026-11-03\n"
            "x8,r1,b1,liked,,soon\n"
        )
        path.write_bytes(gzip.compress(content.encode()))

        report = run(path, now, mapping={"reader": "who"})

        rows = dict(Event.objects.values_list("kind", "occurred_at"))
        assert rows == {
            "finished": datetime(2026, 11, 1, 8, tzinfo=UTC),
            "rated": datetime.fromtimestamp(1_790_000_000, tz=UTC),
            "liked": datetime(2026, 11, 3, 10, tzinfo=UTC),
        }
        assert (report.stored, report.refused) == (3, 5)
        assert [column for _, column, _ in refused(path)] == [
            "kind",
            "occurred_at",
            "occurred_at",
            "value",
            "occurred_at",
        ]

    def test_reads_parquet(self, tmp_path: Path, now: datetime) -> None:
        path = tmp_path / "ratings.parquet"
        pl.DataFrame({"user_id": ["r1"], "book_id": ["b1"], "rating": [5]}).write_parquet(path)

        assert run(path, now).stored == 1

    def test_never_puts_a_row_into_the_future(self, ratings: Path, now: datetime) -> None:
        run(ratings, now, first_at=now - timedelta(seconds=3))

        assert [at for at in Event.objects.values_list("occurred_at", flat=True) if at > now] == []

    def test_tells_how_far_it_is(self, ratings: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importing, "BATCH", 2)
        told: list[int] = []

        run(ratings, now, progress=told.append)

        assert told == [2, 3]

    def test_needs_a_rating_where_nothing_says_the_kind(self, ratings: Path, now: datetime) -> None:
        ratings.write_text("user_id,book_id\nr1,b1\n")

        with pytest.raises(TableError, match="has no column for value"):
            run(ratings, now)
