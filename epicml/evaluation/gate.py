"""The gate: a release may go live only if it passes every rule. It answers in numbers, which the pages word."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from epicml.datasets.audit import Finding, stops
from epicml.evaluation.report import Measure, Report

# The refusal of a release that could not be compared with the live one; a person may accept it under this name.
NOT_COMPARED = "not_compared"


class Bound(StrEnum):
    """What a rule compares with its limit."""

    CHANGE = "change"  # lower end of the relative change must lie above the limit
    DIFFERENCE = "difference"  # lower end of the difference must lie above the limit
    SHARE_OF_CHAMPION = "share_of_champion"  # challenger / champion must reach the limit
    AT_LEAST = "at_least"  # the value must reach the limit
    AT_MOST = "at_most"  # the value must not pass the limit
    EXACTLY = "exactly"  # the value must be the limit
    ALL = "all"  # every one of the n answers must be there


class Basis(StrEnum):
    """What a rule could hold against its limit."""

    VALUE = "value"  # the value itself
    CHANGE = "change"  # the lower end of the relative change
    DIFFERENCE = "difference"  # the lower end of the difference
    DIFFERENCE_NEAR_ZERO = "difference_near_zero"  # that, for the baseline is at or near 0 and has no relative change
    SHARE = "share"  # challenger / champion
    CHAMPION_AT_ZERO = "champion_at_zero"  # nothing is below a champion of 0
    NO_INTERVAL = "no_interval"  # nothing: too little was compared
    NOT_MEASURED = "not_measured"  # nothing: the report does not hold the measure
    NO_NUMBER = "no_number"  # nothing: the measure is no number
    NOTHING_LIVE = "nothing_live"  # nothing, and nothing is needed: no release is live
    NOT_COMPARED = "not_compared"  # nothing: what is live could not be compared, which is refused once for all rules
    NO_CHAMPION_VALUE = "no_champion_value"  # nothing: what is live was compared, but not in this measure


@dataclass(frozen=True, slots=True)
class GateRule:
    """One condition on one measure.

    Attributes:
        key: short name of the rule.
        measure: key of the measure it looks at.
        bound: what is compared.
        limit: with what.
        acceptable: whether a person may accept that it fails, under the rule's key. Never where readers could be shown
            what they must not see, or where the release is not what it says.
    """

    key: str
    measure: str
    bound: Bound
    limit: float
    acceptable: bool = False


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What a rule found, in numbers.

    Attributes:
        rule: key of the rule.
        measure: key of the measure.
        bound: what is compared.
        limit: with what.
        passed: whether it holds.
        basis: what was held against the limit, or why nothing could be.
        tested: the number that was held against the limit, in the unit of the bound; None where there was none.
        value: the measure of the new release; None where it is no number.
        baseline: that of what it is compared with; None where there is none.
        n: how many pairs, lists or answers the value rests on.
        acceptable: whether a person may accept it, now that it failed.
    """

    rule: str
    measure: str
    bound: Bound
    limit: float
    passed: bool
    basis: Basis
    tested: float | None = None
    value: float | None = None
    baseline: float | None = None
    n: int = 0
    acceptable: bool = False

    @property
    def compared(self) -> bool:
        """Tell whether it is refused by itself, and not with all others because what is live could not be compared."""
        return self.basis is not Basis.NOT_COMPARED


