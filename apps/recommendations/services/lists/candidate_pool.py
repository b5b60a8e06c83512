"""The candidates of every list: the books on the shelf, joined with their rows in the model.

Every request uses one pool; after a change only what changed is worked out again.
"""

from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from apps.catalog.selectors.columns import Delta
from apps.catalog.selectors.shelf import Shelf, shelf
from apps.recommendations.serving import LoadedModel, models
from epicml.audience.bands import AgeBand
from epicml.datasets.arrays import Float32s, Float64s
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ABSENT, CatalogueRows, ModelRows, present
from epicml.recommenders.cold_start import KnownBooks, outside_popularity
from epicml.recommenders.rising_scores import RisingScores
from epicml.recommenders.series import NextVolumes, SeriesOrder

# So many of the most popular books as seen from a band are kept in order: from them nearly every list is filled. While
# their number stays between these bounds, the same threshold selects them; else it is set anew for the middle one.
FEWEST_IN_ORDER, IN_ORDER, MOST_IN_ORDER = 2000, 4000, 8000

Mask = npt.NDArray[np.bool_]


class PopularRows(NamedTuple):
    """The rows that reach a threshold of popularity; None in a later state where too many may reach it."""

    threshold: float
    rows: CatalogueRows | None


class CandidatePool:
    """All books that can be shown, with their rows in the model; a pool never changes."""

    def __init__(self, on_shelf: Shelf, model: LoadedModel | None, *, former: "CandidatePool | None" = None) -> None:
        """Work out nothing yet, but take from the former pool what holds for this one too, or nearly so."""
        self.shelf = on_shelf
        self.model = model
        self._estimates: dict[AgeBand, Float64s] = {}
        self.most_popular: dict[AgeBand, PopularRows] = {}  # in their order
        self.may_be_popular: dict[AgeBand, PopularRows] = {}  # from the former pool; only these and new books reach it
        self.score_blocks: dict[AgeBand, dict[int, Float32s]] = {}
        delta = None if former is None else on_shelf.columns.since(former.shelf.columns)
        if former is not None and delta is not None:
            self._take_over(former, delta)

    def _take_over(self, former: "CandidatePool", delta: Delta) -> None:
        """Set what the former pool had worked out, made right where a book changed."""
        gone = CatalogueRows(np.flatnonzero(delta.moved == ABSENT).astype(np.int32))
        if "series_order" in vars(former):
            self._take_over_series(former, delta, gone=gone)
        if former.model is not self.model or self.model is None or "shelf_rows" not in vars(former):
            return
        removed_in_model, added_in_model = former.model_rows(gone), self.model_rows(delta.changed)
        removed, added = gone[removed_in_model != ABSENT], CatalogueRows(delta.changed[added_in_model != ABSENT])
        self._take_over_rows(former, delta, added=added, added_in_model=present(added_in_model))
        self._take_over_popular(former, delta)
        if "known_books" in vars(former):
            self.known_books = former.known_books.with_changed(
                (former.shelf.popularity[removed], former.shelf.age_bands[removed]),
                (self.shelf.popularity[added], self.shelf.age_bands[added]),
            )
        if np.array_equal(np.sort(removed_in_model), np.sort(added_in_model)):  # the same books are in shelf and model
            self.score_blocks = former.score_blocks

    def _take_over_rows(
        self, former: "CandidatePool", delta: Delta, *, added: CatalogueRows, added_in_model: ModelRows
    ) -> None:
        if self.shelf.ids is former.shelf.ids:  # no row moved
            self.shelf_rows = former.shelf_rows
            if "unknown_rows" in vars(former):
                self.unknown_rows = former.unknown_rows
        else:
            self.shelf_rows = CatalogueRows(np.append(delta.moved, np.int32(ABSENT))[former.shelf_rows])
            self.shelf_rows[added_in_model] = added

    def _take_over_popular(self, former: "CandidatePool", delta: Delta) -> None:
        """Keep the thresholds, and which rows may reach them: the model learned nothing else of a book that stayed."""
        for band, (threshold, rows) in (former.may_be_popular | former.most_popular).items():
            may_reach = None
            if rows is not None:
                stayed = present(CatalogueRows(delta.moved[rows]))
                may_reach = CatalogueRows(np.concatenate((stayed, delta.changed)))
            are_few = may_reach is not None and len(may_reach) <= MOST_IN_ORDER
            self.may_be_popular[band] = PopularRows(threshold, may_reach if are_few else None)

    def _take_over_series(self, former: "CandidatePool", delta: Delta, *, gone: CatalogueRows) -> None:
        columns, order = self.shelf.columns, former.series_order
        is_numbered = (columns.series[delta.changed] != ABSENT) & (columns.number_codes[delta.changed] != ABSENT)
        was_numbered = order.volume_of[gone] != ABSENT
        if np.array_equal(gone, delta.changed) and not is_numbered.any() and not was_numbered.any():
            self.series_order = order  # no row moved, and no volume changed
            if "first_volumes" in vars(former):
                self.first_volumes = former.first_volumes
        else:
            self.series_order = order.updated(self._features(), moved=delta.moved, changed=delta.changed)

    def model_rows(self, rows: CatalogueRows) -> ModelRows:
        """Return int32: the row in the model of each of these rows of the shelf, -1 for a book newer than the model."""
        if self.model is None:
            return ModelRows(np.full(len(rows), ABSENT, np.int32))
        return ModelRows(self.model.books.rows(self.shelf.ids[rows]))

    def model_row(self, row: int) -> int | None:
        """Find the row in the model of the book in one row of the shelf."""
        found = int(self.model_rows(CatalogueRows(np.array([row], np.int32)))[0])
        return None if found == ABSENT else found

    @cached_property
    def shelf_rows(self) -> CatalogueRows:
        """int32[books of the model]: row on the shelf, -1 for a book that was withdrawn since."""
        if self.model is None:
            return CatalogueRows(np.zeros(0, np.int32))
        return self.shelf.rows_of_ids(self.model.books.ids)

    @cached_property
    def unknown_rows(self) -> CatalogueRows:
        """int32: the books of the shelf that are newer than the model."""
        is_unknown = np.ones(len(self.shelf), np.bool_)
        is_unknown[present(self.shelf_rows)] = False
        return CatalogueRows(np.flatnonzero(is_unknown).astype(np.int32))

    @property
    def unknown(self) -> Mask:
        """bool[books on the shelf]: which are newer than the model."""
        mask = np.zeros(len(self.shelf), np.bool_)
        mask[self.unknown_rows] = True
        return mask

    def in_model(self, eligible: Mask) -> Mask:
        """Return the same books as rows of the model."""
        if not len(eligible):
            return np.zeros(len(self.shelf_rows), np.bool_)
        return np.asarray(eligible[self.shelf_rows] & (self.shelf_rows != ABSENT))

    def popular(self, age_band: AgeBand, *, eligible: Mask, k: int) -> CatalogueRows:
        """Return the k most popular eligible books as seen from a band, new ones included."""
        best = self._most_popular(age_band)
        found = CatalogueRows(best[eligible[best]][:k])
        if len(found) == k or len(best) == len(self.shelf):
            return found
        rows = np.flatnonzero(eligible).astype(np.int32)
        return CatalogueRows(rows[_highest(self.popularity(age_band)[rows], k)])

    def popularity(self, age_band: AgeBand) -> Float64s:
        """Return float64[books on the shelf]: how popular each is as seen from a band, by what the model learned."""
        if self.model is None or len(self.unknown_rows) == len(self.shelf):
            return outside_popularity(self.shelf.popularity, self.shelf.age_bands, seen_from=int(age_band))
        scores = np.zeros(len(self.shelf))
        is_on_shelf = self.shelf_rows != ABSENT
        scores[self.shelf_rows[is_on_shelf]] = self._learned(age_band)[is_on_shelf]
        scores[self.unknown_rows] = self._estimated_for_unknown(age_band)
        return scores

    def popularity_of(self, age_band: AgeBand, rows: CatalogueRows) -> Float64s:
        """Return float64: the same for these rows alone."""
        if self.model is None or len(self.unknown_rows) == len(self.shelf):
            return outside_popularity(self.shelf.popularity[rows], self.shelf.age_bands[rows], seen_from=int(age_band))
        in_model = self.model_rows(rows)
        scores = self._learned(age_band)[in_model].astype(np.float64)
        is_new = in_model == ABSENT
        if is_new.any():
            scores[is_new] = self._estimated_for_unknown(age_band)[np.searchsorted(self.unknown_rows, rows[is_new])]
        return scores

    @cached_property
    def series_order(self) -> SeriesOrder:
        """The volumes of all series on the shelf."""
        return SeriesOrder.of(self._features())

    @cached_property
    def first_volumes(self) -> NextVolumes:
        """The next volumes of a reader who has read nothing."""
        return self.series_order.after(np.zeros(0, np.int32))

    @cached_property
    def known_books(self) -> KnownBooks:
        """The books of the model that are on the shelf, with their popularity outside."""
        rows = present(self.shelf_rows)
        return KnownBooks.of(self.shelf.popularity[rows], self.shelf.age_bands[rows])

    def _features(self) -> BookFeatures:
        columns = self.shelf.columns
        return BookFeatures.of(
            age_band=columns.age_bands,
            popularity=columns.popularity.astype(np.float64),
            series=columns.series,
            series_number=columns.series_numbers.astype(np.float32),
            author=columns.authors.first(),
        )

    def _learned(self, age_band: AgeBand) -> Float32s:
        """Return float32[books of the model]: how popular each is as seen from a band."""
        if self.model is None:
            return np.zeros(0, np.float32)
        return self.model.recommender.popularity.for_band(int(age_band))

    def _estimated_for_unknown(self, age_band: AgeBand) -> Float64s:
        """Return float64[unknown]: a new book counts as popular as one as well known outside and as near in age."""
        estimate = self._estimates.get(age_band)
        if estimate is None:
            rows, learned = self.unknown_rows, self._learned(age_band)
            estimate = self._estimates[age_band] = self.known_books.estimate(
                outside_popularity(self.shelf.popularity[rows], self.shelf.age_bands[rows], seen_from=int(age_band)),
                seen_from=int(age_band),
                scores=RisingScores(
                    len(self.known_books),
                    lambda: learned[self.shelf_rows != ABSENT],
                    self.score_blocks.setdefault(age_band, {}),
                ),
            )
        return estimate

    def _most_popular(self, age_band: AgeBand) -> CatalogueRows:
        """Return the most popular books as seen from a band, in their order: all that reach the threshold."""
        best = self.most_popular.get(age_band)
        if best is None or best.rows is None:
            threshold, rows, scores = self._above_threshold(age_band)
            ordered = CatalogueRows(rows[np.argsort(-scores, kind="stable")])
            self.most_popular[age_band] = PopularRows(threshold, ordered)
            return ordered
        return best.rows

    def _above_threshold(self, age_band: AgeBand) -> tuple[float, CatalogueRows, Float64s]:
        """Return the threshold of the band, set anew if it must be, and the rows that reach it and their popularity."""
        threshold, may_reach = self.may_be_popular.get(age_band, PopularRows(np.inf, None))
        if may_reach is not None and len(self.unknown_rows) <= MOST_IN_ORDER:
            rows = CatalogueRows(np.union1d(may_reach, self.unknown_rows))
            scores = self.popularity_of(age_band, rows)
            reaches = scores >= threshold
            if FEWEST_IN_ORDER <= np.count_nonzero(reaches) <= MOST_IN_ORDER:
                return threshold, CatalogueRows(rows[reaches]), scores[reaches]
        scores_of_all = self.popularity(age_band)
        highest = np.flatnonzero(scores_of_all >= threshold)
        if not FEWEST_IN_ORDER <= len(highest) <= MOST_IN_ORDER:
            at = max(len(scores_of_all) - IN_ORDER, 0)
            threshold = float(np.partition(scores_of_all, at)[at]) if len(scores_of_all) else 0.0
            highest = np.flatnonzero(scores_of_all >= threshold)
        return threshold, CatalogueRows(highest.astype(np.int32)), scores_of_all[highest]


