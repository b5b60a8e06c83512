from collections import Counter
from datetime import datetime

import pytest

from apps.catalog.selectors.books import BookCard
from apps.readers.services import ReaderInput, save_readers
from demo.models import Preparation
from demo.readers import demo_readers, reader_key, synthetic_readers
from epicml.audience.bands import AgeBand


def book(key: str, age_band: AgeBand, *, language: str = "en") -> BookCard:
    return BookCard(
        id=int(key),
        key=key,
        title=f"Book {key}",
        authors=(),
        series=None,
        series_number=None,
        age_band=age_band,
        reading_level=None,
        language=language,
        year=None,
        genres=(),
        popularity=0,
        average_rating=None,
    )


BOOKS = {
    card.key: card
    for card in (
        book("1", AgeBand.AGES_0_TO_5),
        book("2", AgeBand.AGES_15_TO_17),
        book("3", AgeBand.ADULT),
        book("4", AgeBand.AGES_9_TO_11, language="de"),
        book("5", AgeBand.AGES_9_TO_11, language="de"),
    )
}


def ratings(*pairs: tuple[int, str]) -> list[dict[str, str]]:
    return [{"user_id": str(user), "book_id": key, "rating": "4"} for user, key in pairs]


class TestReaderKey:
    def test_is_a_pseudonym_of_the_number(self) -> None:
        assert reader_key("417") == "R-00417"


class TestMadeUpReaders:
    def test_cuts_readers_into_the_shares_by_how_young_their_books_are(self) -> None:
        # A hundred readers: the higher the number, the more of their five books are for 15 to 17.
        rated = [(user, "1" if place * 20 > user else "2") for user in range(1, 101) for place in range(5)]
        readers = {reader.key: reader.age_band for reader in synthetic_readers(ratings(*rated), books=BOOKS)}

        counts = Counter(readers.values())
        assert [counts[band] for band in AgeBand] == [8, 14, 22, 22, 14, 20]
        assert readers["R-00001"] is AgeBand.AGES_0_TO_5
        assert readers["R-00100"] is AgeBand.ADULT

    def test_takes_who_rated_no_childrens_book_for_an_adult(self) -> None:
        (reader,) = synthetic_readers(ratings((7, "3")), books=BOOKS)

        assert reader.age_band is AgeBand.ADULT

    def test_gives_the_same_bands_whatever_adult_books_were_rated(self) -> None:
        some = ratings((1, "1"), (2, "2"), (3, "4"))
        more = [*some, *ratings((1, "3"), (3, "3"))]

        def bands(rows: list[dict[str, str]]) -> dict[str, AgeBand]:
            return {reader.key: reader.age_band for reader in synthetic_readers(rows, books=BOOKS)}

        assert bands(some) == bands(more)

    def test_reads_the_languages_of_at_least_two_rated_books(self) -> None:
        german = ratings((1, "4"), (1, "5"), (1, "1"))
        english = ratings((2, "4"))

        readers = {reader.key: reader.languages for reader in synthetic_readers(german + english, books=BOOKS)}

        assert readers == {"R-00001": ("de",), "R-00002": ("en",)}

    def test_leaves_out_ratings_of_books_that_are_not_in_the_catalogue(self) -> None:
        assert synthetic_readers(ratings((1, "99")), books=BOOKS) == []


@pytest.mark.django_db
class TestDemoReaders:
    def test_are_those_of_the_demo_and_never_the_librarys_own(self, now: datetime) -> None:
        keys = ("mia-7f3a", "R-00417", "R-of-mine", "R-5", "r-00417", "R-50472")
        save_readers([ReaderInput(key=key, age_band=AgeBand.ADULT) for key in keys], now=now)
        assert demo_readers() == []  # nobody ran the demo

        Preparation.objects.create(step="readers", fingerprint="a test", done_at=now)
        assert [profile.key for profile in demo_readers()] == ["R-00417", "R-50472"]

    def test_are_ten_of_each_band(self, now: datetime) -> None:
        Preparation.objects.create(step="readers", fingerprint="a test", done_at=now)
        readers = [ReaderInput(key=f"R-{n:05}", age_band=AgeBand(n % 2)) for n in range(40)]
        save_readers(readers, now=now)
        assert [profile.age_band.code for profile in demo_readers()] == ["0-5"] * 10 + ["6-8"] * 10
