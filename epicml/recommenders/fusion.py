"""Several recommenders joined by weighted reciprocal rank fusion: the one that is served."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from epicml.datasets.arrays import Bools, Float32s, Int8s, NamedArrays, part_of
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ABSENT, ModelRows
from epicml.datasets.interactions import POSITIVE_FROM, Interactions
from epicml.recommenders import lightfm
from epicml.recommenders.content import NextInSeries, SameAuthor
from epicml.recommenders.item_knn import ItemKnn
from epicml.recommenders.lightfm import FoldedLightFM
from epicml.recommenders.popularity import Popularity
from epicml.recommenders.protocol import (
    NO_HISTORY,
    History,
    HistoryScores,
    InvalidModelError,
    Ranked,
    Recommender,
)
from epicml.recommenders.sequence_knn import SequenceKnn
from epicml.recommenders.settings import DEFAULT_SETTINGS, FusionSettings
from epicml.recommenders.top_k import top_k

PART_KINDS: Mapping[str, type[Recommender]] = {
    part.name: part for part in (ItemKnn, SequenceKnn, NextInSeries, SameAuthor, FoldedLightFM)
}
Progress = Callable[[str], None]


class MismatchedBooksError(ValueError):
    """Columns over different numbers of books were put together."""

    def __init__(self, what: str, *, found: int, expected: int) -> None:
        super().__init__(f"{what} covers {found} books, the model {expected}.")


@dataclass(frozen=True, slots=True)
class FusedRecommender:
    """score(i) = sum over parts m of weight_m / (k + rank_m(i)), ranks from 1 down to a depth.

    Ranks join scores of different scales without tuning. A newcomer's list leans on popularity: with n liked books the
    personal parts weigh n / (n + 5) and popularity the rest.

    Attributes:
        popularity: for newcomers and to fill a list that is too short.
        parts: the personal recommenders.
        settings: weights and constants of the fusion.

    Source: Cormack, Clarke & Buettcher 2009, "Reciprocal rank fusion outperforms Condorcet".
    """

    popularity: Popularity
    parts: tuple[Recommender, ...]
    settings: FusionSettings
    name: str = "fusion"

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        features: BookFeatures,
        *,
        seed: int,
        with_lightfm: bool,
        progress: Progress | None = None,
        settings: FusionSettings = DEFAULT_SETTINGS,
        reader_bands: Int8s | None = None,
    ) -> Self:
        """Fit every part on the same facts.

        Args:
            interactions: training facts, sorted by reader and time.
            features: one entry per book of the interactions.
            seed: of the parts that draw random numbers; the same seed and facts give the same bytes.
            with_lightfm: whether LightFM is one of the parts; it is left out where it is not installed.
            progress: called with the name of each part before it is fitted.
            settings: weights and constants.
            reader_bands: int8[n_readers], for popularity by band; None where not known.

        Returns:
            The fitted model.

        Raises:
            InvalidInteractionsError: there are no facts, or none is positive.
            MismatchedBooksError: the features are of other books.
        """
        if len(features) != interactions.n_books:
            raise MismatchedBooksError("The features", found=len(features), expected=interactions.n_books)
        if progress:
            progress("popularity")
        popularity = Popularity.fit(interactions, features, reader_bands=reader_bands)
        likes = popularity.overall.astype(np.float64)
        fits: dict[str, Callable[[], Recommender]] = {
            "item_knn": lambda: ItemKnn.fit(interactions),
            "sequence": lambda: SequenceKnn.fit(interactions),
            "series": lambda: NextInSeries.fit(features, likes=likes),
            "author": lambda: SameAuthor.fit(features, likes=likes),
        }
        if with_lightfm and lightfm.is_installed():
            fits["lightfm"] = lambda: FoldedLightFM.fit(interactions, features, seed=seed)
        parts: list[Recommender] = []
        for name, fit in fits.items():
            if progress:
                progress(name)
            parts.append(fit())
        return cls(popularity, tuple(parts), settings)

    @property
    def n_books(self) -> int:
        """How many books it ranks."""
        return len(self.popularity.overall)

    def rank(self, history: History, *, eligible: Bools, k: int, age_band: int | None = None) -> Ranked:
        """Rank the best k books for this reader at this moment.

        Args:
            history: what was read, newest first; none of it is ranked.
            eligible: bool[n_books], what may be shown to this reader; nothing else is ranked.
            k: how many books, >= 1.
            age_band: the reader's band, whose popular books fill the list; None for the popular ones overall.

        Returns:
            A full list of k books, or all that are eligible and unread if these are fewer.

        Raises:
            MismatchedBooksError: `eligible` is of another length.
        """
        liked = int((history.values >= POSITIVE_FROM).sum())
        personal = self.settings.personal_share(liked)
        return self._ranked(history, personal=personal, eligible=eligible, k=k, age_band=age_band)

    def similar(self, book: int, *, eligible: Bools, k: int) -> Ranked:
        """Rank the k books nearest to one book, itself left out; popular ones only where too few are near.

        Args:
            book: row of the book.
            eligible: bool[n_books], what may be shown; nothing else is ranked.
            k: how many books, >= 1.

        Raises:
            MismatchedBooksError: `eligible` is of another length.
        """
        only = History(ModelRows(np.array([book], np.int32)), np.array([5], np.float32))
        return self._ranked(only, personal=1.0, eligible=eligible, k=k, age_band=None)

    def popular(self, age_band: int | None, *, eligible: Bools, k: int) -> Ranked:
        """Rank the k most popular eligible books as seen from a band; all bands for None.

        Args:
            age_band: rank 0 (youngest) to 5 (adult), or None.
            eligible: bool[n_books], what may be shown; nothing else is ranked.
            k: how many books, >= 1.
        """
        self._check(eligible)
        books = self.popularity.top(age_band=age_band, eligible=eligible, k=k)
        return Ranked(
            books,
            self.popularity.for_band(age_band)[books],
            {"popularity": np.arange(1, len(books) + 1, dtype=np.int32)},
            ModelRows(np.full(len(books), ABSENT, np.int32)),
            ("popularity",) * len(books),
        )

    def arrays(self) -> NamedArrays:
        """Return everything `from_arrays` needs, under names "part.array" in alphabetical order."""
        named = {f"popularity.{key}": array for key, array in self.popularity.arrays().items()}
        named |= {f"{part.name}.{key}": array for part in self.parts for key, array in part.arrays().items()}
        named |= {f"fusion.{key}": array for key, array in self.settings.arrays().items()}
        named["fusion.parts"] = np.array([part.name for part in self.parts], dtype="U32")
        return dict(sorted(named.items()))

    @classmethod
    def from_arrays(cls, arrays: NamedArrays) -> Self:
        """Restore the model that gave these arrays.

        Raises:
            InvalidModelError: an array is missing, does not fit, or names a part that is not known here.
        """
        if "fusion.parts" not in arrays:
            raise InvalidModelError("These arrays are no fused recommender: 'fusion.parts' is missing.")
        names = [str(name) for name in arrays["fusion.parts"]]
        unknown = [name for name in names if name not in PART_KINDS]
        if unknown:
            raise InvalidModelError(f"The model has parts that are not known here: {', '.join(unknown)}.")
        parts = tuple(PART_KINDS[name].from_arrays(part_of(name, arrays)) for name in names)
        model = cls(
            Popularity.from_arrays(part_of("popularity", arrays)),
            parts,
            FusionSettings.from_arrays(part_of("fusion", arrays)),
        )
        for part in parts:
            scored = len(part.score(NO_HISTORY).scores)
            if scored != model.n_books:
                raise InvalidModelError(f"The part {part.name} scores {scored} books, popularity {model.n_books}.")
        return model

    def _check(self, eligible: Bools) -> None:
        if len(eligible) != self.n_books:
            raise MismatchedBooksError("The eligible mask", found=len(eligible), expected=self.n_books)

    def _ranked(self, history: History, *, personal: float, eligible: Bools, k: int, age_band: int | None) -> Ranked:
        self._check(eligible)
        allowed = eligible.copy()
        allowed[history.books] = False
        recent, depth = history.recent(), self.settings.depth
        scored = {part.name: part.score(recent) for part in self.parts}
        candidates = {name: ModelRows(top_k(found.scores, eligible=allowed, k=depth)) for name, found in scored.items()}
        candidates["popularity"] = self.popularity.top(age_band=age_band, eligible=allowed, k=depth)
        fused = self._fuse(candidates, personal=personal)
        books = ModelRows(top_k(fused, eligible=allowed, k=k))
        books = self._filled(books, allowed=allowed, k=k, age_band=age_band)
        books = ModelRows(
            books[allowed[books]]
        )  # checked once more at the exit: nothing forbidden leaves, whatever ranked it
        return self._explained(books, fused[books], candidates, scored, recent)

    def _fuse(self, candidates: Mapping[str, ModelRows], *, personal: float) -> Float32s:
        fused = np.zeros(self.n_books, np.float32)
        for name, books in candidates.items():
            weight = self.settings.weight(name) * (1 - personal if name == "popularity" else personal)
            fused[books] += (weight / (self.settings.k + np.arange(1, len(books) + 1))).astype(np.float32)
        return fused

    def _filled(self, books: ModelRows, *, allowed: Bools, k: int, age_band: int | None) -> ModelRows:
        if len(books) >= k:
            return books
        left = allowed.copy()
        left[books] = False
        more = self.popularity.top(age_band=age_band, eligible=left, k=k - len(books))
        return ModelRows(np.concatenate((books, more)))

    def _explained(
        self,
        books: ModelRows,
        scores: Float32s,
        candidates: Mapping[str, ModelRows],
        scored: Mapping[str, HistoryScores],
        history: History,
    ) -> Ranked:
        """Name for each book the part that places it best as its reason, and in it the read book that adds most."""
        ranks = {}
        for name, listed in candidates.items():
            place = np.zeros(self.n_books, np.int32)
            place[listed] = np.arange(1, len(listed) + 1)
            ranks[name] = place[books]
        contributing_item, source = (
            np.full(len(books), ABSENT, np.int32),
            np.full(len(books), "popularity", dtype="U32"),
        )
        best = np.full(len(books), self.settings.depth + 1)
        for name in scored:
            better = (ranks[name] > 0) & (ranks[name] < best)
            source[better], best[better] = name, ranks[name][better]
        for name, found in scored.items():
            given = np.flatnonzero(source == name)
            if len(given):
                added = found.contributions(books[given])
                # LightFM may place a book by its bias, against all that was read: then no read book contributed.
                contributing_item[given] = np.where(added.max(axis=1) > 0, history.books[added.argmax(axis=1)], ABSENT)
        return Ranked(books, scores, ranks, ModelRows(contributing_item), tuple(source.tolist()))
