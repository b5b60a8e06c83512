import numpy as np
import pytest

from epicml.datasets.interactions import InvalidInteractionsError
from epicml.recommenders.item_knn import ItemKnn, liking
from tests.epicml.recommenders.library import BOOKS, facts, history, interactions

# Three readers and three books. Book 0 is liked by all, 1 by the first two, 2 by the last two;
# what the last reader says of book 1 is no liking. So n = (3, 2, 2), C_01 = 2, C_02 = 2, C_12 = 1.
READ = facts((0, 0), (0, 1), (1, 1, 4.0), (1, 2), (1, 0), (2, 2), (2, 1, 2.0), (2, 0), n_books=3)


def rows(model: ItemKnn) -> list[list[float]]:
    return [model.table.row(book).tolist() for book in range(model.table.n_books)]


class TestFit:
    def test_learns_the_cosine_of_each_pair(self) -> None:
        near, far = 2 / np.sqrt(3 * 2), 1 / np.sqrt(2 * 2)
        found = rows(ItemKnn.fit(READ, shrinkage=0))
        expected = [[0, near, near], [near, 0, far], [near, far, 0]]
        assert np.array(found) == pytest.approx(np.array(expected), rel=1e-6)

    def test_shrinks_pairs_seen_by_few(self) -> None:
        near, far = 2 / (np.sqrt(6) + 5), 1 / (2 + 5)
        found = rows(ItemKnn.fit(READ))
        expected = [[0, near, near], [near, 0, far], [near, far, 0]]
        assert np.array(found) == pytest.approx(np.array(expected), rel=1e-6)

    def test_keeps_the_nearest_sources_of_each_book(self) -> None:
        # books 1 and 2 keep book 0; book 0 keeps the lower of two equals, and nothing is left to book 2
        near = 2 / np.sqrt(6)
        found = rows(ItemKnn.fit(READ, shrinkage=0, neighbours=1))
        assert np.array(found) == pytest.approx(np.array([[0, near, near], [near, 0, 0], [0, 0, 0]]), rel=1e-6)

    def test_counts_a_reader_once_however_often_a_book_was_read(self) -> None:
        once, again = facts((0, 0), (0, 1), n_books=2), facts((0, 0), (0, 1), (0, 0), (0, 1), n_books=2)
        assert rows(ItemKnn.fit(again)) == rows(ItemKnn.fit(once))

    def test_is_the_cosine_of_the_columns_of_a_whole_library(self) -> None:
        liked = np.zeros((interactions().n_readers, BOOKS))
        for reader, book, stars in zip(interactions().reader, interactions().book, interactions().value, strict=True):
            liked[reader, book] = stars >= 4 or liked[reader, book]
        norms = np.linalg.norm(liked, axis=0)
        cosine = liked.T @ liked / np.maximum(np.outer(norms, norms), 1e-9)
        np.fill_diagonal(cosine, 0)

        assert np.array(rows(ItemKnn.fit(interactions(), shrinkage=0))) == pytest.approx(cosine, rel=1e-5, abs=1e-7)

    @pytest.mark.parametrize("at_once", [1, 40, 500])
    def test_is_the_same_when_few_pairs_are_held_at_once(self, at_once: int) -> None:
        assert rows(ItemKnn.fit(interactions(), at_once=at_once)) == rows(ItemKnn.fit(interactions()))

    def test_of_readers_with_one_book_each_says_nothing(self) -> None:
        model = ItemKnn.fit(facts((0, 0), (1, 1), n_books=3))
        assert model.score(history([0, 1])).scores.tolist() == [0, 0, 0]

    def test_needs_a_liked_book(self) -> None:
        with pytest.raises(InvalidInteractionsError):
            ItemKnn.fit(facts((0, 0, 3.0), n_books=3))


class TestScore:
    def test_sums_the_similarity_of_liked_books_by_recency(self) -> None:
        # read: 2 just now and 1 before; the disliked book 0 between them takes a place and says nothing
        scored = ItemKnn.fit(READ, shrinkage=0).score(history([2, 0, 1], [5, 1, 4]))
        near, far, older = 2 / np.sqrt(6), 0.5, 3**-0.8
        assert scored.scores.tolist() == pytest.approx([near + older * near, far, older * far], rel=1e-6)
        assert scored.contributions(np.array([0], np.int32))[0].tolist() == pytest.approx([near, 0, older * near])


class TestLiking:
    def test_counts_from_four_stars_on(self) -> None:
        assert liking(history([1, 2, 3], [3.9, 4, 5])).tolist() == pytest.approx([0, 2**-0.8, 3**-0.8])
