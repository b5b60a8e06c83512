import numpy as np
import pytest

from epicml.datasets.features import BookFeatures
from epicml.datasets.interactions import InvalidInteractionsError
from epicml.recommenders.popularity import Popularity
from epicml.recommenders.protocol import InvalidModelError
from tests.epicml.recommenders.library import everything, facts, only

# Book 0 is liked by three readers, 1 and 2 by one; 3 is read and not liked; nobody read 4.
READ = facts((0, 0), (0, 1), (1, 0), (1, 2), (2, 0), (2, 3, 3.0), n_books=5)
KNOWN = BookFeatures.of(
    age_band=np.array([5, 0, 1, 5, 5], np.int8), popularity=np.array([10, 20, 30, 0, 98], np.float64)
)


def popularity() -> Popularity:
    return Popularity.fit(READ, KNOWN)


class TestOverall:
    def test_counts_likes_and_orders_equals_by_outside_popularity(self) -> None:
        # to the likes comes popularity + 1, as a share of the largest + 2, which is 100
        assert popularity().overall.tolist() == pytest.approx([3.11, 1.21, 1.31, 0.01, 0.99], abs=1e-6)

    def test_ranks_every_book_also_those_that_nobody_read(self) -> None:
        assert popularity().top(age_band=None, eligible=everything(5), k=9).tolist() == [0, 2, 1, 4, 3]

    def test_counts_a_reader_once_per_book(self) -> None:
        read = facts((0, 0), (0, 0), (0, 0), (1, 1), n_books=2)
        known = BookFeatures.of(age_band=np.zeros(2, np.int8))
        assert Popularity.fit(read, known).overall.tolist() == [1.5, 1.5]

    def test_needs_a_liked_book(self) -> None:
        with pytest.raises(InvalidInteractionsError):
            Popularity.fit(facts((0, 0, 3.0), n_books=5), KNOWN)


class TestByBand:
    def test_halves_a_book_for_each_band_between_it_and_the_reader(self) -> None:
        seen = popularity().for_band(0).astype(np.float64)
        # 1.21 in the own band, 1.31 one band off, the others five bands off
        prior = np.array([3.11 / 32, 1.21, 1.31 / 2, 0.01 / 32, 0.99 / 32])
        assert seen.tolist() == pytest.approx((prior / prior.sum()).tolist(), rel=1e-5)

    def test_puts_the_books_for_small_children_first_for_small_children(self) -> None:
        model = popularity()
        assert model.top(age_band=0, eligible=everything(5), k=3).tolist() == [1, 2, 0]
        assert model.top(age_band=5, eligible=everything(5), k=3).tolist() == [0, 4, 2]

    def test_adds_the_likes_of_the_band_to_200_of_its_prior(self) -> None:
        bands = np.array([0, 0, 5], np.int8)
        seen = Popularity.fit(READ, KNOWN, reader_bands=bands).for_band(0).astype(np.float64)
        prior = np.array([3.11 / 32, 1.21, 1.31 / 2, 0.01 / 32, 0.99 / 32])
        # the two readers of band 0 like book 0 twice, and 1 and 2 once: four likes
        expected = (np.array([2, 1, 1, 0, 0]) + 200 * prior / prior.sum()) / (4 + 200)
        assert seen.tolist() == pytest.approx(expected.tolist(), rel=1e-5)

    def test_with_many_readers_follows_them_against_the_prior(self) -> None:
        # 600 readers of band 0 like the book of band 5, and nobody the two of their own band
        read = facts(*((reader, 0) for reader in range(600)), n_books=3)
        known = BookFeatures.of(age_band=np.array([5, 0, 0], np.int8))
        model = Popularity.fit(read, known, reader_bands=np.zeros(600, np.int8))
        assert model.top(age_band=0, eligible=everything(3), k=1).tolist() == [0]

    def test_sums_to_one(self) -> None:
        model = Popularity.fit(READ, KNOWN, reader_bands=np.array([0, 3, 5], np.int8))
        assert model.by_band.sum(axis=1).tolist() == pytest.approx([1] * 6, rel=1e-5)


class TestTop:
    def test_lists_eligible_books_only(self) -> None:
        assert popularity().top(age_band=None, eligible=only(3, 4, n=5), k=5).tolist() == [4, 3]


class TestArrays:
    def test_give_the_model_again(self) -> None:
        model = popularity()
        loaded = Popularity.from_arrays(model.arrays())
        assert loaded.overall.tobytes() == model.overall.tobytes()
        assert loaded.by_band.tobytes() == model.by_band.tobytes()

    @pytest.mark.parametrize("missing", ["overall", "by_band"])
    def test_are_refused_where_one_is_missing(self, missing: str) -> None:
        arrays = popularity().arrays()
        del arrays[missing]
        with pytest.raises(InvalidModelError, match=f"Popularity lacks its array '{missing}'"):
            Popularity.from_arrays(arrays)

    def test_are_refused_where_they_do_not_fit(self) -> None:
        arrays = popularity().arrays() | {"by_band": np.ones((6, 4), np.float32)}
        with pytest.raises(InvalidModelError, match=r"has shape \(6, 4\) beside 5 books"):
            Popularity.from_arrays(arrays)

    @pytest.mark.parametrize("name", ["overall", "by_band"])
    def test_are_refused_where_they_hold_no_numbers(self, name: str) -> None:
        arrays = popularity().arrays()
        arrays[name] = np.full(arrays[name].shape, np.nan, np.float32)
        with pytest.raises(InvalidModelError, match="not finite"):
            Popularity.from_arrays(arrays)