def _highest(scores: Float64s, k: int) -> npt.NDArray[np.intp]:
    """Return the places of the k highest scores, the highest first, equal ones by place."""
    if not 0 < k < len(scores):
        return np.argsort(-scores, kind="stable")[:k]
    places = np.flatnonzero(scores >= np.partition(scores, len(scores) - k)[len(scores) - k])
    return places[np.argsort(-scores[places], kind="stable")][:k]


_latest: CandidatePool | None = None


def current_pool(now: datetime) -> CandidatePool:
    """Return the pool of the shelf and the model as they are now."""
    global _latest  # one per process, replaced whole; two threads may work it out at once, to the same result
    on_shelf, model = shelf(), models.current(now)
    pool = _latest
    if pool is None or pool.shelf is not on_shelf or pool.model is not model:
        pool = _latest = CandidatePool(on_shelf, model, former=pool)
    return pool


def reset_pool() -> None:
    """Forget everything, so that the next call works it out. For tests and measurements."""
    global _latest
    _latest = None


def warm(*, now: datetime) -> None:
    """Load the model, and work out what is needed once for it and the shelf."""
    models.warm(now)
    pool = current_pool(now)
    _ = pool.first_volumes
    for band in AgeBand:
        pool.popular(band, eligible=pool.shelf.allowed(band), k=1)
