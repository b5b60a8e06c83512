"""What every recommender keeps to: alone in the fusion, all together, and as bare parts."""

import io
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epicml.datasets.arrays import Bools, NamedArrays
from epicml.datasets.id_map import ABSENT
from epicml.evaluation.offline import TestCase, alone
from epicml.recommenders import lightfm
from epicml.recommenders.content import NextInSeries, SameAuthor
from epicml.recommenders.fusion import PART_KINDS, FusedRecommender
from epicml.recommenders.item_knn import ItemKnn
from epicml.recommenders.lightfm import FoldedLightFM
from epicml.recommenders.protocol import NO_HISTORY, History, InvalidHistoryError, Ranked, Recommender
from epicml.recommenders.sequence_knn import SequenceKnn
from epicml.recommenders.settings import DEFAULT_SETTINGS
from tests.epicml.recommenders.library import (
    BOOKS,
    READ_BY_NOBODY,
    everything,
    features,
    history,
    interactions,
    only,
    reader_bands,
)

needs_lightfm = pytest.mark.skipif(not lightfm.is_installed(), reason="LightFM is not installed")
PARTS = ["item_knn", "sequence", "series", "author", pytest.param("lightfm", marks=needs_lightfm)]
MODELS = ["popularity", *PARTS, "fusion", pytest.param("fusion with LightFM", marks=needs_lightfm)]


def fit_part(name: str, *, seed: int) -> Recommender:
    likes = np.linspace(0, 1, BOOKS)
    if name == "lightfm":
        return FoldedLightFM.fit(interactions(), features(), seed=seed, dimensions=8, epochs=4)
    if name in ("series", "author"):
        kind = NextInSeries if name == "series" else SameAuthor
        return kind.fit(features(), likes=likes)
    return ItemKnn.fit(interactions()) if name == "item_knn" else SequenceKnn.fit(interactions())


def fit(name: str, *, seed: int) -> FusedRecommender:
    """The whole fusion, or a fusion of this one part with popularity, or popularity alone."""
    with_lightfm = name == "fusion with LightFM"
    whole = FusedRecommender.fit(
        interactions(), features(), seed=seed, with_lightfm=with_lightfm, reader_bands=reader_bands()
    )
    if name.startswith("fusion"):
        return whole
    parts = () if name == "popularity" else (fit_part(name, seed=seed),)
    return FusedRecommender(whole.popularity, parts, DEFAULT_SETTINGS)


@cache
def fitted(name: str) -> FusedRecommender:
    return fit(name, seed=7)


@cache
def fitted_part(name: str) -> Recommender:
    return fit_part(name, seed=7)


