"""LightFM: vectors of books learned by WARP, and a reader's vector solved anew from the live history.

Only the fit needs LightFM installed. What it learned is served, saved and loaded with numpy alone.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from epicml.datasets.arrays import Float32s, Int32s, NamedArrays
from epicml.datasets.features import BookFeatures
from epicml.datasets.interactions import Interactions
from epicml.recommenders.item_knn import liking
from epicml.recommenders.pairs import newest_liked
from epicml.recommenders.protocol import History, InvalidModelError

try:
    from lightfm import LightFM
except ImportError:  # no compiler at the install: the numpy recommenders serve alone
    LightFM = None

# The notes' best (128 dimensions, 60 epochs) takes 87 s on the goodbooks readers; this takes about a tenth.
DIMENSIONS = 64
EPOCHS = 15
LEARNING_RATE = 0.05
ITEM_ALPHA = 2e-4
MAX_SAMPLED = 30
# An author's vector counts half beside the book's own (measured: ids and half the features).
AUTHOR_WEIGHT = 0.5
# Fold-in, from an inner split: pull towards what all books have in common, towards 0, and towards the popular.
COMMON_PULL = 0.03
RIDGE = 3.0
BIAS_SHARE = 0.3


class LightFMNotInstalledError(RuntimeError):
    """LightFM is to be fitted where it is not installed."""

    def __init__(self) -> None:
        super().__init__("LightFM is not installed; install rectools-lightfm, or fit with with_lightfm=False.")


class EmptyFeaturesError(ValueError):
    """Rows of a feature matrix without any entry: LightFM would learn nothing for them and say nothing."""


class DivergedError(ArithmeticError):
    """Training ended in numbers that are not finite."""


def is_installed() -> bool:
    """Tell whether LightFM can be fitted here."""
    return LightFM is not None


@dataclass(frozen=True)
class FoldedLightFM:
    """Score of i = z-score of v_i . x, plus a share of the bias of i, with x solved from the liked books.

    x = (V_h' W V_h + COMMON_PULL * V'V + RIDGE * I)^-1 V_h' w, where V_h are the vectors of the liked books and w their
    recency: the reader's vector that least squares would give them, found without training.

    Attributes:
        vectors: float32[n_books, d].
        biases: float32[n_books], z-scored.

    Source: Kula 2015, "Metadata embeddings for user and item cold-start recommendations"; the solve is that of implicit
    ALS (Hu, Koren & Volinsky 2008).
    """

    vectors: Float32s
    biases: Float32s
    name: ClassVar[str] = "lightfm"

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        features: BookFeatures,
        *,
        seed: int,
        dimensions: int = DIMENSIONS,
        epochs: int = EPOCHS,
    ) -> Self:
        """Learn vectors by WARP on the liked books, each book helped by its first author.

        One thread and a fixed order: with two threads the same seed gives another model every time.

        Args:
            interactions: the training facts; those of 4 stars and more count, the newest ones of each reader.
            features: authors of the books.
            seed: of the initial vectors and the sampled negatives.
            dimensions: length of a vector, >= 1.
            epochs: passes over the facts, >= 1.

        Raises:
            LightFMNotInstalledError: it is not installed here.
            InvalidInteractionsError: no fact is positive.
            DivergedError: the result holds numbers that are not finite.
        """
        if LightFM is None:
            raise LightFMNotInstalledError
        liked = sparse.coo_matrix(newest_liked(interactions).matrix())
        described = book_features(features)
        model = LightFM(
            no_components=dimensions,
            loss="warp",
            learning_rate=LEARNING_RATE,
            item_alpha=ITEM_ALPHA,
            max_sampled=MAX_SAMPLED,
            random_state=seed,
        )
        model.fit(liked, item_features=described, epochs=epochs, num_threads=1)
        biases, vectors = model.get_item_representations(described)
        return cls._checked(np.asarray(vectors, np.float32), np.asarray(biases, np.float32))

    @classmethod
    def _checked(cls, vectors: Float32s, biases: Float32s) -> Self:
        if not (np.isfinite(vectors).all() and np.isfinite(biases).all()):
            raise DivergedError("LightFM ended in numbers that are not finite; lower its learning rate.")
        spread = max(float(biases.std()), 1e-6)
        return cls(np.ascontiguousarray(vectors), ((biases - biases.mean()) / spread).astype(np.float32))

    @cached_property
    def pull(self) -> Float32s:
        """float32[d, d]: what the solve adds for every reader. Not saved: BLAS rounds as it likes."""
        common = COMMON_PULL * (self.vectors.T @ self.vectors)
        return np.asarray(common + RIDGE * np.eye(self.vectors.shape[1]), np.float32)

    def score(self, history: History) -> "FoldedHistory":
        """Solve the reader's vector from the history, for the scores it gives."""
        return FoldedHistory(self, history, liking(history))

    def arrays(self) -> NamedArrays:
        """Return the vectors and biases."""
        return {"vectors": self.vectors, "biases": self.biases}

    @classmethod
    def from_arrays(cls, arrays: NamedArrays) -> Self:
        """Restore the model that gave these arrays.

        Raises:
            InvalidModelError: an array is missing, they do not fit, or hold a number that is not finite.
        """
        try:
            vectors = arrays["vectors"].astype(np.float32, copy=False)
            biases = arrays["biases"].astype(np.float32, copy=False)
        except KeyError as error:
            raise InvalidModelError(f"LightFM lacks its array {error}.") from error
        if vectors.ndim != 2 or biases.shape != vectors.shape[:1]:
            raise InvalidModelError(f"LightFM has vectors {vectors.shape} and biases {biases.shape}.")
        if not (np.isfinite(vectors).all() and np.isfinite(biases).all()):
            raise InvalidModelError("LightFM holds numbers that are not finite.")
        return cls(vectors, biases)


