import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from epicml.datasets.features import BookFeatures
from epicml.datasets.interactions import Interactions
from epicml.datasets.splits import Split, temporal_split
from epicml.evaluation.offline import (
    NO_BAND,
    EmptyEvaluationSetError,
    EvaluationSet,
    alone,
    fused,
    history_of,
    popular,
    rank_all,
    rankings_of,
)
from epicml.recommenders.fusion import FusedRecommender
from tests.epicml.evaluation.cases import FOR_ADULTS, READ, READERS, hit_at, looking_for, rankings
from tests.epicml.recommenders.library import BOOKS, facts, features, interactions, reader_bands

Row = tuple[int, int] | tuple[int, int, float]
ALL_AGES = BookFeatures.of(age_band=np.zeros(6, np.int8))
rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.sampled_from([1.0, 3.0, 4.0, 5.0])), min_size=2, max_size=40
)


def split_of(train: list[Row], test: list[Row]) -> Split:
    """Two sides over six books and three readers."""
    sides = (replace(facts(*side, n_books=6), n_readers=3) for side in (train, test))
    return Split(*sides)


class TestHistoryOf:
    def test_is_newest_first(self) -> None:
        read = history_of(facts((0, 3, 5.0), (0, 1, 2.0), (0, 4, 4.0), n_books=6), 0)
        assert (read.books.tolist(), read.values.tolist()) == ([4, 1, 3], [4, 2, 5])

    def test_names_a_book_once_with_its_latest_value(self) -> None:
        read = history_of(facts((0, 3, 1.0), (0, 1), (0, 3, 4.0), n_books=6), 0)
        assert (read.books.tolist(), read.values.tolist()) == ([3, 1], [4, 5])

    def test_is_of_this_reader_only(self) -> None:
        read = facts((0, 3), (1, 1), (2, 5), n_books=6)
        assert history_of(read, 1).books.tolist() == [1]

    def test_of_a_reader_without_facts_is_empty(self) -> None:
        assert len(history_of(facts((0, 3), (2, 5), n_books=6), 1)) == 0


class TestSample:
    WHOLE = EvaluationSet.of(split_of([(r, 0) for r in range(3)], [(r, 2) for r in range(3)]), ALL_AGES)

    def test_is_so_many_cases_in_their_order(self) -> None:
        some = self.WHOLE.sample(most=2, seed=1)
        assert readers_of(some) == sorted(readers_of(some))
        assert (len(set(readers_of(some))), some.features) == (2, self.WHOLE.features)
        assert readers_of(some) == readers_of(self.WHOLE.sample(most=2, seed=1))

    def test_is_all_where_there_are_no_more(self) -> None:
        assert self.WHOLE.sample(most=3, seed=1) is self.WHOLE


class TestEvaluationSet:
    def test_asks_for_the_books_liked_after_the_cut(self) -> None:
        evaluation_set = EvaluationSet.of(split_of([(0, 0), (0, 1)], [(0, 2), (0, 3, 3.9), (0, 4, 4.0)]), ALL_AGES)
        (case,) = evaluation_set.cases
        assert (case.reader, case.relevant.tolist()) == (0, [2, 4])
        assert case.history.books.tolist() == [1, 0]

    def test_does_not_ask_for_books_read_before_the_cut(self) -> None:
        evaluation_set = EvaluationSet.of(split_of([(0, 0, 2.0), (0, 1)], [(0, 0), (0, 1), (0, 2)]), ALL_AGES)
        assert evaluation_set.cases[0].relevant.tolist() == [2]

    def test_asks_for_a_book_once_however_often_it_was_read(self) -> None:
        evaluation_set = EvaluationSet.of(split_of([(0, 0)], [(0, 2), (0, 2), (0, 2)]), ALL_AGES)
        assert evaluation_set.cases[0].relevant.tolist() == [2]

    def test_does_not_ask_for_books_above_the_age_band(self) -> None:
        known = BookFeatures.of(age_band=np.array([0, 0, 2, 3, 5, 1], np.int8))
        split = split_of([(0, 0)], [(0, 2), (0, 3), (0, 4), (0, 5)])
        evaluation_set = EvaluationSet.of(split, known, reader_bands=np.array([2, 0, 0], np.int8))
        assert evaluation_set.cases[0].relevant.tolist() == [2, 5]
        assert evaluation_set.eligible(2).tolist() == [True, True, True, False, False, True]
        assert evaluation_set.eligible(NO_BAND).all()

    def test_leaves_out_readers_who_cannot_be_asked(self) -> None:
        # reader 1 liked nothing new, reader 2 has nothing after the cut
        evaluation_set = EvaluationSet.of(split_of([(0, 0), (1, 0), (2, 1)], [(0, 2), (1, 0), (1, 3, 2.0)]), ALL_AGES)
        assert [case.reader for case in evaluation_set.cases] == [0]

    def test_needs_somebody_to_ask(self) -> None:
        with pytest.raises(EmptyEvaluationSetError, match="there is nothing to evaluate on"):
            EvaluationSet.of(split_of([(0, 0)], [(0, 0), (0, 1, 3.0)]), ALL_AGES)

    @settings(deadline=None)
    @given(rows)
    def test_takes_histories_from_the_past_and_cases_from_the_future(self, told: list[Row]) -> None:
        cut = temporal_split(with_two_facts_each(told), test_share=0.4)
        try:
            evaluation_set = EvaluationSet.of(cut, ALL_AGES)
        except EmptyEvaluationSetError:
            return
        for case in evaluation_set.cases:
            before, after = cut.train.of_reader(case.reader), cut.test.of_reader(case.reader)
            assert set(case.history.books) == set(cut.train.book[before])
            liked = set(cut.test.book[after][cut.test.value[after] >= 4])
            assert set(case.relevant) == liked - set(case.history.books)
            assert cut.train.at[before].max() < cut.test.at[after].min()

    def test_shows_a_recommender_nothing_of_the_test(self) -> None:
        cut = temporal_split(interactions())
        model = FusedRecommender.fit(cut.train, features(), seed=1, with_lightfm=False)
        # the same readers, but afterwards everybody read other books
        swapped = replace(cut.test, book=(BOOKS - 1 - cut.test.book).astype(np.int32), value=cut.test.value[::-1])
        one, other = EvaluationSet.of(cut, features()), EvaluationSet.of(Split(cut.train, swapped), features())

        lists = [
            dict(zip(readers_of(evaluation_set), rankings_of(evaluation_set, fused(model)).lists, strict=True))
            for evaluation_set in (one, other)
        ]
        both = lists[0].keys() & lists[1].keys()
        assert len(both) > 10
        assert all(lists[0][reader].tolist() == lists[1][reader].tolist() for reader in both)
        assert any(
            set(mine.relevant) != set(theirs.relevant) for mine, theirs in zip(one.cases, other.cases, strict=False)
        )


