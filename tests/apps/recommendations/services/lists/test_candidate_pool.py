import functools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.cards import RememberedBooks
from apps.catalog.selectors.columns import Columns
from apps.catalog.selectors.shelf import Shelf
from apps.catalog.services.books import delete_books
from apps.recommendations.services.lists import candidate_pool
from apps.recommendations.services.lists.candidate_pool import CandidatePool, current_pool
from apps.recommendations.serving import LoadedModel
from epicml.audience.bands import AgeBand
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ABSENT, CatalogueRows, IdMap
from epicml.datasets.interactions import Interactions
from epicml.recommenders.fusion import FusedRecommender
from tests.apps.recommendations.library import NOON
from tests.apps.recommendations.services.lists.conftest import Reads, put

pytestmark = pytest.mark.django_db


def pool() -> CandidatePool:
    return current_pool(NOON)


def keys(rows: object) -> list[str]:
    return [pool().shelf.cards[row].key for row in np.asarray(rows).tolist()]


def popular(age_band: AgeBand, *, k: int = 10) -> list[str]:
    return keys(pool().popular(age_band, eligible=pool().shelf.allowed(age_band), k=k))


class TestCurrentPool:
    def test_stays_the_same_until_the_shelf_changes(self) -> None:
        put("one")
        before = pool()
        assert pool() is before
        put("two")
        assert pool() is not before
        assert keys([0, 1]) == ["one", "two"]

    def test_changes_with_the_model(self, reader: Reads, serve: Callable[[], None]) -> None:
        put("one")
        reader("tom", "one")
        before = pool()
        serve()
        assert (before.model is None, pool().model is None) == (True, False)

    def test_is_empty_where_no_book_is(self) -> None:
        assert popular(AgeBand.ADULT) == []
        assert pool().in_model(np.zeros(0, np.bool_)).tolist() == []


class TestPopularityWithoutAModel:
    def test_is_what_is_known_outside_halved_for_each_band_between(self) -> None:
        put("young", age_band=AgeBand.AGES_0_TO_5, ratings_count=999)
        put("near", age_band=AgeBand.AGES_6_TO_8, ratings_count=599)
        put("own", age_band=AgeBand.AGES_9_TO_11, ratings_count=299)
        # (ratings + 1) / 2 ** bands between: 1000 / 4, 600 / 2, 300.
        assert pool().popularity(AgeBand.AGES_9_TO_11).tolist() == [250, 300, 300]
        assert popular(AgeBand.AGES_9_TO_11) == ["near", "own", "young"]
        assert pool().popularity(AgeBand.AGES_6_TO_8).tolist() == [500, 600, 150]

    def test_gives_only_what_is_eligible_and_no_more_than_asked(self) -> None:
        for number in range(5):
            put(f"b{number}", ratings_count=number, age_band=AgeBand(number))
        assert popular(AgeBand.AGES_9_TO_11, k=2) == ["b2", "b1"]


