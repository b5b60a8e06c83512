import numpy as np
import pytest
from scipy import sparse

from epicml.datasets.arrays import Float64s, NamedArrays
from epicml.datasets.features import BookFeatures
from epicml.datasets.interactions import InvalidInteractionsError
from epicml.recommenders import lightfm
from epicml.recommenders.fusion import FusedRecommender
from epicml.recommenders.lightfm import (
    BIAS_SHARE,
    COMMON_PULL,
    RIDGE,
    DivergedError,
    EmptyFeaturesError,
    FoldedLightFM,
    LightFMNotInstalledError,
    book_features,
    refuse_empty_rows,
)
from epicml.recommenders.protocol import NO_HISTORY, History, InvalidModelError
from tests.epicml.recommenders.library import (
    BOOKS,
    READ_BY_NOBODY,
    everything,
    facts,
    features,
    history,
    interactions,
)

READ = history([3, 7, 1, 9], [5, 2, 4, 4.5])


def made_up(*, n: int = 12, d: int = 4) -> FoldedLightFM:
    """A model that nobody trained: the fold-in and the files need no LightFM."""
    random = np.random.default_rng(3)
    return FoldedLightFM(random.normal(size=(n, d)).astype(np.float32), random.normal(size=n).astype(np.float32))


def solved(model: FoldedLightFM, read: History) -> tuple[Float64s, Float64s]:
    """The vectors, and the reader's vector by ridge regression, row by row and in 64 bits."""
    vectors = model.vectors.astype(np.float64)
    left, right = COMMON_PULL * vectors.T @ vectors + RIDGE * np.eye(vectors.shape[1]), np.zeros(vectors.shape[1])
    for age, (book, stars) in enumerate(zip(read.books, read.values, strict=True)):
        weight = (1 + age) ** -0.8 if stars >= 4 else 0
        left += weight * np.outer(vectors[book], vectors[book])
        right += weight * vectors[book]
    return vectors, np.asarray(np.linalg.solve(left, right), np.float64)


class TestFoldIn:
    def test_scores_by_the_solved_vector_of_the_reader(self) -> None:
        model = made_up()
        vectors, reader = solved(model, READ)
        raw = vectors @ reader
        expected = (raw - raw.mean()) / raw.std() + BIAS_SHARE * model.biases

        scores = model.score(READ).scores
        assert scores == pytest.approx(expected - expected.min() + 0.001, rel=1e-4, abs=1e-5)

    def test_tells_what_each_read_book_adds(self) -> None:
        model = made_up()
        vectors, reader = solved(model, READ)
        terms = model.score(READ).contributions(np.arange(12, dtype=np.int32))

        assert terms.sum(axis=1) == pytest.approx(vectors @ reader, abs=1e-5)
        assert terms[:, 1].tolist() == [0] * 12  # it was not liked

    def test_is_far_from_a_solve_that_forgets_recency(self) -> None:
        stale = History(READ.books, READ.values, is_stale=True)
        difference = made_up().score(READ).scores - made_up().score(stale).scores
        assert np.abs(difference).max() > 0.1

    @pytest.mark.parametrize("read", [NO_HISTORY, history([3, 7], [1, 3.9])], ids=["nothing", "nothing liked"])
    def test_has_no_score_for_a_reader_who_liked_nothing(self, read: History) -> None:
        assert made_up().score(read).scores.tolist() == [0] * 12

    def test_has_a_score_above_0_for_every_book_of_a_reader_who_liked_one(self) -> None:
        assert (made_up().score(history([3])).scores > 0).all()

    def test_stays_finite_where_all_books_are_alike(self) -> None:
        alike = FoldedLightFM(np.zeros((5, 3), np.float32), np.zeros(5, np.float32))
        assert np.isfinite(alike.score(history([2])).scores).all()


class TestArrays:
    def test_give_the_model_again(self) -> None:
        model = made_up()
        loaded = FoldedLightFM.from_arrays(model.arrays())
        assert loaded.score(READ).scores.tobytes() == model.score(READ).scores.tobytes()

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"vectors": None}, "LightFM lacks its array 'vectors'"),
            ({"biases": None}, "LightFM lacks its array 'biases'"),
            ({"biases": np.zeros(11)}, r"vectors \(12, 4\) and biases \(11,\)"),
            ({"vectors": np.zeros(12)}, r"vectors \(12,\) and biases \(12,\)"),
            ({"vectors": np.full((12, 4), np.nan)}, "not finite"),
            ({"biases": np.full(12, np.inf)}, "not finite"),
        ],
    )
    def test_are_refused_where_they_are_no_model(self, change: dict[str, Float64s | None], sentence: str) -> None:
        arrays: NamedArrays = {**made_up().arrays(), **change}  # type: ignore[dict-item]
        with pytest.raises(InvalidModelError, match=sentence):
            FoldedLightFM.from_arrays({name: array for name, array in arrays.items() if array is not None})


