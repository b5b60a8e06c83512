"""The gate: a release may go live only if it passes every rule, and each rule says both of its numbers."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from epicml.datasets.audit import stops
from epicml.evaluation import wording
from epicml.evaluation.report import JSON, Measure, Report

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


@dataclass(frozen=True, slots=True)
class GateRule:
    """One condition on one measure.

    Attributes:
        key: short name of the rule.
        measure: key of the measure it looks at.
        bound: what is compared.
        limit: with what.
        text: the rule as the page writes it, as "lower bound above 0".
        refusal: the headline when it fails, as "It would show too few different books."
        acceptable: whether a person may accept that it fails, under the rule's key. Never where readers could be shown
            what they must not see, or where the release is not what it says.
    """

    key: str
    measure: str
    bound: Bound
    limit: float
    text: str
    refusal: str
    acceptable: bool = False


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What a rule found.

    Attributes:
        rule: key of the rule.
        measure: key of the measure.
        passed: whether it holds.
        text: the rule in words.
        found: one sentence with both numbers.
        refusal: the headline of the rule if it failed, else "".
        acceptable: whether a person may accept it, now that it failed.
        compared: False where the rule asks for a live release that could not be compared.
    """

    rule: str
    measure: str
    passed: bool
    text: str
    found: str
    refusal: str = ""
    acceptable: bool = False
    compared: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that keeps a release from going live.

    Attributes:
        name: of the rule or the finding; under it a person may accept it.
        headline: what is wrong, in one sentence.
        text: what it rests on, with both numbers.
        acceptable: whether a person may accept it.
    """

    name: str
    headline: str
    text: str
    acceptable: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of the gate.

    Attributes:
        passed: whether nothing is refused but what a person accepted.
        headline: the answer in one sentence, as "Yes. It is better than the champion and breaks no rule."
        reason: what it rests on, with both numbers of each rule that failed.
        results: one per rule, in the order of the rules.
        refusals: everything that speaks against it, what nobody may accept first.
        accepted: names of the refusals that were accepted.
    """

    passed: bool
    headline: str
    reason: str
    results: tuple[RuleResult, ...]
    refusals: tuple[Refusal, ...] = ()
    accepted: tuple[str, ...] = ()

    def as_json(self) -> JSON:
        """The verdict as dictionaries, lists, texts and numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The verdict that was stored."""
        results = tuple(RuleResult(**result) for result in stored["results"])
        refusals = tuple(Refusal(**refusal) for refusal in stored["refusals"])
        return cls(**{**stored, "results": results, "refusals": refusals, "accepted": tuple(stored["accepted"])})


