"""The report and the rules of one kind of release: the search index."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from epicml.evaluation.comparison import compare, counted
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.report import Note, Report, Unit
from epicml.metrics.keystrokes import Typing

BASELINE = "title-prefix baseline"

SEARCH_RULES = (
    GateRule("baseline", "saved_against_baseline", Bound.DIFFERENCE, -0.01, acceptable=True),
    GateRule("champion", "keystrokes_saved", Bound.SHARE_OF_CHAMPION, 0.98, acceptable=True),
    GateRule("complete", "missing_books", Bound.EXACTLY, 0),
    # More books of one title than a search can page through are no fault of the index.
    GateRule("found", "titles_found", Bound.ALL, 1, acceptable=True),
    GateRule("age_band", "above_age_band", Bound.EXACTLY, 0),
)
Target = TypeVar("Target")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that the report on an index is written from; all typings are of the same targets, in their order.

    Attributes:
        challenger: each target typed into the new index.
        baseline: into the list of titles that begin so, by popularity.
        champion: into the live index; None if nothing is live, or it could not be compared.
        books: how many books the catalogue has.
        missing_books: how many of them the index does not hold.
        titles_found: how many targets are found by their own title.
        lists: how many lists of suggestions were checked against the age band of who asks.
        above_age_band: how many suggestions in them were above it.
        counts: further figures for the page.
        not_compared: why what is live could not be compared, "" if it was or nothing is live.
    """

    challenger: Sequence[Typing]
    baseline: Sequence[Typing]
    champion: Sequence[Typing] | None
    books: int
    missing_books: int
    titles_found: int
    lists: int
    above_age_band: int
    counts: Mapping[str, str | int | float] = field(default_factory=dict)
    not_compared: str = ""


def draw_targets(items: Sequence[Target], *, popularity: Sequence[float], n: int, seed: int) -> list[Target]:
    """Draw what is typed, with replacement and by popularity.

    Args:
        items: what can be typed.
        popularity: of each item, >= 0; 1 is added, so that none is out of reach.
        n: how many are drawn, >= 1.
        seed: of the draws; equal seeds draw the same.

    Returns:
        n items, some of them more than once; none where there are no items.

    >>> draw_targets(["a"], popularity=[3.0], n=2, seed=1), draw_targets([], popularity=[], n=2, seed=1)
    (['a', 'a'], [])
    """
    weights = [1 + value for value in popularity]
    return random.Random(seed).choices(items, weights, k=n) if items else []  # noqa: S311


def report(evaluation: Evaluation, *, method: str, seed: int) -> Report:
    """Measure a search index.

    Args:
        evaluation: what was typed and counted.
        method: how, in one line for people.
        seed: of the bootstrap.

    Returns:
        Keystrokes saved against the champion first, then against the baseline, then what was counted.
    """
    saved = [typing.saved for typing in evaluation.challenger]
    before = None if evaluation.champion is None else [typing.saved for typing in evaluation.champion]
    plain = [typing.saved for typing in evaluation.baseline]
    note = Note.NOT_COMPARED if evaluation.not_compared else Note.NOTHING_LIVE
    title = "Keystrokes saved"
    missing, above = evaluation.missing_books, evaluation.above_age_band
    return Report(
        method=method,
        measures=(
            compare("keystrokes_saved", title, saved, before, seed=seed, unit=Unit.SHARE, note=note),
            compare(
                "saved_against_baseline",
                f"{title}, against the baseline",
                saved,
                plain,
                seed=seed,
                against=BASELINE,
                unit=Unit.SHARE,
            ),
            counted("missing_books", "Books missing from the index", missing, n=evaluation.books),
            counted(
                "titles_found",
                "Books found by their own title",
                evaluation.titles_found,
                n=len(saved),
                unit=Unit.ANSWERS,
            ),
            counted("above_age_band", "Suggestions above the age band", above, n=evaluation.lists),
        ),
        counts=evaluation.counts,
        not_compared=evaluation.not_compared,
    )
