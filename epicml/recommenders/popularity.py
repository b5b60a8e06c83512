"""What is liked by many: the answer for new readers and the last in every fallback chain."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from epicml.datasets.arrays import Bools, Float32s, Float64s, Int8s, NamedArrays
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ModelRows
from epicml.datasets.interactions import Interactions
from epicml.recommenders.protocol import InvalidModelError
from epicml.recommenders.top_k import top_k

BANDS = 6
# A band with 200 likes of its own and the prior count alike; a band with few leans on the prior.
PRIOR_LIKES = 200.0
# For a reader of a band, a book one band below counts half: a book for small children is popular with small children.
FADE_PER_BAND = 0.5


@dataclass(frozen=True, slots=True)
class Popularity:
    """Likes per book, seen from each age band.

    Attributes:
        overall: float32[n_books], readers who liked the book; ties and unread books by outside popularity, below 1.
        by_band: float32[6, n_books], what the likes look like from each band, sums to at most 1 per band.
    """

    overall: Float32s
    by_band: Float32s
    name: ClassVar[str] = "popularity"

    @classmethod
    def fit(cls, interactions: Interactions, features: BookFeatures, *, reader_bands: Int8s | None = None) -> Self:
        """Count likes overall and by band.

        The share of a band is (likes by its readers + 200 * prior) / (its likes + 200), where the prior is the overall
        share, halved for each band between the book's and the reader's. A thin band is so filled up by its neighbours.

        Args:
            interactions: the training facts; those of 4 stars and more count.
            features: age bands and outside popularity of the books.
            reader_bands: int8[n_readers], the band of each reader; without it only the prior counts.

        Raises:
            InvalidInteractionsError: no fact is positive.
        """
        liked = interactions.positives()
        likes = np.asarray(liked.matrix().sum(axis=0), np.float64)
        # Between 0 and 1, so that it orders books with equal likes and never crosses them.
        overall = likes + (features.popularity + 1) / (features.popularity.max() + 2)
        return cls(overall.astype(np.float32), _by_band(liked, overall, features, reader_bands))

    def for_band(self, age_band: int | None) -> Float32s:
        """Return float32[n_books]: popularity as seen from a band, overall for None."""
        return self.overall if age_band is None else self.by_band[age_band]

    def top(self, *, age_band: int | None, eligible: Bools, k: int) -> ModelRows:
        """Rank the k most popular eligible books, best first.

        Args:
            age_band: rank 0 (youngest) to 5 (adult); None for the popular ones overall.
            eligible: bool[n_books], what may be shown.
            k: at most how many, >= 0.
        """
        return ModelRows(top_k(self.for_band(age_band), eligible=eligible, k=k))

    def arrays(self) -> NamedArrays:
        """Return both tables."""
        return {"overall": self.overall, "by_band": self.by_band}

    @classmethod
    def from_arrays(cls, arrays: NamedArrays) -> Self:
        """Restore the model that gave these arrays.

        Raises:
            InvalidModelError: an array is missing, of the wrong shape, or holds a number that is not finite.
        """
        try:
            overall, by_band = arrays["overall"].astype(np.float32), arrays["by_band"].astype(np.float32)
        except KeyError as error:
            raise InvalidModelError(f"Popularity lacks its array {error}.") from error
        if by_band.shape != (BANDS, len(overall)):
            raise InvalidModelError(f"Popularity by band has shape {by_band.shape} beside {len(overall)} books.")
        if not (np.isfinite(overall).all() and np.isfinite(by_band).all()):
            raise InvalidModelError("Popularity holds numbers that are not finite.")
        return cls(overall, by_band)


def _by_band(liked: Interactions, overall: Float64s, features: BookFeatures, reader_bands: Int8s | None) -> Float32s:
    shares = np.zeros((BANDS, liked.n_books))
    for band in range(BANDS):
        distance = np.abs(features.age_band.astype(np.int64) - band)
        prior = overall * FADE_PER_BAND**distance
        own = np.zeros(liked.n_books)
        if reader_bands is not None:
            own = np.bincount(liked.book[reader_bands[liked.reader] == band], minlength=liked.n_books).astype(float)
        shares[band] = (own + PRIOR_LIKES * prior / prior.sum()) / (own.sum() + PRIOR_LIKES)
    return shares.astype(np.float32)