def with_two_facts_each(told: list[Row]) -> Interactions:
    """These facts, after two for each of four readers, so that every history can be cut."""
    first: list[Row] = [(reader, book) for reader in range(4) for book in (0, 1)]
    return facts(*first, *told, n_books=6)


def readers_of(evaluation_set: EvaluationSet) -> list[int]:
    return [case.reader for case in evaluation_set.cases]


class TestAnswers:
    def test_measure_each_list_by_where_its_one_book_stands(self) -> None:
        found = rankings(lambda reader: hit_at(1 + reader % 10)(reader))
        places = 1 + np.arange(READERS) % 10
        assert found.ndcg.tolist() == pytest.approx((1 / np.log2(places + 1)).tolist())
        assert found.mrr.tolist() == pytest.approx((1 / places).tolist())
        assert found.precision.tolist() == [0.1] * READERS
        assert found.recall.tolist() == [1] * READERS

    def test_measure_a_list_of_several_books(self) -> None:
        # looked for: 2 and 4; found: 4 at the third place, 2 at the eleventh
        evaluation_set = EvaluationSet.of(split_of([(0, 0)], [(0, 2), (0, 4)]), ALL_AGES)
        found = rankings_of(evaluation_set, lambda *_: np.array([1, 3, 4, 50, 51, 52, 53, 54, 55, 56, 2], np.int32))
        best = 1 / math.log2(2) + 1 / math.log2(3)
        assert found.ndcg.tolist() == pytest.approx([1 / math.log2(4) / best])
        assert (found.recall.tolist(), found.precision.tolist()) == ([1], [0.1])
        assert found.mrr.tolist() == pytest.approx([1 / 3])

    def test_hold_the_next_volume_in_the_place_of_later_ones(self) -> None:
        # 1 to 4 are volumes of a series, of which the first was read; the second is looked for
        volumes = replace(
            ALL_AGES,
            series=np.array([-1, 0, 0, 0, 0, -1], np.int32),
            series_number=np.array([np.nan, 1, 2, 3, 4, np.nan], np.float32),
        )
        evaluation_set = EvaluationSet.of(split_of([(0, 1)], [(0, 2)]), volumes)
        found = rankings_of(evaluation_set, lambda _case, may_earn, k: np.array([4, 5, 3, 2, 0], np.int32)[:k])
        assert [books.tolist() for books in found.lists] == [[2, 5, 0]]
        assert found.ndcg.tolist() == [1]

    def test_measure_a_miss_as_0(self) -> None:
        found = rankings(lambda reader: [(looking_for(reader) + 1) % 8])
        assert {*found.ndcg, *found.recall, *found.precision, *found.mrr} == {0}

    def test_differ_reader_by_reader(self) -> None:
        # every fourth reader finds it at the first place and not at the third, the others at the second in both
        new = rankings(lambda reader: hit_at(1 if reader % 4 == 0 else 2)(reader))
        old = rankings(lambda reader: hit_at(3 if reader % 4 == 0 else 2)(reader))
        expected = [1 - 1 / 2 if reader % 4 == 0 else 0 for reader in range(READERS)]
        assert (new.ndcg - old.ndcg).tolist() == pytest.approx(expected)

    def test_count_the_books_that_the_first_ten_places_show(self) -> None:
        # eight books that are looked for and the first nine of the filling; the twelfth place does not count
        found = rankings(lambda reader: [looking_for(reader), *range(8, 17), 40, 41])
        assert found.coverage == pytest.approx(17 / 60)

    def test_count_books_above_the_age_band(self) -> None:
        found = rankings(lambda reader: [FOR_ADULTS, 0, FOR_ADULTS + 1] if reader < 3 else [0])
        assert (found.above_band, found.already_read) == (6, 0)

    def test_count_books_read_before(self) -> None:
        found = rankings(lambda reader: [1, READ + reader % 10] if reader in (4, 17) else [READ + (reader + 1) % 10])
        assert (found.above_band, found.already_read) == (0, 2)

    def test_count_each_such_book_of_a_list(self) -> None:
        evaluation_set = EvaluationSet.of(split_of([(0, 0), (0, 1), (1, 3)], [(0, 2), (1, 2)]), ALL_AGES)
        assert rankings_of(evaluation_set, lambda *_: np.array([0, 5, 1, 4], np.int32)).already_read == 2


