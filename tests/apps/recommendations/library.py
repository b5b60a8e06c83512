"""A small library with two kinds of taste, in which who likes dragons likes more dragons and never robots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.events.services.ingest import ingest
from apps.readers.services import ReaderInput, save_readers
from apps.recommendations.services.auditing import audit
from apps.recommendations.services.building import FittedModels, fit, snapshot
from apps.recommendations.services.reporting import evaluate
from apps.recommendations.services.snapshot import Snapshot
from apps.recommendations.services.training import RULES, register, retrain
from apps.recommendations.serving import KIND
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.selectors.live import LiveRelease
from apps.releases.services.kinds import Audit, BuildContext, register_kind, release_kind
from epicml.audience.bands import AgeBand
from epicml.evaluation.report import Report

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TASTES = ("dragon", "robot")
BOOKS_PER_TASTE = 40
READERS_PER_TASTE = 40
# In a library of two tastes one part already sees everything, so the fusion cannot be better than its best part.
RULES_HERE = tuple(rule for rule in RULES if rule.key != "above_parts")


def book_key(taste: str, number: int) -> str:
    return f"{taste}-{number}"


def band_of(number: int) -> AgeBand:
    """A quarter of the books is for adults, the others are for 6 to 8 or 9 to 11."""
    return AgeBand.ADULT if number % 4 == 3 else AgeBand(1 + number % 2)


def books() -> list[BookInput]:
    return [
        BookInput(
            key=book_key(taste, number),
            title=f"The {taste.title()} {number}",
            authors=(f"Author of {taste} {number // 8}",),
            series=f"{taste.title()}s" if number in (0, 4, 8) else None,
            series_number=1 + number / 4 if number in (0, 4, 8) else None,
            age_band=band_of(number),
            reading_level=1 + number % 6,
            language="de" if number % 10 == 9 else "en",
            genres=(taste, "fiction"),
            ratings_count=1000 - number,
        )
        for taste in TASTES
        for number in range(BOOKS_PER_TASTE)
    ]


def reader_key(taste: str, number: int) -> str:
    return f"{taste}-reader-{number}"


def read(
    reader: str,
    keys: Sequence[str],
    *,
    at: datetime,
    kind: str = "rated",
    value: float | None = 5.0,
    heard_at: datetime = NOON,
) -> None:
    """The reader does this with each book, a minute apart; no act is stored as of later than it was heard of."""
    outcomes = ingest(
        [
            {
                "event_id": f"{reader}:{kind}:{key}",
                "reader": reader,
                "book": key,
                "kind": kind,
                **({"value": value} if kind == "rated" else {}),
                "occurred_at": (at + timedelta(minutes=place)).isoformat(),
            }
            for place, key in enumerate(keys)
        ],
        now=heard_at,
    )
    assert [outcome.status for outcome in outcomes] == ["stored"] * len(keys), outcomes


def fill() -> None:
    """Books, readers of every band, and a history of twelve books for each."""
    save_books(books(), now=NOON)
    bands = [AgeBand.ADULT, AgeBand.AGES_9_TO_11, AgeBand.AGES_6_TO_8, AgeBand.AGES_12_TO_14]
    readers = [
        ReaderInput(key=reader_key(taste, number), age_band=bands[number % 4])
        for taste in TASTES
        for number in range(READERS_PER_TASTE)
    ]
    save_readers(readers, now=NOON)
    random = np.random.default_rng(7)
    for taste in TASTES:
        for number in range(READERS_PER_TASTE):
            # neighbours in a circle of the taste's books, so that some books are nearer than others
            numbers = (number + random.choice(16, 12, replace=False)) % BOOKS_PER_TASTE
            allowed = [int(n) for n in numbers if band_of(int(n)) <= bands[number % 4]]
            keys = [book_key(taste, n) for n in allowed]
            read(reader_key(taste, number), keys, at=NOON - timedelta(days=2))


def register_lenient_kind() -> None:
    """The recommender as it is, without the one rule that so small a library cannot pass."""
    register()
    register_kind(replace(release_kind(KIND), rules=RULES_HERE))


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What the steps of a build handed over, and where the files lie."""

    context: BuildContext
    snapshot: Snapshot
    audit: Audit
    fitted: FittedModels
    told: list[str]

    @property
    def folder(self) -> Path:
        return self.context.folder

    def report(self, **changes: Any) -> Report:
        """The report on it; with `fitted` or what is known of a champion changed."""
        fitted = changes.pop("fitted", self.fitted)
        return evaluate(replace(self.context, **changes), self.snapshot, self.audit, fitted)

    def beside(self, folder: Path | None, *, details: Mapping[str, Any] | None = None, problem: str = "") -> Report:
        """The report beside a live release with these files and these details, or those of this build."""
        champion = LiveRelease(1, KIND, "0", "0" * 64, details or self.fitted.details, NOON)
        return self.report(champion=champion, champion_folder=folder, champion_problem=problem)


def made_in(folder: Path, *, champion: LiveRelease | None = None, with_lightfm: bool = False) -> Made:
    """A build of everything up to noon, in this folder, from its snapshot to its fit."""
    folder.mkdir(exist_ok=True)
    told: list[str] = []

    def tell(done: int, total: int, text: str) -> None:
        told.append(text)

    context = BuildContext(KIND, "1", folder, NOON, champion, {"lightfm": with_lightfm}, tell)
    data = snapshot(context)
    return Made(context, data, audit(context, data), fit(context, data), told)


def train(*, promote: bool = True, now: datetime = NOON, with_lightfm: bool = False) -> ReleaseRow:
    return retrain(created_by="ada", why="a test", clock=lambda: now, promote=promote, with_lightfm=with_lightfm)
