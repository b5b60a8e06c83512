"""Small shelves that a test writes out itself, and a model of them that serves without being measured."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.readers.services import ReaderInput, save_reader
from apps.recommendations.services.building import FittedModels
from apps.recommendations.services.lists import contexts
from apps.recommendations.services.lists.contexts import ListContext
from apps.recommendations.services.snapshot import Snapshot, take_snapshot
from apps.recommendations.serving import BOOK_IDS, KIND, MODEL_FILE, models
from apps.releases.services import kinds
from apps.releases.services.files import save_arrays
from apps.releases.services.kinds import Audit, BuildContext, ReleaseKind, register_kind
from apps.releases.services.making import make_release
from epicml.audience.bands import AgeBand
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.report import Measure, Report
from epicml.recommenders.fusion import FusedRecommender
from tests.apps.recommendations.library import NOON, read

CHILD = AgeBand.AGES_9_TO_11
Reads = Callable[..., ListContext]
RULE = GateRule("books", "books", Bound.AT_LEAST, 1)


def put(key: str, **fields: Any) -> None:
    """This book is on the shelf, for 6 to 8 where nothing else is said."""
    values = {"title": key.title(), "age_band": AgeBand.AGES_6_TO_8, **fields}
    save_books([BookInput(key=key, **values)], now=NOON)


def of(key: str) -> ListContext:
    """What this reader is to be shown now."""
    return contexts.of_reader(key, now=NOON)


@pytest.fixture
def reader(db: None) -> Reads:
    """Make a reader and what was read, the newest last: reader("tom", "a", "b"); of 9 to 11 where nothing is said."""

    def make(key: str, *books: str, age_band: AgeBand = CHILD, value: float = 5.0, **wishes: Any) -> ListContext:
        save_reader(ReaderInput(key=key, age_band=age_band, **wishes), now=NOON)
        read(key, books, at=NOON - timedelta(days=1), value=value)
        return of(key)

    return make


@pytest.fixture
def serve(db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on a model of everything that was read serves."""
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    register_kind(
        ReleaseKind(
            KIND,
            "Recommender",
            "",
            snapshot=lambda context: take_snapshot(up_to=context.now),
            audit=lambda context, snapshot: Audit(),
            fit=_fit,
            evaluate=_evaluate,
            snapshot_type=Snapshot,
            fitted_type=FittedModels,
            rules=(RULE,),
        )
    )

    def make() -> None:
        assert make_release(KIND, created_by="ada", why="a test", clock=lambda: NOON, promote=True).state == "live"
        models.reset()  # this process has looked at this very moment already, and looks once a second

    return make


def _fit(context: BuildContext, data: Snapshot) -> FittedModels:
    model = FusedRecommender.fit(
        data.interactions, data.features, seed=1, with_lightfm=False, reader_bands=data.reader_bands
    )
    save_arrays(context.folder / MODEL_FILE, {**model.arrays(), BOOK_IDS: data.books.ids})
    return FittedModels({"books": len(data.books)}, reproducible=True)


def _evaluate(context: BuildContext, snapshot: Snapshot, audit: Audit, fitted: FittedModels) -> Report:
    return Report("counted", (Measure("books", "Books", fitted.details["books"]),))