@dataclass(frozen=True, slots=True)
class NotCompared:
    """A live release that could not be compared with.

    Attributes:
        champion: its key, "" where it is not known.
        why: the reason, as the end of a sentence.
    """

    champion: str
    why: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that keeps a release from going live.

    Attributes:
        name: of the rule or the finding; under it a person may accept it.
        because: the failed rule, the finding that stops, or what could not be compared.
        acceptable: whether a person may accept it.
    """

    name: str
    because: RuleResult | Finding | NotCompared
    acceptable: bool


@dataclass(frozen=True, slots=True)
class GateResult:
    """The answer of the gate.

    Attributes:
        passed: whether nothing is refused but what a person accepted.
        results: one per rule, in the order of the rules.
        refusals: everything that speaks against it, what nobody may accept first.
        accepted: names of the refusals that were accepted.
    """

    passed: bool
    results: tuple[RuleResult, ...]
    refusals: tuple[Refusal, ...] = ()
    accepted: tuple[str, ...] = ()

    @property
    def open(self) -> tuple[Refusal, ...]:
        """Return the refusals that nobody accepted."""
        return tuple(refusal for refusal in self.refusals if refusal.name not in self.accepted)


class NoRulesError(ValueError):
    """A gate without rules would let everything through."""

    def __init__(self) -> None:
        super().__init__("The gate has no rules; give at least one.")


def decide(report: Report, rules: Sequence[GateRule], *, accepted: Collection[str] = ()) -> GateResult:
    """Apply every rule to the report.

    Args:
        report: what was measured.
        rules: at least one; a rule whose measure is missing from the report fails.
        accepted: names of the refusals that a person accepts; a name that nothing is refused under does nothing.

    Returns:
        Passed only if every rule holds, no finding of the audit stops the release, and it was compared with what is
        live; or where each refusal may be accepted and was.

    Raises:
        NoRulesError: there is no rule, so that passing would mean nothing.

    >>> rule = GateRule("read", "read_books", Bound.EXACTLY, 0)
    >>> found = decide(Report("by hand", (Measure("read_books", "Books already read", 2),)), [rule])
    >>> found.passed, found.results[0].tested, found.results[0].limit
    (False, 2, 0)
    """
    if not rules:
        raise NoRulesError
    results = tuple(apply_rule(rule, report) for rule in rules)
    refusals = tuple(sorted(_refusals(report, results), key=lambda refusal: refusal.acceptable))
    taken = tuple(dict.fromkeys(one.name for one in refusals if one.acceptable and one.name in accepted))
    return GateResult(all(refusal.name in taken for refusal in refusals), results, refusals, taken)


def _refusals(report: Report, results: Sequence[RuleResult]) -> Iterator[Refusal]:
    for result in results:
        if not result.passed and result.compared:
            yield Refusal(result.rule, result, result.acceptable)
    for finding in report.findings:
        if stops(finding):
            yield Refusal(finding.name, finding, acceptable=bool(finding.name))
    if report.not_compared:
        yield Refusal(NOT_COMPARED, NotCompared(report.champion, report.not_compared), acceptable=True)


def apply_rule(rule: GateRule, report: Report) -> RuleResult:
    """Hold one measure of the report against the limit of the rule.

    Args:
        rule: the condition.
        report: what was measured.

    Returns:
        The numbers that were compared. A measure that is missing or no number fails, and nobody may accept that.
        Without a champion a rule that asks for one passes only where really nothing is live: what is live and was not
        compared is worth no less for that.
    """
    measure = report.measure(rule.measure) if report.has(rule.measure) else None
    acceptable = rule.acceptable
    if measure is None:
        basis, tested, passed, acceptable = Basis.NOT_MEASURED, None, False, False
    elif math.isnan(measure.challenger):  # also where nothing is live to compare with
        basis, tested, passed, acceptable = Basis.NO_NUMBER, None, False, False
    elif measure.champion is None and rule.bound in {Bound.CHANGE, Bound.SHARE_OF_CHAMPION}:
        basis, tested, passed = Basis.NOTHING_LIVE, None, True
        if report.not_compared or report.champion:
            basis, passed = Basis.NOT_COMPARED if report.not_compared else Basis.NO_CHAMPION_VALUE, False
    else:
        basis, tested, passed = _held(measure, rule)
    return RuleResult(
        rule.key,
        rule.measure,
        rule.bound,
        rule.limit,
        passed,
        basis,
        tested=_number(tested),
        value=_number(measure.challenger) if measure else None,
        baseline=_number(measure.champion) if measure else None,
        n=measure.n if measure else 0,
        acceptable=acceptable and not passed,
    )


Held = tuple[Basis, float | None, bool]


def _held(measure: Measure, rule: GateRule) -> Held:
    """Find the number that is held against the limit, and whether it holds."""
    value, limit = measure.challenger, rule.limit
    match rule.bound:
        case Bound.CHANGE if measure.change is not None:
            return Basis.CHANGE, measure.change.low, measure.change.low > limit
        case Bound.CHANGE | Bound.DIFFERENCE:
            return _held_by_difference(measure, rule)
        case Bound.SHARE_OF_CHAMPION if measure.champion == 0:
            return Basis.CHAMPION_AT_ZERO, value, value >= 0
        case Bound.SHARE_OF_CHAMPION:
            share = value / (math.nan if measure.champion is None else measure.champion)
            return Basis.SHARE, share, share >= limit
        case Bound.AT_LEAST:
            return Basis.VALUE, value, value >= limit
        case Bound.AT_MOST:
            return Basis.VALUE, value, value <= limit
        case Bound.EXACTLY:
            return Basis.VALUE, value, value == limit
        case Bound.ALL:
            return Basis.VALUE, value, measure.n > 0 and value == measure.n


def _held_by_difference(measure: Measure, rule: GateRule) -> Held:
    """Hold the difference to the limit; also where a relative change means nothing."""
    low = measure.difference.low if measure.difference else None
    if low is None:
        return Basis.NO_INTERVAL, None, False
    if rule.bound is Bound.DIFFERENCE:
        return Basis.DIFFERENCE, low, low > rule.limit
    if measure.champion is None or math.isnan(measure.champion):
        return Basis.NO_INTERVAL, None, False
    # A rule with a margin lets through what is nowhere worse, also where the margin itself is 0.
    passed = low > rule.limit * measure.champion or (rule.limit < 0 and low >= 0)
    return Basis.DIFFERENCE_NEAR_ZERO, low, passed


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
