from collections.abc import Mapping

import numpy as np
import pytest
from scipy import sparse

from epicml.datasets.arrays import Bools, NamedArrays
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ABSENT
from epicml.datasets.interactions import InvalidInteractionsError
from epicml.recommenders.content import SameAuthor
from epicml.recommenders.fusion import FusedRecommender, MismatchedBooksError
from epicml.recommenders.item_knn import ItemKnn
from epicml.recommenders.lightfm import COMMON_PULL, RIDGE, FoldedLightFM
from epicml.recommenders.neighbours import NeighbourRecommender, NeighbourTable
from epicml.recommenders.popularity import Popularity
from epicml.recommenders.protocol import NO_HISTORY, History, InvalidModelError, Recommender
from epicml.recommenders.sequence_knn import SequenceKnn
from epicml.recommenders.settings import FusionSettings
from tests.epicml.recommenders.library import BOOKS, everything, facts, features, history, interactions, only

READ = 3  # the book that was read; 0, 1 and 2 are to be ranked


def table_of(weights: Mapping[int, list[float]], *, n: int = 4) -> NeighbourTable:
    """A table in which these books speak for all books with these weights."""
    dense = np.zeros((n, n), np.float32)
    for book, row in weights.items():
        dense[book] = row
    return NeighbourTable.from_matrix(sparse.csr_array(dense))


def popular(*likes: float) -> Popularity:
    overall = np.array(likes, np.float32)
    return Popularity(overall, np.tile(overall / overall.sum(), (6, 1)))


def by_hand(*, k: float = 2, depth: int = 200) -> FusedRecommender:
    """After book 3, item-kNN says 0, 1, 2, sequence says 1, 2, 0, and popularity 2, 1, 0."""
    parts = (ItemKnn(table_of({READ: [0.9, 0.5, 0.1, 0]})), SequenceKnn(table_of({READ: [0.2, 9, 3, 0]})))
    chosen = FusionSettings({"item_knn": 2.0}, k=k, depth=depth, newcomer=1)
    return FusedRecommender(popular(1, 2, 3, 4), parts, chosen)


@pytest.fixture(scope="module")
def fitted() -> FusedRecommender:
    return FusedRecommender.fit(interactions(), features(), seed=1, with_lightfm=False)