@pytest.fixture(scope="module")
def cut() -> Split:
    return temporal_split(interactions())


@pytest.fixture(scope="module")
def model(cut: Split) -> FusedRecommender:
    return FusedRecommender.fit(cut.train, features(), seed=1, with_lightfm=False, reader_bands=reader_bands())


class TestAnswerAll:
    def test_asks_the_fusion_popularity_and_each_part(self, cut: Split, model: FusedRecommender) -> None:
        found = rank_all(EvaluationSet.of(cut, features()), model)
        assert list(found) == ["fusion", "popularity", "item_knn", "sequence", "series", "author"]
        assert {len(given.lists) for given in found.values()} == {len(found["fusion"].evaluation_set.cases)}

    def test_shows_nobody_a_book_that_was_read_or_is_above_the_band(self, cut: Split, model: FusedRecommender) -> None:
        found = rank_all(EvaluationSet.of(cut, features(), reader_bands=reader_bands()), model)
        assert [(given.above_band, given.already_read) for given in found.values()] == [(0, 0)] * len(found)

    def test_asks_each_as_it_ranks(self, cut: Split, model: FusedRecommender) -> None:
        evaluation_set = EvaluationSet.of(cut, features(), reader_bands=reader_bands())
        case = evaluation_set.cases[0]
        eligible = evaluation_set.eligible(case.age_band)
        unread = eligible.copy()
        unread[case.history.books] = False

        ranked = model.rank(case.history, eligible=eligible, k=20, age_band=case.age_band)
        assert fused(model)(case, eligible, 20).tolist() == ranked.books.tolist()
        shares = model.popularity.by_band[case.age_band]
        best = [book for book in np.argsort(-shares, kind="stable") if unread[book]][:20]
        assert popular(model)(case, eligible, 20).tolist() == best
        scores = model.parts[0].score(case.history).scores
        liked = [book for book in np.argsort(-scores, kind="stable") if unread[book] and scores[book] > 0][:20]
        assert alone(model.parts[0])(case, eligible, 20).tolist() == liked


class TestExamWithout:
    """Two readers of six books: the first looks for 2, 3 and 4 after 0 and 1, the second for 5 after 0."""

    CASES = EvaluationSet.of(split_of([(0, 0), (0, 1), (1, 0)], [(0, 2), (0, 3), (0, 4), (1, 5)]), ALL_AGES)

    def without(self, *seen: tuple[int, int]) -> EvaluationSet:
        reader, book = zip(*seen, strict=True) if seen else ((), ())
        return self.CASES.without(sparse.csr_array((np.ones(len(seen), np.float32), (reader, book)), shape=(3, 6)))

    def test_nothing_is_the_same_set(self) -> None:
        assert self.without().n_relevant == self.CASES.n_relevant == 4

    def test_a_fact_does_not_look_for_it(self) -> None:
        first, second = self.without((0, 3), (1, 2)).cases
        assert (first.relevant.tolist(), second.relevant.tolist()) == ([2, 4], [5])

    def test_a_fact_lets_nobody_answer_it(self) -> None:
        evaluation_set = self.without((0, 3), (1, 2))
        given = rankings_of(evaluation_set, lambda case, eligible, k: np.flatnonzero(eligible).astype(np.int32))
        assert [books.tolist() for books in given.lists] == [[0, 1, 2, 4, 5], [0, 1, 3, 4, 5]]

    def test_a_fact_of_the_history_leaves_it_there(self) -> None:
        (case, _) = self.without((0, 0), (0, 1)).cases
        assert (sorted(case.history.books.tolist()), case.excluded.tolist()) == ([0, 1], [])

    def test_every_fact_asks_nobody(self) -> None:
        evaluation_set = self.without((0, 2), (0, 3), (0, 4), (1, 5))
        assert (evaluation_set.cases, evaluation_set.n_relevant) == ((), 0)