@pytest.fixture(params=MODELS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(name: str) -> FusedRecommender:
    return fitted(name)


@pytest.fixture(params=PARTS)
def part(request: pytest.FixtureRequest) -> Recommender:
    return fitted_part(str(request.param))


def saved_and_loaded(arrays: NamedArrays) -> NamedArrays:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        return dict(stored)


def assert_same(one: Ranked, two: Ranked) -> None:
    assert one.books.tolist() == two.books.tolist()
    assert one.scores.tobytes() == two.scores.tobytes()
    assert one.contributing_item.tolist() == two.contributing_item.tolist()
    assert one.source == two.source
    assert {key: ranks.tolist() for key, ranks in one.part_ranks.items()} == {
        key: ranks.tolist() for key, ranks in two.part_ranks.items()
    }


HISTORIES = {
    "nothing": NO_HISTORY,
    "one liked book": history([3]),
    "a book that nobody else read": history([READ_BY_NOBODY[1]]),
    "only disliked books": history([3, 20], [1, 2]),
    "a lukewarm volume": history([13], [3]),
    "a mixed history": history([14, 2, 30, 8], [5, 1, 4, 3]),
    "a stale history": history([14, 2, 30, 8], [5, 1, 4, 3], is_stale=True),
    "all books but one": history(list(range(BOOKS - 1))),
    "all books": history(list(range(BOOKS))),
}
masks = st.lists(st.booleans(), min_size=BOOKS, max_size=BOOKS).map(lambda marks: np.array(marks, np.bool_))
stars = st.sampled_from([1.0, 2.0, 3.0, 4.0, 4.5, 5.0])
histories = st.builds(
    lambda read, stale: history([book for book, _ in read], [value for _, value in read], is_stale=stale),
    st.lists(st.tuples(st.integers(0, BOOKS - 1), stars), unique_by=lambda pair: pair[0], max_size=BOOKS),
    st.booleans(),
)
bands = st.one_of(st.none(), st.integers(0, 5))


class TestEveryRecommender:
    @settings(max_examples=60, deadline=None)
    @given(read=histories, eligible=masks, k=st.integers(1, 50), age_band=bands)
    @pytest.mark.parametrize("name", MODELS)
    def test_lists_each_eligible_unread_book_at_most_once_and_as_many_as_asked(
        self, name: str, read: History, eligible: Bools, k: int, age_band: int | None
    ) -> None:
        books = fitted(name).rank(read, eligible=eligible, k=k, age_band=age_band).books.tolist()

        allowed = set(np.flatnonzero(eligible).tolist()) - set(read.books.tolist())
        assert set(books) <= allowed
        assert len(set(books)) == len(books) == min(k, len(allowed))

    @settings(max_examples=60, deadline=None)
    @given(read=histories, eligible=masks, age_band=bands)
    @pytest.mark.parametrize("name", MODELS)
    def test_gives_finite_falling_scores_and_a_true_reason(
        self, name: str, read: History, eligible: Bools, age_band: int | None
    ) -> None:
        ranked = fitted(name).rank(read, eligible=eligible, k=20, age_band=age_band)

        assert np.isfinite(ranked.scores).all()
        assert (np.diff(ranked.scores) <= 0).all()
        n = len(ranked.books)
        assert len(ranked.contributing_item) == len(ranked.source) == n
        assert {len(ranks) for ranks in ranked.part_ranks.values()} == {n}
        for source, contributing_item in zip(ranked.source, ranked.contributing_item, strict=True):
            assert source in ranked.part_ranks
            assert (
                (contributing_item in read.books)
                if contributing_item != ABSENT
                else source in ("popularity", "lightfm")
            )

    @settings(max_examples=60, deadline=None)
    @given(book=st.integers(0, BOOKS - 1), eligible=masks, k=st.integers(1, 50))
    @pytest.mark.parametrize("name", MODELS)
    def test_lists_similar_books_without_the_book_itself(self, name: str, book: int, eligible: Bools, k: int) -> None:
        books = fitted(name).similar(book, eligible=eligible, k=k).books.tolist()

        allowed = set(np.flatnonzero(eligible).tolist()) - {book}
        assert set(books) <= allowed
        assert len(set(books)) == len(books) == min(k, len(allowed))

    @pytest.mark.parametrize("read", HISTORIES.values(), ids=HISTORIES)
    def test_fills_the_list_for_any_history(self, model: FusedRecommender, read: History) -> None:
        assert len(model.rank(read, eligible=everything(), k=10).books) == min(10, BOOKS - len(read))

    @pytest.mark.parametrize("read", HISTORIES.values(), ids=HISTORIES)
    def test_lists_nothing_where_nothing_is_eligible(self, model: FusedRecommender, read: History) -> None:
        ranked = model.rank(read, eligible=only(), k=10)
        assert (ranked.books.tolist(), ranked.scores.tolist(), ranked.source) == ([], [], ())

    def test_lists_the_whole_catalogue_when_asked_for_more(self, model: FusedRecommender) -> None:
        read = history([3, 14])
        books = model.rank(read, eligible=everything(), k=10 * BOOKS).books.tolist()
        assert sorted(books) == [book for book in range(BOOKS) if book not in (3, 14)]

    def test_refuses_a_history_with_a_book_it_does_not_know(self, model: FusedRecommender) -> None:
        with pytest.raises(InvalidHistoryError, match="leave out books the model does not know"):
            model.similar(-1, eligible=everything(), k=3)
        with pytest.raises(IndexError):
            model.rank(history([BOOKS]), eligible=everything(), k=3)

    def test_ranks_a_book_that_nobody_has_read(self, model: FusedRecommender) -> None:
        ranked = model.rank(history([3, 14]), eligible=only(*READ_BY_NOBODY), k=3)
        assert sorted(ranked.books.tolist()) == sorted(READ_BY_NOBODY)

    @pytest.mark.parametrize("read", HISTORIES.values(), ids=HISTORIES)
    def test_answers_the_same_twice_and_changes_none_of_its_arguments(
        self, model: FusedRecommender, read: History
    ) -> None:
        eligible = only(*range(0, BOOKS, 2))
        books, values = read.books.copy(), read.values.copy()
        first = model.rank(read, eligible=eligible, k=10)

        assert_same(first, model.rank(read, eligible=eligible, k=10))
        assert eligible.tolist() == only(*range(0, BOOKS, 2)).tolist()
        assert (read.books.tolist(), read.values.tolist()) == (books.tolist(), values.tolist())

    def test_gives_the_same_bytes_from_the_same_facts_and_seed(self, name: str, model: FusedRecommender) -> None:
        again = fit(name, seed=7).arrays()
        assert list(again) == list(model.arrays())
        assert all(again[key].tobytes() == array.tobytes() for key, array in model.arrays().items())

    @pytest.mark.parametrize("read", HISTORIES.values(), ids=HISTORIES)
    def test_saved_and_loaded_gives_identical_answers(self, model: FusedRecommender, read: History) -> None:
        loaded = FusedRecommender.from_arrays(saved_and_loaded(model.arrays()))

        for band in (None, 0, 5):
            asked = model.rank(read, eligible=everything(), k=20, age_band=band)
            assert_same(asked, loaded.rank(read, eligible=everything(), k=20, age_band=band))
        assert loaded.settings == model.settings
        assert list(model.arrays()) == sorted(model.arrays())


class TestEveryPart:
    @settings(max_examples=60, deadline=None)
    @given(read=histories, eligible=masks, k=st.integers(0, 50))
    @pytest.mark.parametrize("name", PARTS)
    def test_ranks_eligible_unread_books_once_where_it_has_something_to_say(
        self, name: str, read: History, eligible: Bools, k: int
    ) -> None:
        part = fitted_part(name)
        books = alone(part)(TestCase(0, read, np.zeros(0, np.int32)), eligible, k).tolist()

        scored = set(np.flatnonzero(part.score(read).scores > 0).tolist())
        allowed = scored & set(np.flatnonzero(eligible).tolist()) - set(read.books.tolist())
        assert set(books) <= allowed
        assert len(set(books)) == len(books) == min(k, len(allowed))

    @pytest.mark.parametrize("read", HISTORIES.values(), ids=HISTORIES)
    def test_scores_every_book_with_a_finite_number(self, part: Recommender, read: History) -> None:
        scored = part.score(read)
        terms = scored.contributions(np.arange(BOOKS, dtype=np.int32))

        assert scored.scores.dtype == terms.dtype == np.float32
        assert scored.scores.shape == (BOOKS,)
        assert terms.shape == (BOOKS, len(read))
        assert np.isfinite(scored.scores).all()
        assert np.isfinite(terms).all()

    @pytest.mark.parametrize("read", [HISTORIES["nothing"], history([3], [1])], ids=["nothing", "a disliked book"])
    def test_says_nothing_of_a_reader_who_liked_nothing(self, part: Recommender, read: History) -> None:
        assert not part.score(read).scores.any()

    def test_weighs_read_books_by_their_age_unless_the_history_is_stale(self, part: Recommender) -> None:
        # 13 and 14 are volumes of one series by one author: every part links them to their neighbours
        targets = np.array([15], np.int32)
        newest_first = part.score(history([14, 3])).contributions(targets)[0, 0]
        newest_last = part.score(history([3, 14])).contributions(targets)[0, 1]
        stale = [part.score(history(read, is_stale=True)).contributions(targets)[0] for read in ([14, 3], [3, 14])]

        assert newest_first != newest_last
        assert stale[0].tolist() == pytest.approx(stale[1][::-1].tolist(), rel=1e-5, abs=1e-7)

    def test_saved_and_loaded_scores_the_same(self, part: Recommender) -> None:
        loaded = PART_KINDS[part.name].from_arrays(saved_and_loaded(part.arrays()))
        assert loaded.name == part.name
        for read in HISTORIES.values():
            assert loaded.score(read).scores.tobytes() == part.score(read).scores.tobytes()