class TestBookFeatures:
    def test_describe_a_book_by_itself_and_half_its_author(self) -> None:
        known = BookFeatures.of(age_band=np.zeros(3, np.int8), author=np.array([1, -1, 1], np.int32))
        assert book_features(known).toarray().tolist() == [[1, 0, 0, 0, 0.5], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0.5]]

    def test_describe_books_without_authors(self) -> None:
        assert book_features(BookFeatures.of(age_band=np.zeros(2, np.int8))).toarray().tolist() == [[1, 0], [0, 1]]

    def test_without_any_entry_are_refused(self) -> None:
        rows = sparse.csr_matrix(np.array([[0, 0], [1, 0], [0, 0]], np.float32))
        with pytest.raises(EmptyFeaturesError, match=r"^2 of 3 books have no feature at all, the first is row 0\.$"):
            refuse_empty_rows(rows)


class TestFit:
    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("lightfm", reason="LightFM is not installed", exc_type=ImportError)

    @staticmethod
    def fitted(*, seed: int) -> FoldedLightFM:
        return FoldedLightFM.fit(interactions(), features(), seed=seed, dimensions=8, epochs=10)

    def test_is_the_same_bytes_for_one_seed_and_others_for_another(self) -> None:
        first, again, other = (self.fitted(seed=seed).vectors.tobytes() for seed in (1, 1, 2))
        assert first == again
        assert first != other

    def test_learns_which_books_go_together(self) -> None:
        # who reads the first half of the shelf gets more of it, and the other way round
        model = self.fitted(seed=1)
        low, high = (model.score(history(read)).scores for read in ([0, 2, 7], [20, 25, 30]))
        assert low[: BOOKS // 2].mean() > low[BOOKS // 2 :].mean()
        assert high[: BOOKS // 2].mean() < high[BOOKS // 2 :].mean()

    def test_has_finite_vectors_for_books_that_nobody_read(self) -> None:
        model = self.fitted(seed=1)
        assert np.isfinite(model.vectors[list(READ_BY_NOBODY)]).all()
        assert model.vectors.shape == (BOOKS, 8)

    def test_standardises_the_biases(self) -> None:
        biases = self.fitted(seed=1).biases
        assert (float(biases.mean()), float(biases.std())) == pytest.approx((0, 1), abs=1e-5)

    def test_needs_a_liked_book(self) -> None:
        with pytest.raises(InvalidInteractionsError):
            FoldedLightFM.fit(facts((0, 0, 3.0), n_books=BOOKS), features(), seed=1)

    def test_refuses_a_model_that_diverged(self) -> None:
        with pytest.raises(DivergedError, match="lower its learning rate"):
            FoldedLightFM._checked(np.full((2, 2), np.nan, np.float32), np.zeros(2, np.float32))


class TestWithoutLightFM:
    """Where the package could not be installed; what it learned elsewhere is served all the same."""

    @pytest.fixture(autouse=True)
    def not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lightfm, "LightFM", None)

    def test_a_fit_says_what_to_do(self) -> None:
        assert not lightfm.is_installed()
        with pytest.raises(LightFMNotInstalledError, match="install rectools-lightfm, or fit with with_lightfm=False"):
            FoldedLightFM.fit(interactions(), features(), seed=1)

    def test_a_saved_model_is_loaded_and_served(self) -> None:
        loaded = FoldedLightFM.from_arrays(made_up().arrays())
        assert loaded.score(READ).scores.tobytes() == made_up().score(READ).scores.tobytes()

    def test_the_fusion_is_fitted_from_its_other_parts(self) -> None:
        model = FusedRecommender.fit(interactions(), features(), seed=1, with_lightfm=True)
        assert [part.name for part in model.parts] == ["item_knn", "sequence", "series", "author"]
        assert len(model.rank(history([3, 14]), eligible=everything(), k=10).books) == 10
