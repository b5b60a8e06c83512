"""The report and the rules of one kind of release: the recommender."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from epicml.audience.bands import AgeBand
from epicml.datasets.arrays import Bools
from epicml.datasets.audit import Finding
from epicml.evaluation import wording
from epicml.evaluation.comparison import compare, relative_change
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.offline import NO_BAND, Rankings
from epicml.evaluation.report import Measure, Report, Slice, Unit

# A loss of under 2 % is smaller than the difference between two seeds of the same model (.5 to 1.5 %).
WORST_CHANGE = -0.02
LEAST_COVERAGE = 0.9
# A slice of fewer readers has an interval so wide that it misleads.
FEWEST_IN_SLICE = 20
FEW_BOOKS = 5
# 95 % sure after n lists without a fault: the true share is at most 3 / n (Hanley & Lippman-Hand 1983).
RULE_OF_THREE = 3.0

_MINUS_TWO = f"{chr(0x2212)}2{chr(0x202F)}%"
_NINETY = f"90{chr(0x202F)}%"

NOT_WORSE = GateRule(
    "not_worse",
    "ndcg@10",
    Bound.CHANGE,
    WORST_CHANGE,
    f"lower bound above {_MINUS_TWO}",
    "It may be worse than the champion.",
    acceptable=True,
)
ABOVE_POPULARITY = GateRule(
    "above_popularity",
    "ndcg@10:popularity",
    Bound.CHANGE,
    0.0,
    "lower bound above 0",
    "It is not proven better than popular books.",
    acceptable=True,
)
ENOUGH_COVERAGE = GateRule(
    "coverage",
    "coverage",
    Bound.SHARE_OF_CHAMPION,
    LEAST_COVERAGE,
    f"at least {_NINETY} of the champion",
    "It would show too few different books.",
    acceptable=True,
)
NOTHING_ABOVE_BAND = GateRule(
    "age_band", "above_band", Bound.EXACTLY, 0, "exactly 0", "It would show books above a reader's age band."
)
NOTHING_READ = GateRule(
    "already_read", "already_read", Bound.EXACTLY, 0, "exactly 0", "It would show books already read."
)
REPRODUCED = GateRule(
    "reproduced", "reproduced", Bound.ALL, 1, "the same hash both times", "Built twice, it is not the same model."
)
SERVES = GateRule("serves", "served", Bound.ALL, 1, "all", "It does not serve in a trial.")
RECOMMENDER_RULES = (
    NOT_WORSE,
    ABOVE_POPULARITY,
    ENOUGH_COVERAGE,
    NOTHING_ABOVE_BAND,
    NOTHING_READ,
    REPRODUCED,
    SERVES,
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What happened when the saved model was loaded and served.

    Attributes:
        asked: how many lists were asked for.
        served: how many came full and without an error.
        n_bytes: size of the model's arrays.
        builds: how many times it was built from the same data, 0 if only once and not compared.
        same: how many of these gave the hash of the first.
    """

    asked: int
    served: int
    n_bytes: int
    builds: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that the report is written from; all rankings are of the same evaluation set.

    Attributes:
        challenger: rankings of the fusion.
        popularity: those of popularity.
        parts: those of each part, by name.
        champion: those of what is live; None if nothing is live, or it could not be compared.
        beside_champion: those of the fusion for the same cases as the champion's; None if these are all.
        how: how the two were compared, for the method; "" where there is nothing to say.
        not_compared: why what is live could not be compared, "" if it was or nothing is live.
        trial: of the saved model; None if it was not tried, and then the gate refuses.
        findings: of the audit.
        counts: further figures for the page.
    """

    challenger: Rankings
    popularity: Rankings
    parts: Mapping[str, Rankings] = field(default_factory=dict)
    champion: Rankings | None = None
    trial: Trial | None = None
    findings: Sequence[Finding] = ()
    counts: Mapping[str, str | int | float] = field(default_factory=dict)
    beside_champion: Rankings | None = None
    how: str = ""
    not_compared: str = ""


def evaluation_of(
    rankings: Mapping[str, Rankings],
    *,
    trial: Trial | None = None,
    findings: Sequence[Finding] = (),
    counts: Mapping[str, str | int | float] | None = None,
) -> Evaluation:
    """Sort the result of `rank_all` into what the report needs; what is live is not among it."""
    parts = {name: given for name, given in rankings.items() if name not in ("fusion", "popularity")}
    return Evaluation(rankings["fusion"], rankings["popularity"], parts, None, trial, findings, counts or {})


def report(evaluation: Evaluation, *, seed: int) -> Report:
    """Write the report of a recommender.

    Args:
        evaluation: the rankings to compare.
        seed: of the bootstrap.

    Returns:
        NDCG@10 against the champion first, then the other measures in the order of the page.
    """
    readers = len(evaluation.challenger.lists)
    how = f"; {evaluation.how}" if evaluation.how else ""
    return Report(
        method=f"temporal split, {readers:,} readers, paired bootstrap{how}",
        measures=tuple(_measures(evaluation, seed)),
        slices=tuple(_slices(evaluation, seed)),
        findings=tuple(evaluation.findings),
        counts=evaluation.counts,
        not_compared=evaluation.not_compared,
    )


def _measures(evaluation: Evaluation, seed: int) -> Iterator[Measure]:
    new, live = evaluation.challenger, evaluation.champion
    beside = evaluation.beside_champion or new
    yield _against_champion("ndcg@10", "NDCG@10", evaluation, "ndcg", seed)
    yield _against_champion("recall@20", "Recall@20", evaluation, "recall", seed)
    for name, other in {"popularity": evaluation.popularity, **evaluation.parts}.items():
        title = f"NDCG@10 against {title_of(name)}"
        yield compare(f"ndcg@10:{name}", title, new.ndcg, other.ndcg, seed=seed, against=name)
    yield _against_champion("mrr@10", "MRR@10", evaluation, "mrr", seed)
    yield _against_champion("precision@10", "Precision@10", evaluation, "precision", seed)
    covered = live.coverage if live else None
    note = "counted, no interval"
    yield Measure("coverage", "Coverage of the catalogue", beside.coverage, covered, unit=Unit.SHARE, note=note)
    yield _counted("above_band", "Books above the age band", new.above_band, live.above_band if live else None, new)
    yield _counted("already_read", "Books already read", new.already_read, live.already_read if live else None, new)
    yield from _trial_measures(evaluation.trial)


def _against_champion(key: str, title: str, evaluation: Evaluation, column: str, seed: int) -> Measure:
    beside = evaluation.beside_champion or evaluation.challenger
    live = None if evaluation.champion is None else getattr(evaluation.champion, column)
    note = "not compared" if evaluation.not_compared else "nothing was live"
    return compare(key, title, getattr(beside, column), live, seed=seed, note="" if live is not None else note)


def title_of(part: str) -> str:
    """A part's name as people read it.

    >>> title_of("item_knn"), title_of("author")
    ('item-kNN', 'same author')
    """
    titles = {"item_knn": "item-kNN", "lightfm": "LightFM", "series": "next in series", "author": "same author"}
    return titles.get(part, part)


def _counted(key: str, title: str, found: int, before: int | None, rankings: Rankings) -> Measure:
    lists = len(rankings.lists)
    bound = wording.percent(RULE_OF_THREE / lists, digits=4 if lists > 100_000 else 2)
    note = f"{lists:,} lists checked" + ("" if found else f", upper bound {bound}")
    return Measure(key, title, found, before, unit=Unit.COUNT, n=lists, note=note)


def _trial_measures(trial: Trial | None) -> Iterator[Measure]:
    if trial is None:
        return
    yield Measure("bytes", "Size of the model", trial.n_bytes, unit=Unit.BYTES, note="all arrays")
    note = "lists, no error"
    yield Measure("served", "Loads and serves in a trial", trial.served, unit=Unit.ANSWERS, n=trial.asked, note=note)
    if trial.builds:
        note = "builds from the same data"
        yield Measure("reproduced", "Built again", trial.same, unit=Unit.ANSWERS, n=trial.builds, note=note)


def _slices(evaluation: Evaluation, seed: int) -> Iterator[Slice]:
    cases = (evaluation.beside_champion or evaluation.challenger).evaluation_set.cases
    bands = np.array([case.age_band for case in cases])
    lengths = np.array([len(case.history) for case in cases])
    for band in AgeBand:
        if band in bands and band != NO_BAND:
            yield _slice(
                "age band", "Adults" if band is AgeBand.ADULT else f"Age {band.label}", bands == band, evaluation, seed
            )
    for title, low, high in _LENGTHS:
        inside = (lengths >= low) & (lengths < high)
        if inside.any():
            yield _slice("history", title, inside, evaluation, seed)


_LENGTHS = (
    (f"New readers, under {FEW_BOOKS} books", 0, FEW_BOOKS),
    ("5 to 19 books read", FEW_BOOKS, 20),
    ("20 to 49 books read", 20, 50),
    ("50 books read and more", 50, 1_000_000),
)


def _slice(group: str, title: str, inside: Bools, evaluation: Evaluation, seed: int) -> Slice:
    """Against the champion, or against popularity where no champion was compared."""
    other = evaluation.champion or evaluation.popularity
    new, old = (evaluation.beside_champion or evaluation.challenger).ndcg[inside], other.ndcg[inside]
    change = relative_change(new, old, seed=seed) if len(new) >= FEWEST_IN_SLICE else None
    return Slice(group, title, len(new), float(new.mean()), float(old.mean()), change)
