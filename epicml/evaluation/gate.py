"""The gate: a release may go live only if it passes every rule, and each rule says both of its numbers."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from epicml.datasets.audit import Severity
from epicml.evaluation import wording
from epicml.evaluation.report import JSON, Measure, Report


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
    """

    key: str
    measure: str
    bound: Bound
    limit: float
    text: str
    refusal: str


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
    """

    rule: str
    measure: str
    passed: bool
    text: str
    found: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of the gate.

    Attributes:
        passed: whether every rule holds.
        headline: the answer in one sentence, as "Yes. It is better than the champion and breaks no rule."
        reason: what it rests on, with both numbers of each rule that failed.
        results: one per rule, in the order of the rules.
    """

    passed: bool
    headline: str
    reason: str
    results: tuple[RuleResult, ...]

    def as_json(self) -> JSON:
        """The verdict as dictionaries, lists, texts and numbers."""
        return asdict(self) | {"results": [asdict(result) for result in self.results]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The verdict that was stored."""
        return cls(**{**stored, "results": tuple(RuleResult(**result) for result in stored["results"])})


def decide(report: Report, rules: Sequence[GateRule]) -> Verdict:
    """Apply every rule to the report.

    Args:
        report: what was measured.
        rules: at least one; a rule whose measure is missing from the report fails.

    Returns:
        Passed only if every rule holds and no finding of the audit stops the release.

    Raises:
        NoRulesError: there is no rule, so that passing would mean nothing.

    >>> rule = GateRule("read", "read_books", Bound.EXACTLY, 0, "exactly 0", "It would show books already read.")
    >>> decide(Report("by hand", (Measure("read_books", "Books already read", 2),)), [rule]).reason
    'Books already read is 2.0000; the rule is exactly 0.'
    """
    if not rules:
        raise NoRulesError
    results = tuple(_apply(rule, report) for rule in rules)
    failed = [result for result in results if not result.passed]
    stops = [finding.text for finding in report.findings if finding.severity is Severity.STOP]
    if failed or stops:
        headline = failed[0].refusal if failed else "The data it was built from are refused."
        reasons = [result.found for result in failed] + stops
        return Verdict(passed=False, headline=f"No. {headline}", reason=" ".join(reasons), results=results)
    return Verdict(passed=True, headline=_praise(report), reason=_summary(report, len(rules)), results=results)


class NoRulesError(ValueError):
    """A gate without rules would let everything through."""

    def __init__(self) -> None:
        super().__init__("The gate has no rules; give at least one.")


def _apply(rule: GateRule, report: Report) -> RuleResult:
    if not report.has(rule.measure):
        found = f"{rule.measure} was not measured; the rule is {rule.text}."
        return RuleResult(rule.key, rule.measure, passed=False, text=rule.text, found=found, refusal=rule.refusal)
    measure = report.measure(rule.measure)
    if math.isnan(measure.challenger):  # also where nothing is live to compare with
        passed, found = False, _plain(measure, rule)
    else:
        passed, found = _CHECKS[rule.bound](measure, rule)
    refusal = "" if passed else rule.refusal
    return RuleResult(rule.key, rule.measure, passed=passed, text=rule.text, found=found, refusal=refusal)


Check = Callable[[Measure, GateRule], tuple[bool, str]]


def _check_change(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    if measure.champion is None:
        return True, f"{measure.title}: nothing was live to compare with."
    if measure.change is None:
        return False, f"{measure.title} has no interval against the {measure.against}; the rule is {rule.text}."
    low = wording.percent(measure.change.low, signed=True)
    return measure.change.low > rule.limit, f"{measure.title} has the lower bound {low}; the rule is {rule.text}."


def _check_difference(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    if measure.difference is None:
        return False, f"{measure.title} has no interval against {measure.against}; the rule is {rule.text}."
    low = wording.value(measure, measure.difference.low)
    return measure.difference.low > rule.limit, f"{measure.title} has the lower bound {low}; the rule is {rule.text}."


def _check_share_of_champion(measure: Measure, rule: GateRule) -> tuple[bool, str]:
    if not measure.champion:
        return True, f"{measure.title}: nothing was live to compare with."
    share = measure.challenger / measure.champion
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


def _praise(report: Report) -> str:
    leading = report.measures[0].change
    if leading is None:
        return "Yes. It breaks no rule, and nothing was live before."
    better = "is better than" if leading.low > 0 else "is not worse than"
    return f"Yes. It {better} the champion and breaks no rule."


def _summary(report: Report, rules: int) -> str:
    leading = report.measures[0]
    passed = f"All {rules} rules of the gate passed."
    if leading.change is None:
        return f"{leading.title} is {wording.value(leading, leading.challenger)}. {passed}"
    change = wording.percent(leading.change.estimate, signed=True)
    inside = wording.interval(leading.change)
    return f"{leading.title} changes by {change} (95{chr(0x202F)}% interval {inside}) against the champion. {passed}"
