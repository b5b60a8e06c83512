from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, save_books
from apps.readers.selectors import Audience, ReaderNotFoundError
from apps.recommendations.services.lists import contexts
from apps.recommendations.services.lists.contexts import STALE_AFTER, ListContext
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON, read
from tests.apps.recommendations.services.lists.conftest import CHILD, Reads, of, put

pytestmark = pytest.mark.django_db


def candidate_masks(asked: ListContext) -> list[set[str]]:
    """The keys of the books of each mask, the narrowest first."""
    cards = asked.pool.shelf.cards
    return [{card.key for card, allowed in zip(cards, mask, strict=True) if allowed} for mask in asked.candidate_masks]


def keys(asked: ListContext, rows: object) -> list[str]:
    return [asked.pool.shelf.cards[row].key for row in rows.tolist()]  # type: ignore[attr-defined]


class TestWishes:
    @pytest.fixture(autouse=True)
    def shelf(self, db: None) -> None:
        put("fits", language="en", reading_level=3)
        put("hard", language="en", reading_level=8)
        put("german", language="de", reading_level=3)
        put("unknown", language="und")
        put("adult", language="en", reading_level=3, age_band=AgeBand.ADULT)

    def test_give_way_level_first_then_language_and_the_age_band_never(self, reader: Reads) -> None:
        asked = reader("tom", languages=("en",), level_min=2, level_max=4)
        assert candidate_masks(asked) == [
            {"fits", "unknown"},
            {"fits", "unknown", "hard"},
            {"fits", "unknown", "hard", "german"},
        ]

    def test_are_one_where_the_reader_has_none(self, reader: Reads) -> None:
        assert candidate_masks(reader("tom")) == [{"fits", "unknown", "hard", "german"}]

    def test_are_two_where_the_reader_names_only_languages(self, reader: Reads) -> None:
        assert candidate_masks(reader("tom", languages=("de",))) == [
            {"german", "unknown"},
            {"fits", "unknown", "hard", "german"},
        ]

    def test_hold_in_none_what_was_read_or_hidden_a_moment_ago(self, reader: Reads) -> None:
        reader("tom", languages=("en",), level_min=2, level_max=4)
        read("tom", ["fits"], at=NOON, kind="started")
        read("tom", ["german"], at=NOON, kind="hidden")
        assert candidate_masks(of("tom")) == [{"unknown"}, {"unknown", "hard"}, {"unknown", "hard"}]

    def test_hold_in_none_what_was_read_before_hundreds_of_other_books(self, reader: Reads) -> None:
        keys = [f"b{number}" for number in range(700)]
        save_books([BookInput(key=key, title=key, age_band=CHILD) for key in keys], now=NOON)
        reader("tom", *keys[:350])
        read("tom", keys[350:698], at=NOON - timedelta(hours=7))
        read("tom", ["fits", "hard"], at=NOON - timedelta(hours=1), kind="started")
        assert candidate_masks(of("tom")) == [{"german", "unknown", "b698", "b699"}]

    def test_hold_again_what_was_only_shown_or_opened(self, reader: Reads) -> None:
        reader("tom")
        read("tom", ["fits"], at=NOON, kind="shown")
        read("tom", ["hard"], at=NOON, kind="opened")
        assert candidate_masks(of("tom")) == [{"fits", "unknown", "hard", "german"}]

    def test_keep_to_a_genre_and_are_empty_for_one_that_no_book_carries(self) -> None:
        put("owl", genres=("animals",))
        put("wolf", genres=("animals",), age_band=AgeBand.ADULT)
        child = Audience(AgeBand.AGES_9_TO_11, None)
        assert candidate_masks(contexts.of_audience(child, now=NOON, genre="animals")) == [{"owl"}]
        assert candidate_masks(contexts.of_audience(child, now=NOON, genre="cooking")) == [set()]

    def test_of_who_says_nothing_are_those_of_the_band(self) -> None:
        asked = contexts.of_audience(Audience(AgeBand.AGES_0_TO_5, None), now=NOON)
        assert (asked.reader, asked.past, candidate_masks(asked)) == (None, None, [set()])


class TestLikedRows:
    def test_are_newest_first_from_four_stars_and_within_the_band(self, reader: Reads) -> None:
        for key in ("one", "two", "three", "gone"):
            put(key)
        put("adult", age_band=AgeBand.ADULT)
        reader("tom", "one", "adult", "gone", "two", value=4.0)
        read("tom", ["three"], at=NOON, value=3.5)
        delete_books(["gone"], now=NOON)
        asked = of("tom")
        assert keys(asked, asked.liked_rows) == ["two", "one"]

    def test_are_none_of_nobody(self) -> None:
        assert len(contexts.of_audience(Audience(AgeBand.ADULT, None), now=NOON).liked_rows) == 0


class TestHistory:
    def test_is_empty_without_a_model_though_the_books_are_known(self, reader: Reads) -> None:
        put("one")
        asked = reader("tom", "one")
        assert (len(asked.history), keys(asked, asked.read_rows)) == (0, ["one"])
        assert (asked.fallback, asked.release) == ("model_unavailable", None)

    def test_holds_the_books_that_the_model_knows(self, reader: Reads, serve: Callable[[], None]) -> None:
        put("one")
        put("two")
        reader("tom", "two", "one")
        serve()
        put("fresh")
        read("tom", ["fresh"], at=NOON)
        asked = of("tom")
        assert (asked.history.books.tolist(), keys(asked, asked.read_rows)) == ([0, 1], ["fresh", "one", "two"])
        assert (asked.fallback, asked.release) == (None, "2026-11-24.1")

    @pytest.mark.parametrize(("after", "is_stale"), [(timedelta(0), False), (timedelta(seconds=1), True)])
    def test_is_stale_when_nothing_was_read_for_half_a_year(
        self, reader: Reads, serve: Callable[[], None], after: timedelta, is_stale: bool
    ) -> None:
        put("one")
        reader("tom", "one")
        serve()
        read_at = NOON - timedelta(days=1)
        assert contexts.of_reader("tom", now=read_at + STALE_AFTER + after).history.is_stale is is_stale


class TestOfReader:
    def test_refuses_an_unknown_reader(self) -> None:
        with pytest.raises(ReaderNotFoundError):
            of("nobody")
