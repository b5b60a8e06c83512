import numpy as np
import pytest

from epicml.datasets.interactions import Interactions, InvalidInteractionsError
from epicml.recommenders.sequence_knn import FARTHEST, SequenceKnn
from tests.epicml.recommenders.library import BOOKS, READERS, facts, history, interactions


def dense(model: SequenceKnn) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array([model.table.row(book) for book in range(model.table.n_books)])


def by_loops(read: Interactions, *, fade: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The formula of the docstring, pair by pair."""
    total, likes = np.zeros((read.n_books, read.n_books)), np.zeros(read.n_books)
    for reader in range(read.n_readers):
        liked = [book for book, stars in zip(read.book[read.of_reader(reader)], read.value[read.of_reader(reader)],
                                             strict=True) if stars >= 4]  # fmt: skip
        likes[liked] += 1
        for i, one in enumerate(liked):
            for j, other in enumerate(liked):
                total[one, other] += np.exp(-abs(i - j) / fade) if one != other else 0
    return np.asarray(total / (likes[:, None] ** 0.4 * likes[None, :] ** 0.6 + 5))


class TestFit:
    def test_is_nearer_the_fewer_books_were_read_between(self) -> None:
        # one reader: 0, 1, 2; another: 2, 0. n = (2, 1, 2)
        found = dense(SequenceKnn.fit(facts((0, 0), (0, 1), (0, 2), (1, 2), (1, 0), n_books=3), fade=1))
        one, two = np.exp(-1), np.exp(-2)
        assert found[0, 1] == pytest.approx(one / (2**0.4 * 1**0.6 + 5))
        assert found[1, 0] == pytest.approx(one / (1**0.4 * 2**0.6 + 5))
        assert found[0, 2] == pytest.approx((two + one) / (2**0.4 * 2**0.6 + 5))

    def test_is_the_formula_summed_pair_by_pair(self) -> None:
        expected = by_loops(interactions(), fade=30)
        assert dense(SequenceKnn.fit(interactions())) == pytest.approx(expected, rel=1e-5, abs=1e-7)

    def test_places_liked_books_only(self) -> None:
        # the disliked book between them does not move two liked ones apart
        apart, beside = facts((0, 0), (0, 2, 1.0), (0, 1), n_books=3), facts((0, 0), (0, 1), n_books=3)
        assert dense(SequenceKnn.fit(apart)).tolist() == dense(SequenceKnn.fit(beside)).tolist()

    def test_does_not_reach_from_one_reader_into_the_next(self) -> None:
        assert not dense(SequenceKnn.fit(facts((0, 0), (1, 1), n_books=2))).any()

    def test_passes_over_pairs_that_are_too_far_apart(self) -> None:
        n = FARTHEST + 2
        found = dense(SequenceKnn.fit(facts(*((0, book) for book in range(n)), n_books=n), neighbours=n))
        assert found[0, FARTHEST] > 0
        assert found[0, FARTHEST + 1] == 0

    def test_keeps_the_nearest_sources_of_each_book(self) -> None:
        found = dense(SequenceKnn.fit(facts((0, 0), (0, 1), (0, 2), (0, 3), n_books=4), neighbours=1))
        # book 0 keeps 1, book 1 the lower of its two neighbours, 2 likewise, 3 keeps 2
        assert [np.flatnonzero(found[:, target]).tolist() for target in range(4)] == [[1], [0], [1], [2]]

    @pytest.mark.parametrize("at_once", [1, READERS, 500])
    def test_is_the_same_when_pairs_are_added_up_a_few_at_a_time(self, at_once: int) -> None:
        expected = by_loops(interactions(), fade=30)
        found = dense(SequenceKnn.fit(interactions(), at_once=at_once))
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-7)

    def test_needs_a_liked_book(self) -> None:
        with pytest.raises(InvalidInteractionsError):
            SequenceKnn.fit(facts((0, 0, 3.0), n_books=3))


class TestScore:
    def test_sums_nearness_to_the_liked_books_by_recency(self) -> None:
        model = SequenceKnn.fit(interactions())
        scores = model.score(history([3, 5, 9], [5, 2, 4])).scores
        near = by_loops(interactions(), fade=30)
        assert scores == pytest.approx(near[3] + 3**-0.8 * near[9], rel=1e-5, abs=1e-7)
        assert len(scores) == BOOKS
