from datetime import datetime

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from apps.catalog.models import Change
from apps.catalog.selectors.books import BookNotFoundError
from apps.catalog.selectors.shelf import books_page, shelf
from apps.catalog.services.books import delete_books, save_books
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book

pytestmark = pytest.mark.django_db


@pytest.fixture
def three_books(now: datetime) -> None:
    save_books(
        [
            a_book("young", age_band=AgeBand.AGES_0_TO_5, reading_level=1, language="en", ratings_count=10),
            a_book("middle", age_band=AgeBand.AGES_9_TO_11, reading_level=5, language="de", ratings_count=30),
            a_book("adult", age_band=AgeBand.ADULT, reading_level=None, language="und", ratings_count=20),
        ],
        now=now,
    )


@pytest.mark.usefixtures("three_books")
class TestShelf:
    def test_holds_the_live_books_as_arrays_of_one_order(self) -> None:
        live = shelf()

        assert [card.key for card in live.cards] == ["young", "middle", "adult"]
        assert live.ids.tolist() == [card.id for card in live.cards]
        assert live.age_bands.tolist() == [0, 2, 5]
        assert live.reading_levels.tolist() == [1, 5, 0]
        assert live.popularity.tolist() == [10, 30, 20]
        assert [live.language_codes[code] for code in live.languages] == ["en", "de", "und"]

    def test_finds_rows_by_key_and_id(self) -> None:
        live = shelf()
        ids = live.ids

        assert live.row_of_key("middle") == 1
        assert live.row_of_key("none") is None
        assert live.row_of_id(int(ids[2])) == 2
        assert live.row_of_id(int(ids[2]) + 1) is None
        unknown = np.array([ids[2], ids[2] + 9, 0, ids[0]])
        assert live.rows_of_ids(unknown).tolist() == [2, -1, -1, 0]

    def test_says_which_book_is_missing(self) -> None:
        with pytest.raises(BookNotFoundError, match="'none'"):
            shelf().card("none")

    def test_reads_nothing_but_the_last_number_while_nothing_changes(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        first = shelf()

        with django_assert_num_queries(1):
            assert shelf() is first

    def test_follows_a_change_an_addition_and_a_withdrawal(self, now: datetime) -> None:
        before = shelf()
        save_books([a_book("young", age_band=AgeBand.AGES_6_TO_8), a_book("new")], now=now)
        delete_books(["middle"], now=now)

        after = shelf()

        assert [(card.key, card.age_band) for card in after.cards] == [
            ("young", AgeBand.AGES_6_TO_8),
            ("adult", AgeBand.ADULT),
            ("new", AgeBand.AGES_9_TO_11),
        ]
        assert [card.key for card in before.cards] == ["young", "middle", "adult"]

    def test_reads_everything_again_when_the_log_went_backwards(self, now: datetime) -> None:
        save_books([a_book("late")], now=now)
        shelf()
        delete_books(["late"], now=now)
        Change.objects.filter(book__key="late").delete()

        assert [card.key for card in shelf().cards] == ["young", "middle", "adult"]

    @pytest.mark.parametrize("band", AgeBand)
    def test_allows_nothing_above_the_band(self, band: AgeBand) -> None:
        live = shelf()

        assert live.allowed(band).tolist() == [card.age_band <= band for card in live.cards]

    @pytest.mark.parametrize(
        ("languages", "levels", "expected"),
        [
            (("en",), None, [True, False, True]),
            (("fr",), None, [False, False, True]),
            ((), (4, 6), [False, True, True]),
            (("de", "en"), (1, 1), [True, False, True]),
        ],
    )
    def test_takes_what_is_not_known_for_fitting(
        self, languages: tuple[str, ...], levels: tuple[int, int] | None, expected: list[bool]
    ) -> None:
        assert shelf().allowed(AgeBand.ADULT, languages=languages, levels=levels).tolist() == expected

    def test_remembers_a_filter_and_lets_nobody_change_it(self) -> None:
        live = shelf()
        mask = live.allowed(AgeBand.ADULT, languages=("en", "de"))

        assert live.allowed(AgeBand.ADULT, languages=("de", "en")) is mask
        with pytest.raises(ValueError, match="read-only"):
            mask[0] = False

    def test_is_never_empty_of_shape_without_books(self, now: datetime) -> None:
        delete_books(["young", "middle", "adult"], now=now)
        live = shelf()

        assert live.cards == []
        assert live.rows_of_ids(np.array([1, 2])).tolist() == [-1, -1]
        assert live.allowed(AgeBand.ADULT, languages=("en",)).tolist() == []


@pytest.mark.usefixtures("three_books")
class TestBooksPage:
    def test_cuts_a_page_out_of_what_the_band_may_see(self) -> None:
        cards, total = books_page(AgeBand.AGES_9_TO_11, start=1, stop=5)

        assert ([card.key for card in cards], total) == (["middle"], 2)
