from datetime import datetime

import pytest

from apps.catalog.selectors.genres import genre_spellings
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import save_books
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book

pytestmark = pytest.mark.django_db


@pytest.fixture
def three_books(now: datetime) -> None:
    save_books(
        [
            a_book("1", age_band=AgeBand.AGES_6_TO_8, genres=("Fantasy", "café")),
            a_book("2", age_band=AgeBand.AGES_9_TO_11, genres=("fantasy",)),
            a_book("3", age_band=AgeBand.ADULT, genres=("FANTASY", "Secret", "straße")),
        ],
        now=now,
    )


@pytest.mark.usefixtures("three_books")
class TestGenreSpellings:
    @pytest.mark.parametrize(
        ("written", "band", "found"),
        [
            ("fAnTaSy", AgeBand.ADULT, ["FANTASY", "Fantasy", "fantasy"]),
            ("fantasy", AgeBand.AGES_9_TO_11, ["Fantasy", "fantasy"]),
            ("FANTASY", AgeBand.AGES_6_TO_8, ["Fantasy"]),
            ("secret", AgeBand.AGES_15_TO_17, ["secret"]),
            ("secret", AgeBand.ADULT, ["Secret"]),
            ("nowhere", AgeBand.ADULT, ["nowhere"]),
            ("CAFE\u0301", AgeBand.ADULT, ["café"]),
            ("STRASSE", AgeBand.ADULT, ["straße"]),
        ],
    )
    def test_are_those_of_books_that_may_be_shown(self, written: str, band: AgeBand, found: list[str]) -> None:
        assert genre_spellings(shelf(), [written], audience=band) == found

    def test_follow_the_catalogue(self, now: datetime) -> None:
        assert genre_spellings(shelf(), ["new"], audience=AgeBand.ADULT) == ["new"]
        save_books([a_book("4", genres=("NEW",))], now=now)
        assert genre_spellings(shelf(), ["new"], audience=AgeBand.ADULT) == ["NEW"]