def decide(report: Report, rules: Sequence[GateRule], *, accepted: Collection[str] = ()) -> Verdict:
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

    >>> rule = GateRule("read", "read_books", Bound.EXACTLY, 0, "exactly 0", "It would show books already read.")
    >>> decide(Report("by hand", (Measure("read_books", "Books already read", 2),)), [rule]).reason
    'Books already read is 2.0000; the rule is exactly 0.'
    """
    if not rules:
        raise NoRulesError
    results = tuple(_apply(rule, report) for rule in rules)
    refusals = tuple(sorted(_refusals(report, results), key=lambda refusal: refusal.acceptable))
    taken = tuple(dict.fromkeys(one.name for one in refusals if one.acceptable and one.name in accepted))
    stands = [refusal for refusal in refusals if refusal.name not in taken]
    if stands:
        headline, reason = f"No. {stands[0].headline}", " ".join(refusal.text for refusal in stands)
    elif taken:
        texts = " ".join(refusal.text for refusal in refusals)
        headline, reason = f"Yes, because a person accepted: {', '.join(taken)}.", f"Accepted: {texts}"
    else:
        headline, reason = _praise(report), _summary(report, len(rules))
    return Verdict(not stands, headline, reason, results, refusals, taken)


class NoRulesError(ValueError):
    """A gate without rules would let everything through."""

    def __init__(self) -> None:
        super().__init__("The gate has no rules; give at least one.")


def _refusals(report: Report, results: Sequence[RuleResult]) -> Iterator[Refusal]:
    for result in results:
        if not result.passed and result.compared:
            yield Refusal(result.rule, result.refusal, result.found, result.acceptable)
    for finding in report.findings:
        if stops(finding):
            headline = "The data it was built from are refused."
            yield Refusal(finding.name, headline, finding.text, acceptable=bool(finding.name))
    if report.not_compared:
        name = f"Release {report.champion}" if report.champion else "A release"
        text = f"{name} is live but could not be compared, because {report.not_compared}."
        yield Refusal(NOT_COMPARED, "It could not be compared with what is live.", text, acceptable=True)


def _apply(rule: GateRule, report: Report) -> RuleResult:
    if not report.has(rule.measure):
        found = f"{rule.measure} was not measured; the rule is {rule.text}."
        return RuleResult(rule.key, rule.measure, passed=False, text=rule.text, found=found, refusal=rule.refusal)
    measure = report.measure(rule.measure)
    if math.isnan(measure.challenger):  # also where nothing is live to compare with
        found = _plain(measure, rule)
        return RuleResult(rule.key, rule.measure, passed=False, text=rule.text, found=found, refusal=rule.refusal)
    if measure.champion is None and rule.bound in _AGAINST_CHAMPION:
        return _without_champion(rule, measure, report)
    passed, found = _CHECKS[rule.bound](measure, rule)
    refusal, acceptable = ("", False) if passed else (rule.refusal, rule.acceptable)
    return RuleResult(rule.key, rule.measure, passed, rule.text, found, refusal, acceptable)


def _without_champion(rule: GateRule, measure: Measure, report: Report) -> RuleResult:
    """Passed only where really nothing is live: what is live and was not compared is worth no less for that."""
    if not report.champion and not report.not_compared:
        found = f"{measure.title}: nothing was live to compare with."
        return RuleResult(rule.key, rule.measure, passed=True, text=rule.text, found=found)
    found = f"{measure.title} could not be compared with {report.champion or measure.against}; the rule is {rule.text}."
    return RuleResult(
        rule.key,
        rule.measure,
        passed=False,
        text=rule.text,
        found=found,
        refusal=rule.refusal,
        acceptable=rule.acceptable,
        compared=not report.not_compared,  # then that is refused, once for all rules
    )


Check = Callable[[Measure, GateRule], tuple[bool, str]]


def _check_change(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    if measure.change is None:
        return _check_change_of_little(measure, rule)
    low = wording.percent(measure.change.low, signed=True)
    return measure.change.low > rule.limit, f"{measure.title} has the lower bound {low}; the rule is {rule.text}."


def _check_change_of_little(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    """Where the other one is at or near 0 a relative change means nothing: the difference is held to the same limit."""
    if measure.difference is None or measure.champion is None or math.isnan(measure.champion):
        return False, _no_interval(measure, rule)
    low = measure.difference.low
    # A rule with a margin lets through what is nowhere worse, also where the margin itself is 0.
    passed = low > rule.limit * measure.champion or (rule.limit < 0 and low >= 0)
    found = (
        f"{measure.title}: the {measure.against} is at or near 0, so that a relative change means nothing; the "
        f"difference has the lower bound {wording.value(measure, low)}; the rule is {rule.text}."
    )
    return passed, found


def _check_difference(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    if measure.difference is None:
        return False, _no_interval(measure, rule)
    low = wording.value(measure, measure.difference.low)
    return measure.difference.low > rule.limit, f"{measure.title} has the lower bound {low}; the rule is {rule.text}."


def _no_interval(measure: Measure, rule: GateRule) -> str:
    found = f"{measure.title} has no interval against the {measure.against} ({measure.n:,} compared)"
    return f"{found}; the rule is {rule.text}."


def _check_share_of_champion(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    champion = math.nan if measure.champion is None else measure.champion
    if champion == 0:
        found = f"{measure.title} was 0 in the champion, which nothing can be below; the rule is {rule.text}."
        return measure.challenger >= 0, found
    share = measure.challenger / champion
    found = f"{measure.title} is {wording.percent(share)} of the champion's; the rule is {rule.text}."
    return share >= rule.limit, found


def _check_at_least(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    return measure.challenger >= rule.limit, _plain(measure, rule)


def _check_at_most(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    return measure.challenger <= rule.limit, _plain(measure, rule)


def _check_exactly(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    return measure.challenger == rule.limit, _plain(measure, rule)


def _check_all(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    return measure.n > 0 and measure.challenger == measure.n, _plain(measure, rule)


def _plain(measure: Measure, rule: GateRule) -> str:
    return f"{measure.title} is {wording.value(measure, measure.challenger)}; the rule is {rule.text}."


_CHECKS: Mapping[Bound, Check] = {
    Bound.CHANGE: _check_change,
    Bound.DIFFERENCE: _check_difference,
    Bound.SHARE_OF_CHAMPION: _check_share_of_champion,
    Bound.AT_LEAST: _check_at_least,
    Bound.AT_MOST: _check_at_most,
    Bound.EXACTLY: _check_exactly,
    Bound.ALL: _check_all,
}


_AGAINST_CHAMPION = {Bound.CHANGE, Bound.SHARE_OF_CHAMPION}


def _praise(report: Report) -> str:
    leading = report.measures[0]
    found = leading.change or leading.difference
    if found is None:
        return "Yes. It breaks no rule." if report.champion else "Yes. It breaks no rule, and nothing was live before."
    better = "is better than" if found.low > 0 else "is not worse than"
    return f"Yes. It {better} the champion and breaks no rule."


def _summary(report: Report, rules: int) -> str:
    leading = report.measures[0]
    passed = f"All {rules} rules of the gate passed."
    if leading.change is None:
        before = "" if leading.champion is None else f", {wording.value(leading, leading.champion)} in the champion"
        return f"{leading.title} is {wording.value(leading, leading.challenger)}{before}. {passed}"
    change = wording.percent(leading.change.estimate, signed=True)
    inside = wording.interval(leading.change)
    return f"{leading.title} changes by {change} (95{chr(0x202F)}% interval {inside}) against the champion. {passed}"