class TestBooksOfTheModel:
    @pytest.fixture(autouse=True)
    def model(self, reader: Reads, serve: Callable[[], None]) -> None:
        """A model of three books, of which one was withdrawn since; two came."""
        for key, ratings in (("low", 10), ("gone", 20), ("high", 1000)):
            put(key, ratings_count=ratings)
        reader("tom", "high", "low")
        reader("eve", "high", "gone")
        serve()
        delete_books(["gone"], now=NOON)
        put("fresh", ratings_count=2000)
        put("plain", ratings_count=5)

    def test_have_rows_on_both_sides(self) -> None:
        assert [card.key for card in pool().shelf.cards] == ["low", "high", "fresh", "plain"]
        assert pool().model_rows(CatalogueRows(np.arange(4, dtype=np.int32))).tolist() == [0, 2, ABSENT, ABSENT]
        assert pool().shelf_rows.tolist() == [0, ABSENT, 1]
        assert pool().unknown.tolist() == [False, False, True, True]

    def test_are_eligible_in_the_model_where_they_are_on_the_shelf(self) -> None:
        assert pool().in_model(np.array([True, True, True, True])).tolist() == [True, False, True]
        assert pool().in_model(np.array([False, True, True, False])).tolist() == [False, False, True]

    def test_lend_their_popularity_to_new_ones_that_are_as_well_known_outside(self) -> None:
        low, high, fresh, plain = pool().popularity(AgeBand.AGES_6_TO_8).tolist()
        assert low < high
        # Better known than all that the model knows, and less known than all: as popular as the ends.
        assert (fresh, plain) == (high, low)
        put("middle", ratings_count=505)
        middle = pool().popularity(AgeBand.AGES_6_TO_8)[4]
        assert middle == pytest.approx((low + high) / 2)  # 506 lies halfway between 11 and 1001

    def test_with_only_new_ones_on_the_shelf_count_for_nothing(self) -> None:
        delete_books(["low", "high"], now=NOON)
        assert pool().popularity(AgeBand.AGES_6_TO_8).tolist() == [2001, 6]


IDS = range(1, 13)
cards = st.builds(
    BookCard,
    id=st.sampled_from(IDS),
    key=st.just("key"),
    title=st.just("Title"),
    authors=st.lists(st.sampled_from(["Ada", "Tom"]), max_size=2, unique=True).map(tuple),
    series=st.none() | st.sampled_from(["Owls", "Elves"]),
    series_number=st.none() | st.sampled_from([0.5, 1.0, 2.0]),
    age_band=st.sampled_from(AgeBand),
    reading_level=st.none(),
    language=st.just("en"),
    year=st.none(),
    genres=st.just(()),
    popularity=st.integers(0, 30),
    average_rating=st.none(),
).map(lambda card: replace(card, key=f"book{card.id}"))
steps = st.tuples(
    st.lists(cards, max_size=4, unique_by=lambda card: card.id), st.sets(st.sampled_from(IDS), max_size=3)
)


