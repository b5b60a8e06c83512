"""The report and the rules of one kind of release: the recommender."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from epicml.audience.bands import AgeBand
from epicml.datasets.arrays import Bools, Float64s
from epicml.datasets.audit import Finding
from epicml.evaluation import wording
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.offline import NO_BAND, Answers
from epicml.evaluation.report import Measure, Report, Slice, Unit
from epicml.stats.bootstrap import Interval, NothingToCompareError, paired_interval, relative_interval

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
)
ABOVE_POPULARITY = GateRule(
    "above_popularity",
    "ndcg@10:popularity",
    Bound.CHANGE,
    0.0,
    "lower bound above 0",
    "It is not proven better than popular books.",
)
ENOUGH_COVERAGE = GateRule(
    "coverage",
    "coverage",
    Bound.SHARE_OF_CHAMPION,
    LEAST_COVERAGE,
    f"at least {_NINETY} of the champion",
    "It would show too few different books.",
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
class Evidence:
    """Everything that the report is written from; all answers are to the same exam.

    Attributes:
        challenger: the fusion's answers.
        popularity: those of popularity.
        parts: those of each part, by name.
        champion: those of the live model's recipe, fitted on the same train side; None if nothing is live.
        trial: of the saved model; None if it was not tried, and then the gate refuses.
        findings: of the audit.
        counts: further figures for the page.
    """

    challenger: Answers
    popularity: Answers
    parts: Mapping[str, Answers] = field(default_factory=dict)
    champion: Answers | None = None
    trial: Trial | None = None
    findings: Sequence[Finding] = ()
    counts: Mapping[str, str | int | float] = field(default_factory=dict)


def evidence_of(
    answers: Mapping[str, Answers],
    *,
    champion: Answers | None = None,
    trial: Trial | None = None,
    findings: Sequence[Finding] = (),
    counts: Mapping[str, str | int | float] | None = None,
) -> Evidence:
    """Sort the result of `answer_all` into what the report needs."""
    parts = {name: given for name, given in answers.items() if name not in ("fusion", "popularity")}
    return Evidence(answers["fusion"], answers["popularity"], parts, champion, trial, findings, counts or {})


def report(evidence: Evidence, *, seed: int) -> Report:
    """Write the report of a recommender.

    Args:
        evidence: the answers to compare.
        seed: of the bootstrap.

    Returns:
        NDCG@10 against the champion first, then the other measures in the order of the page.
    """
    readers = len(evidence.challenger.lists)
    method = f"temporal split, {readers:,} readers, paired bootstrap"
    return Report(
        method=method,
        measures=tuple(_measures(evidence, seed)),
        slices=tuple(_slices(evidence, seed)),
        findings=tuple(evidence.findings),
        counts=evidence.counts,
    )


def _measures(evidence: Evidence, seed: int) -> Iterator[Measure]:
    new, live = evidence.challenger, evidence.champion
    champion = _columns(live)
    yield _compared("ndcg@10", "NDCG@10", new.ndcg, champion["ndcg"], seed)
    yield _compared("recall@20", "Recall@20", new.recall, champion["recall"], seed)
    for name, other in {"popularity": evidence.popularity, **evidence.parts}.items():
        title = f"NDCG@10 against {title_of(name)}"
        yield _compared(f"ndcg@10:{name}", title, new.ndcg, other.ndcg, seed, against=name)
    yield _compared("mrr@10", "MRR@10", new.mrr, champion["mrr"], seed)
    yield _compared("precision@10", "Precision@10", new.precision, champion["precision"], seed)
    covered = live.coverage if live else None
    note = "counted, no interval"
    yield Measure("coverage", "Coverage of the catalogue", new.coverage, covered, unit=Unit.SHARE, note=note)
    yield _counted("above_band", "Books above the age band", new.above_band, live.above_band if live else None, new)
    yield _counted("already_read", "Books already read", new.already_read, live.already_read if live else None, new)
    yield from _trial_measures(evidence.trial)


def title_of(part: str) -> str:
    """A part's name as people read it.

    >>> title_of("item_knn"), title_of("author")
    ('item-kNN', 'same author')
    """
    titles = {"item_knn": "item-kNN", "lightfm": "LightFM", "series": "next in series", "author": "same author"}
    return titles.get(part, part)


def _columns(answers: Answers | None) -> dict[str, Float64s | None]:
    names = ("ndcg", "recall", "mrr", "precision")
    return {name: None if answers is None else getattr(answers, name) for name in names}


def _compared(
    key: str, title: str, new: Float64s, old: Float64s | None, seed: int, *, against: str = "champion"
) -> Measure:
    challenger, n = float(new.mean()), len(new)
    if old is None:
        return Measure(key, title, challenger, against=against, n=n, note="nothing was live")
    difference = paired_interval(new, old, seed=seed)
    change = _change(new, old, seed)
    note = "" if change else f"{title_of(against)} scores 0"
    return Measure(
        key, title, challenger, float(old.mean()), against, change=change, difference=difference, n=n, note=note
    )


def _change(new: Float64s, old: Float64s, seed: int) -> Interval | None:
    try:
        return relative_interval(new, old, seed=seed)
    except NothingToCompareError:
        return None


def _counted(key: str, title: str, found: int, before: int | None, answers: Answers) -> Measure:
    lists = len(answers.lists)
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


def _slices(evidence: Evidence, seed: int) -> Iterator[Slice]:
    questions = evidence.challenger.exam.questions
    bands = np.array([question.age_band for question in questions])
    lengths = np.array([len(question.history) for question in questions])
    for band in AgeBand:
        if band in bands and band != NO_BAND:
            yield _slice(
                "age band", "Adults" if band is AgeBand.ADULT else f"Age {band.label}", bands == band, evidence, seed
            )
    for title, low, high in _LENGTHS:
        inside = (lengths >= low) & (lengths < high)
        if inside.any():
            yield _slice("history", title, inside, evidence, seed)


_LENGTHS = (
    (f"New readers, under {FEW_BOOKS} books", 0, FEW_BOOKS),
    ("5 to 19 books read", FEW_BOOKS, 20),
    ("20 to 49 books read", 20, 50),
    ("50 books read and more", 50, 1_000_000),
)


def _slice(group: str, title: str, inside: Bools, evidence: Evidence, seed: int) -> Slice:
    """Against the champion, or against popularity while nothing is live."""
    other = evidence.champion or evidence.popularity
    new, old = evidence.challenger.ndcg[inside], other.ndcg[inside]
    change = _change(new, old, seed) if len(new) >= FEWEST_IN_SLICE else None
    return Slice(group, title, len(new), float(new.mean()), float(old.mean()), change)
