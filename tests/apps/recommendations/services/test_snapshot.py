"""What a snapshot holds; where it ends, what it leaves out and in which chunks it is read are in test_training.py."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from apps.catalog.selectors.books import BookCard
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.readers.services import ReaderInput, save_readers
from apps.recommendations.services.snapshot import features_of, take_snapshot
from epicml.audience.bands import AgeBand
from epicml.datasets.features import NO_AUTHOR, NO_SERIES
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
        assert features.series.tolist() == [0, NO_SERIES, NO_SERIES, 0]
        assert features.series_number[[0, 3]].tolist() == [2.0, 1.0]
        assert np.isnan(features.series_number[[1, 2]]).all()
        assert features.author.tolist() == [0, 1, NO_AUTHOR, 0]  # the first one named
        assert features.genres.toarray().tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]]
        assert features.popularity.tolist() == [0, 7, 0, 0]
        assert features.age_band.tolist() == [1, 5, 1, 1]

    def test_stands_for_books_without_any_genre(self) -> None:
        assert features_of([card(1), card(2)]).genres.shape == (2, 0)