@functools.cache
def a_model() -> LoadedModel:
    """A model of the books 1 to 8."""
    drawn = np.random.default_rng(3)
    pairs = np.unique(drawn.integers(0, 40, 25))
    stars = drawn.choice(np.array([3, 4, 5], np.float32), len(pairs))
    facts = Interactions(
        (pairs // 8).astype(np.int32),
        (pairs % 8).astype(np.int32),
        stars,
        np.arange(len(pairs)),
        n_readers=5,
        n_books=8,
    )
    features = BookFeatures.of(age_band=np.arange(8, dtype=np.int8) % 6, popularity=np.arange(8, dtype=np.float64))
    return LoadedModel(
        "m", "", FusedRecommender.fit(facts, features, seed=1, with_lightfm=False), IdMap.of(range(1, 9))
    )


class TestAPoolThatFollowed:
    """What was taken over from former pools is what a pool without one works out of the same books."""

    @pytest.fixture(autouse=True)
    def few_in_order(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, count in (("FEWEST_IN_ORDER", 2), ("IN_ORDER", 3), ("MOST_IN_ORDER", 5)):
            monkeypatch.setattr(candidate_pool, name, count)

    @given(st.lists(steps, min_size=1, max_size=6), st.booleans(), st.sampled_from(AgeBand))
    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    def test_is_equal_to_a_fresh_one(
        self, history: list[tuple[list[BookCard], set[int]]], has_model: bool, asked_band: AgeBand
    ) -> None:
        model = a_model() if has_model else None
        columns, books, followed = Columns.none(), dict[int, BookCard](), None
        for come, withdrawn in history:
            books = {book: card for book, card in books.items() if book not in withdrawn}
            books |= {card.id: card for card in come}
            columns = columns.updated(withdrawn, sorted(come, key=lambda card: card.id))
            followed = CandidatePool(on_shelf(columns), model, former=followed)
            followed.popular(asked_band, eligible=followed.shelf.allowed(asked_band), k=2)
            _ = followed.first_volumes
        assert followed is not None
        fresh = CandidatePool(on_shelf(Columns.none().updated((), [books[book] for book in sorted(books)])), model)
        assert [card.id for card in fresh.shelf.cards] == [card.id for card in followed.shelf.cards]
        for mine, its in zip(state_of(followed), state_of(fresh), strict=True):
            assert mine == its

    def test_lets_a_new_book_rise_above_the_threshold_when_another_one_sinks(self) -> None:
        counts = {book: 10 * book for book in range(1, 9)} | {9: 55}
        columns = Columns.none().updated((), [an_adult_book(book, count) for book, count in counts.items()])
        before = CandidatePool(on_shelf(columns), a_model())
        assert 8 not in before.popular(AgeBand.ADULT, eligible=np.ones(9, np.bool_), k=3)
        columns = columns.updated((), [an_adult_book(6, 0)])
        after = CandidatePool(on_shelf(columns), a_model(), former=before)
        fresh = CandidatePool(on_shelf(columns), a_model())
        for mine, its in zip(state_of(after), state_of(fresh), strict=True):
            assert mine == its

    @given(st.lists(cards, min_size=1, max_size=12, unique_by=lambda card: card.id), st.sampled_from(AgeBand))
    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    def test_lends_new_books_what_lies_on_the_line_through_all_known_ones(
        self, found: list[BookCard], band: AgeBand
    ) -> None:
        found = sorted(found, key=lambda card: card.id)
        pool = CandidatePool(on_shelf(Columns.none().updated((), found)), a_model())
        outside = np.array([(card.popularity + 1) / 2 ** abs(card.age_band - band) for card in found])
        learned = a_model().recommender.popularity.by_band[band]
        is_known = np.array([card.id <= 8 for card in found])
        if not is_known.any():
            assert pool.popularity(band).tolist() == outside.tolist()
            return
        scores = np.array([learned[card.id - 1] if card.id <= 8 else 0 for card in found], np.float64)
        scores[~is_known] = np.interp(outside[~is_known], np.sort(outside[is_known]), np.sort(scores[is_known]))
        assert pool.popularity(band).tolist() == pytest.approx(scores.tolist(), rel=1e-12)
        expected = sorted(range(len(found)), key=lambda row: (-pool.popularity(band)[row], row))
        eligible = pool.shelf.allowed(band)
        assert pool.popular(band, eligible=eligible, k=6).tolist() == [row for row in expected if eligible[row]][:6]


def an_adult_book(book: int, ratings: int) -> BookCard:
    return BookCard(
        id=book,
        key=f"book{book}",
        title="Title",
        authors=(),
        series=None,
        series_number=None,
        age_band=AgeBand.ADULT,
        reading_level=None,
        language="en",
        year=None,
        genres=(),
        popularity=ratings,
        average_rating=None,
    )


def on_shelf(columns: Columns) -> Shelf:
    return Shelf.of(columns, version=1, remembered=RememberedBooks(books=len(columns)))


def state_of(pool: CandidatePool) -> Iterator[object]:
    """Everything that lists are made from."""
    every = CatalogueRows(np.arange(len(pool.shelf), dtype=np.int32))
    yield from (pool.model_rows(every).tolist(), pool.shelf_rows.tolist(), pool.unknown.tolist())
    for band in AgeBand:
        yield pool.popularity(band).tolist()
        yield pool.popularity_of(band, CatalogueRows(every[::-1])).tolist()
        for k in (1, 2, 3, 4, 20):
            yield pool.popular(band, eligible=pool.shelf.allowed(band), k=k).tolist()
    for read in (every[:0], every[:1], every[::3]):
        volumes = pool.series_order.after(read)
        yield volumes.stand_ins(pool.shelf.allowed(AgeBand.ADULT)).tolist()
        yield volumes.next_in_started(volumes.read, pool.shelf.allowed(AgeBand.AGES_9_TO_11)).tolist()
