"""The shelf as the model sees it: worked out once for each pair of shelf and model, used by every request."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.catalog.selectors.shelf import Shelf, shelf
from apps.recommendations.serving import LoadedModel, models
from epicml.audience.bands import AgeBand
from epicml.datasets.features import BookFeatures
from epicml.recommenders.popularity import FADE_PER_BAND
from epicml.recommenders.series import NextVolumes, SeriesOrder

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int32]
ABSENT = -1


class Stock:
    """All books that can be shown, with their rows in the model; nothing in it changes."""

    def __init__(self, on_shelf: Shelf, model: LoadedModel | None) -> None:
        self.shelf = on_shelf
        self.model = model
        self._popular: dict[AgeBand, tuple[Rows, npt.NDArray[np.float64]]] = {}

    @cached_property
    def model_rows(self) -> Rows:
        """int32[books on the shelf]: row in the model, -1 for a book that the model does not know."""
        if self.model is None:
            return np.full(len(self.shelf.ids), ABSENT, np.int32)
        return self.model.books.rows(self.shelf.ids)

    @cached_property
    def shelf_rows(self) -> Rows:
        """int32[books of the model]: row on the shelf, -1 for a book that was withdrawn since."""
        if self.model is None:
            return np.zeros(0, np.int32)
        return self.shelf.rows_of_ids(self.model.books.ids)

    @cached_property
    def unknown(self) -> Mask:
        """Which books of the shelf are newer than the model."""
        return np.asarray(self.model_rows == ABSENT)

    def in_model(self, eligible: Mask) -> Mask:
        """The same books as rows of the model."""
        if not len(eligible):
            return np.zeros(len(self.shelf_rows), np.bool_)
        return np.asarray(eligible[self.shelf_rows] & (self.shelf_rows != ABSENT))

    def popular(self, age_band: AgeBand, *, eligible: Mask, k: int) -> Rows:
        """The k most popular eligible books as seen from a band, new ones included."""
        order, _ = self._popularity(age_band)
        return order[eligible[order]][:k]

    def popularity(self, age_band: AgeBand) -> npt.NDArray[np.float64]:
        """float64[books on the shelf]: how popular each is as seen from a band."""
        return self._popularity(age_band)[1]

    @cached_property
    def by_series(self) -> Mapping[str, list[int]]:
        """Rows of each series in the order of its numbers; books without a number are left out."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for row, card in enumerate(self.shelf.cards):
            if card.series is not None and card.series_number is not None:
                found[card.series].append(row)
        for rows in found.values():
            rows.sort(key=lambda row: (self.shelf.cards[row].series_number, row))
        return dict(found)

    @cached_property
    def series_order(self) -> SeriesOrder:
        """The volumes of all series on the shelf."""
        cards = self.shelf.cards
        return SeriesOrder.of(
            BookFeatures.of(
                age_band=self.shelf.age_bands,
                popularity=self.shelf.popularity,
                series=_numbered([card.series for card in cards]),
                series_number=np.array([card.series_number for card in cards], np.float32),
                author=_numbered([card.authors[0] if card.authors else None for card in cards]),
            )
        )

    @cached_property
    def first_volumes(self) -> NextVolumes:
        """What somebody goes on with who has read nothing."""
        return self.series_order.after(np.zeros(0, np.int32))

    @cached_property
    def by_author(self) -> Mapping[str, list[int]]:
        """Rows of each author."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for row, card in enumerate(self.shelf.cards):
            for author in card.authors:
                found[author].append(row)
        return dict(found)

    @cached_property
    def by_genre(self) -> Mapping[str, Mask]:
        """For each genre, which rows carry it."""
        found: dict[str, Mask] = {}
        for row, card in enumerate(self.shelf.cards):
            for genre in card.genres:
                found.setdefault(genre, np.zeros(len(self.shelf.cards), np.bool_))[row] = True
        return found

    def _popularity(self, age_band: AgeBand) -> tuple[Rows, npt.NDArray[np.float64]]:
        known = self._popular.get(age_band)
        if known is None:
            scores = self._popularity_scores(age_band)
            known = (np.argsort(-scores, kind="stable").astype(np.int32), scores)
            self._popular[age_band] = known
        return known

    def _popularity_scores(self, age_band: AgeBand) -> npt.NDArray[np.float64]:
        """What the model learned; a new book scores like a book that is as well known outside and as near in age."""
        distance = np.abs(self.shelf.age_bands.astype(np.int64) - int(age_band))
        outside = (self.shelf.popularity + 1) * FADE_PER_BAND**distance
        if self.model is None or self.unknown.all():
            return np.asarray(outside, np.float64)
        known = ~self.unknown
        scores = np.zeros(len(outside))
        scores[known] = self.model.recommender.popularity.for_band(int(age_band))[self.model_rows[known]]
        if self.unknown.any():
            scores[self.unknown] = np.interp(outside[self.unknown], np.sort(outside[known]), np.sort(scores[known]))
        return scores


def _numbered(names: Sequence[str | None]) -> Rows:
    """The same number for the same name, -1 for none."""
    numbers = {name: number for number, name in enumerate(sorted({name for name in names if name is not None}))}
    return np.array([numbers.get(name, ABSENT) if name is not None else ABSENT for name in names], np.int32)


_latest: Any = None


def current_stock(now: datetime) -> Stock:
    """The shelf and the model as they are now."""
    global _latest  # one per process, replaced whole; two threads may work it out at once, to the same result
    on_shelf, model = shelf(), models.current(now)
    stock: Stock | None = _latest
    if stock is None or stock.shelf is not on_shelf or stock.model is not model:
        stock = _latest = Stock(on_shelf, model)
    return stock


def warm(*, now: datetime) -> None:
    """The model, and what is worked out once for it and the shelf, are in memory."""
    models.warm(now)
    stock = current_stock(now)
    _ = stock.shelf_rows, stock.unknown, stock.by_author, stock.by_genre, stock.by_series, stock.first_volumes
    for band in AgeBand:
        stock.popularity(band)
