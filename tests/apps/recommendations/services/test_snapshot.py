"""What a snapshot holds; where it ends, what it leaves out and in which chunks it is read are in test_training.py."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.changes import last_change_number
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.events.selectors import latest_event_id
from apps.readers.services import ReaderInput, save_readers
from apps.recommendations.services.auditing import audit_snapshot
from apps.recommendations.services.snapshot import Snapshot, features_of, fingerprint, take_snapshot
from apps.recommendations.serving import KIND
from apps.releases.services import steps
from apps.releases.services.catalogue import arrays_of
from epicml.audience.bands import AgeBand
from epicml.datasets.audit import Severity
from epicml.datasets.id_map import ABSENT
from tests.apps.recommendations.library import NOON, read

BOOK = BookInput(key="b2", title="Book 2", age_band=AgeBand.AGES_6_TO_8, genres=("fiction",), ratings_count=10)


def card(number: int, **changes: object) -> BookCard:
    values: dict[str, object] = {
        "id": number,
        "key": str(number),
        "title": f"Book {number}",
        "authors": (),
        "series": None,
        "series_number": None,
        "age_band": AgeBand.AGES_6_TO_8,
        "reading_level": None,
        "language": "en",
        "year": None,
        "genres": (),
        "popularity": 0,
        "average_rating": None,
    }
    return BookCard(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def small_log(db: None) -> None:
    """Three books; r1 read two of them, r2 one."""
    books = [BookInput(key=f"b{n}", title=f"Book {n}", age_band=AgeBand.AGES_6_TO_8) for n in (1, 3)]
    save_books([*books, BOOK], now=NOON)
    save_readers([ReaderInput(key=key, age_band=AgeBand.AGES_9_TO_11) for key in ("r1", "r2", "silent")], now=NOON)
    read("r1", ["b3", "b1"], at=NOON - timedelta(hours=1))
    read("r2", ["b2"], at=NOON - timedelta(hours=2), value=3.0)


@pytest.mark.usefixtures("small_log")
class TestTakeSnapshot:
    def test_numbers_books_and_readers_by_their_ids(self) -> None:
        snapshot = take_snapshot(up_to=NOON)
        facts = snapshot.interactions
        assert (len(snapshot.books), len(snapshot.readers)) == (3, 2)  # who read nothing is no reader of the model
        by_reader: dict[int, list[tuple[int, float]]] = {}
        for reader, book, value in zip(facts.reader.tolist(), facts.book.tolist(), facts.value.tolist(), strict=True):
            by_reader.setdefault(reader, []).append((book, value))
        # Rows of books by id, and so in the order in which they were saved: b1, b3, b2.
        assert by_reader == {0: [(1, 5.0), (0, 5.0)], 1: [(2, 3.0)]}

    def test_knows_the_band_of_each_reader(self) -> None:
        assert take_snapshot(up_to=NOON).reader_bands.tolist() == [AgeBand.AGES_9_TO_11] * 2

    def test_tells_what_it_is_for_the_manifest(self) -> None:
        snapshot = take_snapshot(up_to=NOON)
        assert snapshot.details() == {
            "up_to": "2026-11-24T12:00:00+00:00",
            "last_event": latest_event_id(),
            "last_change": last_change_number(),
            "rows": 3,
            "rows_read": 3,
            "readers": 2,
            "books": 3,
            "sha256": snapshot.sha256,
        }
        assert len(snapshot.sha256) == 64

    @pytest.mark.parametrize(
        "change",
        [
            lambda: read("r2", ["b1"], at=NOON - timedelta(minutes=5)),
            lambda: save_readers([ReaderInput(key="r2", age_band=AgeBand.ADULT)], now=NOON),
            lambda: save_books([replace(BOOK, age_band=AgeBand.ADULT)], now=NOON),
            lambda: save_books([replace(BOOK, ratings_count=11)], now=NOON),
            lambda: save_books([replace(BOOK, series="S", series_number=1)], now=NOON),
            lambda: save_books([replace(BOOK, authors=("A",))], now=NOON),
            lambda: save_books([replace(BOOK, genres=("fiction", "animals"))], now=NOON),
        ],
        ids=["fact", "reader's band", "book's band", "popularity", "series", "author", "genre"],
    )
    def test_has_another_hash_after_a_change_that_a_model_would_see(self, change: Callable[[], object]) -> None:
        before = take_snapshot(up_to=NOON).sha256
        assert take_snapshot(up_to=NOON).sha256 == before
        change()
        assert take_snapshot(up_to=NOON).sha256 != before


@pytest.mark.usefixtures("small_log")
class TestStoredSnapshot:
    """A snapshot that was stored is a function of its instant: nothing that comes later changes it."""

    def restored(self, folder: Path) -> Snapshot:
        return Snapshot.restored(steps.read(folder))

    @pytest.fixture
    def folder(self, tmp_path: Path, settings: Settings) -> Path:
        settings.ARTIFACTS_DIR = tmp_path
        taken = take_snapshot(up_to=NOON)
        sha256 = steps.keep(KIND, "1", "snapshot", steps.workplace(KIND, "1", "snapshot"), taken)
        folder = steps.find(KIND, "1", "snapshot", sha256)
        assert folder is not None
        return folder

    def test_is_read_back_with_the_hash_that_its_content_has(self, folder: Path) -> None:
        found = self.restored(folder)
        assert found.details() == take_snapshot(up_to=NOON).details()
        assert (found.log, found.up_to) == (take_snapshot(up_to=NOON).log, NOON)
        books, readers, bands = found.books.ids, found.readers.ids, found.reader_bands
        assert found.sha256 == fingerprint(found.interactions, found.features, books, readers, bands)
        assert arrays_of(found.catalogue).keys() == arrays_of(take_snapshot(up_to=NOON).catalogue).keys()

    def test_has_the_names_under_which_builds_begun_before_an_upgrade_wrote_it(self, folder: Path) -> None:
        stored = steps.read(folder)
        counts = {"rows", "rows_read", "repeated", "readers", "books"}
        assert stored.values.keys() == {"up_to", "last_event", "last_change", "sha256", "findings", *counts}
        facts = {f"facts.{name}" for name in ("reader", "book", "value", "at")}
        assert facts | {"books", "readers", "reader_bands"} <= stored.arrays.keys()

    def test_is_not_changed_by_bands_genres_and_series_of_today(self, folder: Path) -> None:
        before = self.restored(folder).sha256
        save_books([replace(BOOK, age_band=AgeBand.ADULT, series="S", series_number=1, genres=("animals",))], now=NOON)
        save_readers([ReaderInput(key="r2", age_band=AgeBand.ADULT)], now=NOON)
        found = self.restored(folder)
        assert found.features.age_band.tolist() == [AgeBand.AGES_6_TO_8] * 3
        assert found.reader_bands.tolist() == [AgeBand.AGES_9_TO_11] * 2
        assert (found.sha256, take_snapshot(up_to=NOON).sha256 == before) == (before, False)


@pytest.mark.usefixtures("small_log")
class TestLastEvent:
    @pytest.mark.parametrize("received", [NOON, NOON + timedelta(hours=1)], ids=["as of then", "as of later"])
    def test_bounds_what_is_read(self, received: datetime) -> None:
        last = latest_event_id()
        before = take_snapshot(up_to=NOON, last_event=last)
        read("r2", ["b1"], at=NOON - timedelta(days=9), heard_at=received)  # an import of older acts
        assert take_snapshot(up_to=NOON, last_event=last).sha256 == before.sha256
        assert len(take_snapshot(up_to=NOON).interactions) == len(before.interactions) + (received == NOON)


@pytest.mark.django_db
class TestReaderOfMoreBooksThanAnyPerson:
    """One who liked 503 books and disliked one, beside one who liked 500."""

    @pytest.fixture
    def snapshot(self) -> Snapshot:
        keys = [f"b{number}" for number in range(504)]
        save_books([BookInput(key=key, title=key, age_band=AgeBand.AGES_0_TO_5) for key in keys], now=NOON)
        save_readers([ReaderInput(key=key, age_band=AgeBand.ADULT) for key in ("machine", "child")], now=NOON)
        read("machine", keys[:100], at=NOON - timedelta(days=2))
        read("machine", keys[100:503], at=NOON - timedelta(days=1))
        read("machine", keys[503:], at=NOON - timedelta(days=3), value=1.0)
        read("child", keys[:500], at=NOON - timedelta(days=1))
        return take_snapshot(up_to=NOON)

    def test_is_told_with_what_is_left_out(self, snapshot: Snapshot) -> None:
        (finding,) = [finding for finding in snapshot.log.findings if finding.column == "reader"]
        assert (finding.severity, finding.rows, finding.share) == (Severity.WARNING, 3, 3 / 1004)
        assert finding.text == "Liked books beyond the newest 500 of a reader"
        assert finding.examples == ("1 reader",)

    def test_is_told_before_the_release_is_made(self, snapshot: Snapshot) -> None:
        assert "Liked books beyond the newest 500 of a reader" in {
            finding.text for finding in audit_snapshot(snapshot, champion_rows=None)
        }


class TestFeaturesOf:
    def test_numbers_series_authors_and_genres_as_they_come(self) -> None:
        features = features_of(
            [
                card(1, series="Dragons", series_number=2.0, authors=("Ada", "Tom"), genres=("fantasy", "animals")),
                card(2, authors=("Tom",), genres=("animals",), popularity=7, age_band=AgeBand.ADULT),
                card(3),
                card(4, series="Dragons", series_number=1.0, authors=("Ada",), genres=("school",)),
            ]
        )
        assert features.series.tolist() == [0, ABSENT, ABSENT, 0]
        assert features.series_number[[0, 3]].tolist() == [2.0, 1.0]
        assert np.isnan(features.series_number[[1, 2]]).all()
        assert features.author.tolist() == [0, 1, ABSENT, 0]  # the first one named
        assert features.genres.toarray().tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]]
        assert features.popularity.tolist() == [0, 7, 0, 0]
        assert features.age_band.tolist() == [1, 5, 1, 1]

    def test_stands_for_books_without_any_genre(self) -> None:
        assert features_of([card(1), card(2)]).genres.shape == (2, 0)