class TestRank:
    def test_adds_reciprocal_ranks_by_the_weights_of_the_parts(self) -> None:
        # one liked book and newcomer = 1: the personal parts and popularity share the weight half and half
        ranked = by_hand().rank(history([READ]), eligible=everything(4), k=3)
        zero = 0.5 * 2 / (2 + 1) + 0.5 * 1 / (2 + 3) + 0.5 * 1 / (2 + 3)
        one = 0.5 * 2 / (2 + 2) + 0.5 * 1 / (2 + 1) + 0.5 * 1 / (2 + 2)
        two = 0.5 * 2 / (2 + 3) + 0.5 * 1 / (2 + 2) + 0.5 * 1 / (2 + 1)

        assert ranked.books.tolist() == [1, 0, 2]
        assert ranked.scores.tolist() == pytest.approx([one, zero, two])
        assert {name: ranks.tolist() for name, ranks in ranked.part_ranks.items()} == {
            "item_knn": [2, 1, 3],
            "sequence": [1, 3, 2],
            "popularity": [2, 3, 1],
        }

    def test_counts_the_places_down_to_the_depth_only(self) -> None:
        ranked = by_hand(depth=1).rank(history([READ]), eligible=everything(4), k=3)
        assert ranked.books.tolist() == [0, 1, 2]
        assert ranked.scores.tolist() == pytest.approx([0.5 * 2 / 3, 0.5 / 3, 0.5 / 3])

    def test_ranks_among_eligible_books_only(self) -> None:
        # without book 0 each part has two places: 1, 2 and 1, 2 and 2, 1
        ranked = by_hand().rank(history([READ]), eligible=only(1, 2, n=4), k=3)
        assert ranked.scores.tolist() == pytest.approx(
            [0.5 * 2 / 3 + 0.5 / 3 + 0.5 / 4, 0.5 * 2 / 4 + 0.5 / 4 + 0.5 / 3]
        )

    def test_leans_on_popularity_while_little_is_known(self) -> None:
        model = FusedRecommender(
            popular(*range(40, 0, -1)),
            (ItemKnn(table_of({book: [0.0] * 10 + [1.0] * 30 for book in range(10)}, n=40)),),
            FusionSettings(newcomer=5),
        )
        places = [
            model.rank(history(list(range(n))), eligible=only(*range(10, 40), n=40), k=1).scores[0] for n in (1, 10)
        ]
        # both lists begin with book 10, so the shares of 1 / 6 and 2 / 3 add up to one
        assert places == pytest.approx([1 / 61, 1 / 61])
        assert model.rank(NO_HISTORY, eligible=everything(40), k=1).scores.tolist() == pytest.approx([1 / 61])

    def test_gives_a_newcomer_what_is_popular_in_the_band(self) -> None:
        likes = np.array([1, 2, 3, 4], np.float32)
        in_band = np.tile(likes[::-1], (6, 1))
        model = FusedRecommender(Popularity(likes, in_band), by_hand().parts, FusionSettings())

        assert model.rank(NO_HISTORY, eligible=everything(4), k=4).books.tolist() == [3, 2, 1, 0]
        ranked = model.rank(NO_HISTORY, eligible=everything(4), k=4, age_band=2)
        assert ranked.books.tolist() == [0, 1, 2, 3]
        assert ranked.source == ("popularity",) * 4
        assert ranked.contributing_item.tolist() == [ABSENT] * 4

    def test_takes_no_part_at_its_word_for_a_reader_who_liked_nothing(self) -> None:
        ranked = by_hand().rank(history([READ], [1]), eligible=everything(4), k=3)
        assert ranked.books.tolist() == [2, 1, 0]
        assert ranked.source == ("popularity",) * 3

    def test_fills_a_short_list_with_popular_books(self) -> None:
        # only the first place of each list counts: 0 and 1 and 2; the rest comes by popularity
        likes = popular(1, 2, 30, 9, 8, 7)
        parts = (ItemKnn(table_of({READ: [0.9, 0.5, 0.1, 0, 0, 0]}, n=6)),)
        model = FusedRecommender(likes, parts, FusionSettings(depth=1))
        ranked = model.rank(history([READ]), eligible=everything(6), k=9)
        assert ranked.books.tolist() == [2, 0, 4, 5, 1]
        assert ranked.scores[2:].tolist() == [0, 0, 0]

    def test_fills_it_as_seen_from_the_band(self) -> None:
        likes = np.array([6, 5, 4, 3, 2, 1], np.float32)
        in_band = np.tile(likes[::-1], (6, 1))
        model = FusedRecommender(Popularity(likes, in_band), (), FusionSettings(depth=1))
        assert model.rank(NO_HISTORY, eligible=everything(6), k=3, age_band=4).books.tolist() == [5, 4, 3]
        assert model.rank(NO_HISTORY, eligible=everything(6), k=3).books.tolist() == [0, 1, 2]

    def test_lists_nothing_of_a_very_long_history(self) -> None:
        read = list(range(230))
        model = FusedRecommender(popular(*range(250, 0, -1)), (), FusionSettings())
        assert model.rank(history(read), eligible=everything(250), k=50).books.tolist() == list(range(230, 250))

    @pytest.mark.parametrize("eligible", [everything(3), everything(5)])
    def test_refuses_a_mask_over_other_books(self, eligible: Bools) -> None:
        model, sentence = by_hand(), f"covers {len(eligible)} books, the model 4"
        with pytest.raises(MismatchedBooksError, match=sentence):
            model.rank(history([READ]), eligible=eligible, k=3)
        with pytest.raises(MismatchedBooksError, match=sentence):
            model.similar(READ, eligible=eligible, k=3)
        with pytest.raises(MismatchedBooksError, match=sentence):
            model.popular(None, eligible=eligible, k=3)


