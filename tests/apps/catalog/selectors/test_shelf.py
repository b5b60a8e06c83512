from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from django.db import DatabaseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from apps.catalog.models import Change
from apps.catalog.selectors import shelf as shelves
from apps.catalog.selectors.books import BookCard, BookNotFoundError, live_cards
from apps.catalog.selectors.genres import genre_spellings
from apps.catalog.selectors.shelf import books_page, reset_shelf, shelf
from apps.catalog.services.books import delete_books, save_books
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["One", "Two"]),
        "age_band": st.sampled_from(AgeBand),
        "reading_level": st.integers(1, 12),
        "language": st.sampled_from(["en", "de", "und"]),
        "genres": st.lists(st.sampled_from(["owls", "Owls", "school"]), max_size=2, unique=True).map(tuple),
        "series": st.sampled_from(["Owls", None]),
        "authors": st.lists(st.sampled_from(["Ada", "Tom"]), max_size=2, unique=True).map(tuple),
        "ratings_count": st.integers(0, 9),
    },
)


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
        assert [live.language_names[code] for code in live.languages] == ["en", "de", "und"]

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

    def test_gives_each_caller_a_mask_of_its_own(self) -> None:
        live = shelf()
        mask = live.allowed(AgeBand.ADULT, languages=("en", "de"))
        before = mask.tolist()
        assert any(before)
        mask[:] = False
        assert live.allowed(AgeBand.ADULT, languages=("de", "en")).tolist() == before
        live.allowed(AgeBand.ADULT, languages=("de", "en"))[:] = False
        assert live.allowed(AgeBand.ADULT, languages=("en", "de")).tolist() == before

    def test_is_never_empty_of_shape_without_books(self, now: datetime) -> None:
        delete_books(["young", "middle", "adult"], now=now)
        live = shelf()

        assert list(live.cards) == []
        assert live.rows_of_ids(np.array([1, 2])).tolist() == [-1, -1]
        assert live.allowed(AgeBand.ADULT, languages=("en",)).tolist() == []


@pytest.mark.usefixtures("three_books")
class TestBooksPage:
    def test_cuts_a_page_out_of_what_the_band_may_see(self) -> None:
        cards, total = books_page(AgeBand.AGES_9_TO_11, start=1, stop=5)

        assert ([card.key for card in cards], total) == (["middle"], 2)


class TestLargeChange:
    """Of more books than requests wait for, one request reads them; what happens meanwhile is staged in the reading."""

    @pytest.fixture(autouse=True)
    def few_are_many(self, three_books: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shelves, "MOST_WAITED_FOR", 1)
        shelf()

    def change_two(self, now: datetime) -> None:
        save_books([a_book("young", age_band=AgeBand.ADULT), a_book("new")], now=now)

    def meanwhile(self, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
        """Act as another request does while the first large change is read."""

        def read(ids: Sequence[int]) -> list[BookCard]:
            monkeypatch.setattr(shelves, "live_cards", live_cards)
            act()
            return live_cards(ids)

        monkeypatch.setattr(shelves, "live_cards", read)

    def test_is_seen_whole_by_the_request_that_reads_it_and_by_all_after_it(self, now: datetime) -> None:
        self.change_two(now)
        first = shelf()
        assert [card.key for card in first.cards] == ["young", "middle", "adult", "new"]
        assert shelf() is first

    def test_is_left_out_meanwhile_so_that_no_raised_band_is_missed(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[list[str]] = []
        self.meanwhile(monkeypatch, lambda: seen.append([card.key for card in shelf().cards]))
        self.change_two(now)
        assert shelf().card("young").age_band is AgeBand.ADULT
        assert seen == [["middle", "adult"]]

    def test_loses_no_change_that_is_made_meanwhile(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        def act() -> None:
            delete_books(["adult"], now=now)
            assert [card.key for card in shelf().cards] == ["middle"]

        self.meanwhile(monkeypatch, act)
        self.change_two(now)
        shelf()
        assert [card.key for card in shelf().cards] == ["young", "middle", "new"]

    def test_loses_no_second_large_change_that_is_made_meanwhile(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def act() -> None:
            save_books([a_book("middle", title="Other"), a_book("newer")], now=now)
            assert [card.key for card in shelf().cards] == ["middle", "adult", "newer"]

        self.meanwhile(monkeypatch, act)
        self.change_two(now)
        shelf()
        assert [card.key for card in shelf().cards] == ["young", "middle", "adult", "new", "newer"]
        assert shelf().card("middle").title == "Other"

    def test_is_read_by_the_next_request_where_reading_failed(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise DatabaseError("The database went away.")

        self.meanwhile(monkeypatch, fail)
        self.change_two(now)
        with pytest.raises(DatabaseError, match="went away"):
            shelf()
        assert [card.key for card in shelf().cards] == ["young", "middle", "adult", "new"]

    def test_does_not_bring_back_what_was_forgotten_meanwhile(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.meanwhile(monkeypatch, reset_shelf)
        self.change_two(now)
        read_before = shelf()
        assert shelf() is not read_before


class TestAnyChanges:
    """The shelf that followed every change is the one that a fresh process reads."""

    @settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(changes=st.lists(st.tuples(st.sampled_from("abcde"), st.none() | VALUES), min_size=1, max_size=12))
    def test_leave_the_books_that_the_database_has(
        self, db: None, changes: list[tuple[str, dict[str, Any] | None]]
    ) -> None:
        for place, (key, values) in enumerate(changes):
            if values is None:
                delete_books([key], now=NOON)
            else:
                save_books([a_book(key, **values)], now=NOON)
            if place % 3 == 0:
                shelf()
        followed = shelf()
        reset_shelf()
        fresh = shelf()
        assert list(followed.cards) == list(fresh.cards)
        for band in AgeBand:
            for languages in ((), ("en",)):
                expected = fresh.allowed(band, languages=languages, levels=(1, 4)).tolist()
                assert followed.allowed(band, languages=languages, levels=(1, 4)).tolist() == expected
        genres = ["owls", "SCHOOL", "none"]
        for band in (AgeBand.AGES_6_TO_8, AgeBand.ADULT):
            assert genre_spellings(followed, genres, audience=band) == genre_spellings(fresh, genres, audience=band)
