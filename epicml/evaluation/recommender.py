"""The report and the rules of one kind of release: the recommender."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from epicml.audience.bands import AgeBand
from epicml.datasets.arrays import Bools
from epicml.datasets.audit import Finding
from epicml.evaluation.comparison import compare, counted, relative_change
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.offline import NO_BAND, Rankings
from epicml.evaluation.report import Measure, Note, Report, Slice, Unit

# A loss of under 2 % is smaller than the difference between two seeds of the same model (.5 to 1.5 %).
WORST_CHANGE = -0.02
LEAST_COVERAGE = 0.9
# A slice of fewer readers has an interval so wide that it misleads.
FEWEST_IN_SLICE = 20
FEW_BOOKS = 5
# 95 % sure after n lists without a fault: the true share is at most 3 / n (Hanley & Lippman-Hand 1983).
RULE_OF_THREE = 3.0
GAP = 10  # reads that are skipped before the books that are looked for
BEST_PART, AFTER_GAP = "ndcg@10:best_part", f"ndcg@10:gap{GAP}"

NOT_WORSE = GateRule("not_worse", "ndcg@10", Bound.CHANGE, WORST_CHANGE, acceptable=True)
ABOVE_POPULARITY = GateRule("above_popularity", "ndcg@10:popularity", Bound.CHANGE, 0.0, acceptable=True)
ENOUGH_COVERAGE = GateRule("coverage", "coverage", Bound.SHARE_OF_CHAMPION, LEAST_COVERAGE, acceptable=True)
NOTHING_ABOVE_BAND = GateRule("age_band", "above_band", Bound.EXACTLY, 0)
NOTHING_READ = GateRule("already_read", "already_read", Bound.EXACTLY, 0)
REPRODUCED = GateRule("reproduced", "reproduced", Bound.ALL, 1)
SERVES = GateRule("serves", "served", Bound.ALL, 1)
# A fusion that loses to one of its parts is not worth its parts.
ABOVE_PARTS = GateRule("above_parts", BEST_PART, Bound.DIFFERENCE, 0.0, acceptable=True)
RECOMMENDER_RULES = (
    NOT_WORSE,
    ABOVE_POPULARITY,
    ENOUGH_COVERAGE,
    NOTHING_ABOVE_BAND,
    NOTHING_READ,
    REPRODUCED,
    SERVES,
    ABOVE_PARTS,
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
        how: how the two were compared, in words; "" where there is nothing to say.
        not_compared: why what is live could not be compared, "" if it was or nothing is live.
        after_gap: those of the fusion and of popularity where the next reads are skipped and those after them looked
            for. Who shelves books in batches looks as if reading the next one: a model that is good only at that falls
            here. None where histories are too short.
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
    after_gap: tuple[Rankings, Rankings] | None = None


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


def report(evaluation: Evaluation, *, method: str, seed: int) -> Report:
    """Measure a recommender.

    Args:
        evaluation: the rankings to compare.
        method: how they were made, in one line for people.
        seed: of the bootstrap.

    Returns:
        NDCG@10 against the champion first, then the other measures in the order of the page.
    """
    return Report(
        method=method,
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
    coverage = beside.coverage, covered
    yield Measure("coverage", "Coverage of the catalogue", *coverage, unit=Unit.SHARE, note=Note.COUNTED)
    yield _faults("above_band", "Books above the age band", new.above_band, live.above_band if live else None, new)
    yield _faults("already_read", "Books already read", new.already_read, live.already_read if live else None, new)
    yield from _trial_measures(evaluation.trial)
    if evaluation.parts:
        best = max(evaluation.parts, key=lambda name: (evaluation.parts[name].ndcg.mean(), name))
        title = f"NDCG@10 against its best part, {title_of(best)}"
        yield compare(BEST_PART, title, new.ndcg, evaluation.parts[best].ndcg, seed=seed, against=best)
    if evaluation.after_gap:
        title = f"NDCG@10 after a gap of {GAP} reads, against popularity"
        later, popular = (rankings.ndcg for rankings in evaluation.after_gap)
        yield compare(AFTER_GAP, title, later, popular, seed=seed, against="popularity")


def _against_champion(key: str, title: str, evaluation: Evaluation, column: str, seed: int) -> Measure:
    beside = evaluation.beside_champion or evaluation.challenger
    live = None if evaluation.champion is None else getattr(evaluation.champion, column)
    note = Note.NOT_COMPARED if evaluation.not_compared else Note.NOTHING_LIVE
    return compare(key, title, getattr(beside, column), live, seed=seed, note="" if live is not None else note)


def title_of(part: str) -> str:
    """Write a part's name as people read it.

    >>> title_of("item_knn"), title_of("author")
    ('item-kNN', 'same author')
    """
    titles = {"item_knn": "item-kNN", "lightfm": "LightFM", "series": "next in series", "author": "same author"}
    return titles.get(part, part)


def _faults(key: str, title: str, found: int, before: int | None, rankings: Rankings) -> Measure:
    lists = len(rankings.lists)
    return replace(
        counted(key, title, found, n=lists, champion=before), upper=None if found else min(RULE_OF_THREE / lists, 1.0)
    )


def _trial_measures(trial: Trial | None) -> Iterator[Measure]:
    if trial is None:
        return
    yield counted("bytes", "Size of the model", trial.n_bytes, n=0, unit=Unit.BYTES)
    yield counted("served", "Loads and serves in a trial", trial.served, n=trial.asked, unit=Unit.ANSWERS)
    if trial.builds:
        yield counted("reproduced", "Built again", trial.same, n=trial.builds, unit=Unit.ANSWERS)


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
    """Compare with the champion, or with popularity where no champion was compared."""
    other = evaluation.champion or evaluation.popularity
    new, old = (evaluation.beside_champion or evaluation.challenger).ndcg[inside], other.ndcg[inside]
    change = relative_change(new, old, seed=seed) if len(new) >= FEWEST_IN_SLICE else None
    return Slice(group, title, len(new), float(new.mean()), float(old.mean()), change)