class TestReason:
    """The reason of a book is the part that places it best, and in it the read book that adds most."""

    def test_is_the_part_that_places_the_book_best(self) -> None:
        ranked = by_hand().rank(history([READ]), eligible=everything(4), k=3)
        # book 1 is second in item-kNN and first in sequence, book 0 first in item-kNN, book 2 third and second
        assert dict(zip(ranked.books.tolist(), ranked.source, strict=True)) == {
            1: "sequence",
            0: "item_knn",
            2: "sequence",
        }
        assert ranked.contributing_item.tolist() == [READ] * 3

    def test_is_the_first_of_the_parts_that_place_it_alike(self) -> None:
        ranked = by_hand().rank(history([READ]), eligible=only(2, n=4), k=1)
        assert [ranks.tolist() for ranks in ranked.part_ranks.values()] == [[1], [1], [1]]
        assert ranked.source == ("item_knn",)

    def test_is_the_read_book_that_adds_most(self) -> None:
        # for book 0: the newest adds .5, the next 2 ** -.8 * 2 = 1.15; for book 1: .9 and 2 ** -.8 = .57
        table = table_of({3: [0.5, 0.9, 0, 0, 0], 4: [2, 1, 0, 0, 0]}, n=5)
        model = FusedRecommender(popular(1, 1, 1, 1, 1), (ItemKnn(table),), FusionSettings())
        ranked = model.rank(history([3, 4]), eligible=only(0, 1, n=5), k=2)
        assert dict(zip(ranked.books.tolist(), ranked.contributing_item.tolist(), strict=True)) == {0: 4, 1: 3}

    @pytest.mark.parametrize(
        "read",
        [
            history([14, 2, 30, 8], [5, 1, 4, 3]),
            history([20, 25, 3, 7, 31], [4, 4, 5, 5, 4], is_stale=True),
            history([12, 18, 24], [3, 4, 5]),
        ],
    )
    def test_is_what_a_sum_over_the_history_finds(self, fitted: FusedRecommender, read: History) -> None:
        ranked = fitted.rank(read, eligible=everything(), k=BOOKS)
        parts = {part.name: part for part in fitted.parts}

        explained = [name for name in ranked.source if name != "popularity"]
        assert len(set(explained)) > 1
        for book, source, contributing_item in zip(ranked.books, ranked.source, ranked.contributing_item, strict=True):
            if source != "popularity":
                assert contributing_item == loudest(parts[source], read, int(book))

    def test_of_lightfm_is_what_a_solve_finds(self) -> None:
        random = np.random.default_rng(5)
        part = FoldedLightFM(random.normal(size=(20, 4)).astype(np.float32), np.zeros(20, np.float32))
        read = history([2, 5, 9], [5, 4, 4])
        ranked = FusedRecommender(popular(*[1] * 20), (part,), FusionSettings()).rank(
            read, eligible=everything(20), k=8
        )

        vectors = part.vectors.astype(np.float64)
        weights = np.array([1, 2**-0.8, 3**-0.8])
        liked = vectors[read.books]
        system = (liked.T * weights) @ liked + COMMON_PULL * vectors.T @ vectors + RIDGE * np.eye(4)
        terms = vectors @ np.linalg.solve(system, liked.T * weights)
        placed = [place for place, name in enumerate(ranked.source) if name == "lightfm"]
        assert placed
        for place in placed:
            assert ranked.contributing_item[place] == read.books[terms[ranked.books[place]].argmax()]

    def test_is_never_a_book_that_spoke_against(self) -> None:
        # book 2 is the opposite of the liked book 0, and the only one left; the disliked book 1 adds nothing
        part = FoldedLightFM(np.array([[1, 0], [0, 1], [-1, 0]], np.float32), np.zeros(3, np.float32))
        model = FusedRecommender(popular(1, 1, 1), (part,), FusionSettings())
        ranked = model.rank(history([0, 1], [5, 1]), eligible=everything(3), k=1)
        assert (ranked.books.tolist(), ranked.source, ranked.contributing_item.tolist()) == (
            [2],
            ("lightfm",),
            [ABSENT],
        )