@dataclass(frozen=True)
class FoldedHistory:
    """What LightFM makes of one history.

    Attributes:
        model: the vectors.
        history: m books.
        strengths: float32[m], 0 for books that were not liked.
    """

    model: FoldedLightFM
    history: History
    strengths: Float32s

    @cached_property
    def weighted(self) -> Float32s:
        """float32[m, d]: the vectors of the history times their strengths."""
        return self.model.vectors[self.history.books] * self.strengths[:, None]

    @cached_property
    def system(self) -> Float32s:
        """float32[d, d]: the matrix of the solve."""
        return self.weighted.T @ self.model.vectors[self.history.books] + self.model.pull

    @cached_property
    def scores(self) -> Float32s:
        """float32[n_books]: > 0 everywhere if a book was liked, else 0 everywhere."""
        if not self.strengths.any():
            return np.zeros(len(self.model.biases), np.float32)
        reader = np.linalg.solve(self.system, self.weighted.sum(axis=0))
        # Not `@`: BLAS threads of two web workers on two cores wait for each other, p99 16 ms against .2 ms.
        raw = np.einsum("ij,j->i", self.model.vectors, reader)
        scores = (raw - raw.mean()) / max(float(raw.std()), 1e-9) + BIAS_SHARE * self.model.biases
        return np.asarray(scores - scores.min() + 1e-3, np.float32)

    def contributions(self, targets: Int32s) -> Float32s:
        """Return float32[len(targets), m]: the terms of v_i . x, exact before the z-score and the bias."""
        terms = self.model.vectors[targets] @ np.linalg.solve(self.system, self.weighted.T)
        return np.asarray(terms, np.float32)


def book_features(features: BookFeatures) -> sparse.csr_matrix[np.float32]:
    """Return float32[n_books, n_books + authors]: each book itself, and half its author.

    The identity is there on purpose: LightFM drops it in silence as soon as features are given.

    Args:
        features: first authors of the books.

    Raises:
        EmptyFeaturesError: a book has no feature at all.

    >>> book_features(BookFeatures.of(age_band=np.zeros(2, np.int8), author=np.array([0, -1], np.int32))).toarray()
    array([[1. , 0. , 0.5],
           [0. , 1. , 0. ]], dtype=float32)
    """
    n = len(features)
    known = np.flatnonzero(features.author >= 0)
    shape = (n, int(features.author.max(initial=-1)) + 1)
    weights = np.full(len(known), AUTHOR_WEIGHT, np.float32)
    authors = sparse.csr_matrix((weights, (known, features.author[known])), shape=shape)
    described = sparse.csr_matrix(sparse.hstack([sparse.identity(n, np.float32), authors]))
    refuse_empty_rows(described)
    return described


def refuse_empty_rows(matrix: sparse.csr_matrix[np.float32]) -> None:
    """Refuse features that say nothing of some book.

    Args:
        matrix: float32[n_books, features].

    Raises:
        EmptyFeaturesError: a row has no entry above or below 0.

    >>> refuse_empty_rows(sparse.csr_matrix(np.array([[1.0], [0.0]], np.float32)))
    Traceback (most recent call last):
    ...
    epicml.recommenders.lightfm.EmptyFeaturesError: 1 of 2 books have no feature at all, the first is row 1.
    """
    empty = np.flatnonzero(np.asarray(abs(matrix).sum(axis=1)).ravel() == 0)
    if len(empty):
        sentence = f"{len(empty)} of {matrix.shape[0]} books have no feature at all, the first is row {empty[0]}."
        raise EmptyFeaturesError(sentence)