def loudest(part: Recommender, read: History, target: int) -> int:
    """The book of the history with the largest term, read off the dense table of a part."""
    assert isinstance(part, NeighbourRecommender)
    steps = {"series": [(4, 1.0), (3, 0.5), (0, 0.1)], "author": [(5, 1.2), (4, 1.0), (3, 0.4)]}
    terms = []
    for age, (book, stars) in enumerate(zip(read.books.tolist(), read.values.tolist(), strict=True)):
        strength = next((worth for least, worth in steps.get(part.name, [(4, 1.0)]) if stars >= least), 0.0)
        recency = 1 if read.is_stale else (1 + age) ** -0.8
        terms.append(strength * recency * float(part.table.row(book)[target]))
    assert max(terms) > 0
    return int(read.books[int(np.argmax(terms))])


class TestSimilar:
    def test_goes_by_the_personal_parts_alone(self) -> None:
        # without popularity: 0 has 2 / 3 + 1 / 5, 1 has 2 / 4 + 1 / 3, 2 has 2 / 5 + 1 / 4
        ranked = by_hand().similar(READ, eligible=everything(4), k=3)
        assert ranked.books.tolist() == [0, 1, 2]
        assert ranked.scores.tolist() == pytest.approx([2 / 3 + 1 / 5, 2 / 4 + 1 / 3, 2 / 5 + 1 / 4])

    def test_fills_up_with_popular_books_where_too_few_are_near(self) -> None:
        model = FusedRecommender(popular(1, 2, 3, 4), (ItemKnn(table_of({READ: [0.5, 0, 0, 0]})),), FusionSettings())
        ranked = model.similar(READ, eligible=everything(4), k=3)
        assert ranked.books.tolist() == [0, 2, 1]
        assert ranked.source == ("item_knn", "popularity", "popularity")


class TestPopular:
    def test_lists_what_is_liked_by_many(self) -> None:
        ranked = by_hand().popular(None, eligible=only(0, 1, 3, n=4), k=2)
        assert (ranked.books.tolist(), ranked.scores.tolist()) == ([3, 1], [4, 2])
        assert ranked.part_ranks["popularity"].tolist() == [1, 2]
        assert ranked.contributing_item.tolist() == [ABSENT, ABSENT]


class TestFit:
    def test_says_which_part_is_fitted(self) -> None:
        said: list[str] = []
        FusedRecommender.fit(interactions(), features(), seed=1, with_lightfm=False, progress=said.append)
        assert said == ["popularity", "item_knn", "sequence", "series", "author"]

    def test_refuses_features_of_other_books(self) -> None:
        other = BookFeatures.of(age_band=np.zeros(BOOKS + 1, np.int8))
        with pytest.raises(MismatchedBooksError, match=r"^The features covers 37 books, the model 36\.$"):
            FusedRecommender.fit(interactions(), other, seed=1, with_lightfm=False)

    def test_needs_a_liked_book(self) -> None:
        with pytest.raises(InvalidInteractionsError):
            FusedRecommender.fit(facts((0, 0, 3.0), n_books=BOOKS), features(), seed=1, with_lightfm=False)


def without(name: str) -> NamedArrays:
    return {key: array for key, array in by_hand().arrays().items() if key != name}


class TestFromArrays:
    @pytest.mark.parametrize("name", list(by_hand().arrays()))
    def test_refuses_a_missing_array(self, name: str) -> None:
        with pytest.raises(InvalidModelError, match=name.split(".")[-1]):
            FusedRecommender.from_arrays(without(name))

    def test_refuses_a_part_that_it_does_not_know(self) -> None:
        arrays = by_hand().arrays() | {"fusion.parts": np.array(["item_knn", "oracle"])}
        with pytest.raises(InvalidModelError, match=r"parts that are not known here: oracle\."):
            FusedRecommender.from_arrays(arrays)

    def test_refuses_a_part_over_other_books(self) -> None:
        part = SameAuthor(table_of({0: [0, 1, 1]}, n=3))
        model = FusedRecommender(popular(1, 2, 3, 4), (part,), FusionSettings())
        with pytest.raises(InvalidModelError, match=r"^The part author scores 3 books, popularity 4\.$"):
            FusedRecommender.from_arrays(model.arrays())
