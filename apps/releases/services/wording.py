"""What the gate found, in words: the core keeps numbers, and here each becomes a sentence (docs/adr/0025)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from apps.platform.services import formats
from apps.releases.selectors.detail import ReleaseDetail
from epicml.datasets.audit import Finding
from epicml.evaluation.gate import Basis, Bound, GateResult, NotCompared, Refusal, RuleResult
from epicml.evaluation.report import Measure, Report, Unit

REFUSED_DATA = "The data it was built from are refused."


@dataclass(frozen=True, slots=True)
class RuleWords:
    """How a rule of a kind is told.

    `refusal` is said when it fails. `one` and `many` follow a number of what is counted, as "title was found".
    """

    refusal: str
    one: str = ""
    many: str = ""


Words = Mapping[str, RuleWords]  # by the key of the rule


def requirement(result: RuleResult, unit: Unit) -> str:
    """Say what the rule asks for, from its limit."""
    limit = result.limit
    match result.bound:
        case Bound.CHANGE:
            return f"above {formats.percent(limit, 0) if limit else 0}"
        case Bound.DIFFERENCE:
            return f"above {difference(limit, unit) if limit else 0}"
        case Bound.SHARE_OF_CHAMPION:
            return f"at least {formats.percent(limit, 0)} of the champion"
        case Bound.AT_LEAST:
            return f"at least {limit_text(limit, unit)}"
        case Bound.AT_MOST:
            return f"at most {limit_text(limit, unit)}"
        case Bound.EXACTLY:
            return f"exactly {limit_text(limit, unit)}"
        case Bound.ALL:
            return "all"


def rule_text(result: RuleResult, unit: Unit) -> str:
    """Say the rule itself, as a table has it."""
    lower = "lower bound " if result.bound in {Bound.CHANGE, Bound.DIFFERENCE} else ""
    return lower + requirement(result, unit)


def sentence(result: RuleResult, report: Report, words: Words) -> str:
    """Say what a rule found, with both of its numbers."""
    measure = report.measure(result.measure) if report.has(result.measure) else None
    unit = measure.unit if measure else Unit.SCORE
    told = _found(result, measure, report, words.get(result.rule))
    if result.basis is Basis.NOTHING_LIVE:
        return f"{told}."
    is_most = result.bound is Bound.AT_MOST or (result.bound is Bound.EXACTLY and result.limit == 0)
    if result.basis is Basis.VALUE and is_most:
        return f"{told} (limit: {limit_text(result.limit, unit)})."
    return f"{told} (required: {requirement(result, unit)})."


def _found(result: RuleResult, measure: Measure | None, report: Report, words: RuleWords | None) -> str:
    if measure is None:
        return f"{result.measure} was not measured"
    if result.basis is Basis.VALUE:
        return _value(result, measure, words)
    return _comparison(result, measure) if result.tested is not None else _no_comparison(result, measure, report)


def _comparison(result: RuleResult, measure: Measure) -> str:
    """Say what a comparison gave."""
    title, tested = measure.title, result.tested
    match result.basis:
        case Basis.CHANGE:
            return f"{title} has the lower bound {formats.percent_change(tested)}"
        case Basis.SHARE:
            return f"{title} is {formats.percent(tested)} of the champion's"
        case Basis.CHAMPION_AT_ZERO:
            return f"{title} was 0 in the champion, which nothing can be below"
        case Basis.DIFFERENCE_NEAR_ZERO:
            return (
                f"{title}: the {measure.against} is at or near 0, so that a relative change means nothing; the "
                f"difference has the lower bound {difference(tested, measure.unit)}"
            )
    return f"{title} has the lower bound {difference(tested, measure.unit)}"


def _no_comparison(result: RuleResult, measure: Measure, report: Report) -> str:
    """Say why nothing could be compared."""
    match result.basis:
        case Basis.NO_INTERVAL:
            return f"{measure.title} has no interval against the {measure.against}: {formats.counted(result.n, 'pair')}"
        case Basis.NOTHING_LIVE:
            return f"{measure.title}: nothing was live to compare with"
        case Basis.NOT_COMPARED | Basis.NO_CHAMPION_VALUE:
            return f"{measure.title} could not be compared with {report.champion or measure.against}"
    return f"{measure.title} is not a number"


def _value(result: RuleResult, measure: Measure, words: RuleWords | None) -> str:
    value = value_text(result.value, measure.unit, n=result.n)
    if words is None or not words.one:
        return f"{measure.title} is {value}"
    of = result.n if result.bound is Bound.ALL else result.value
    return f"{value} {words.one if of == 1 else words.many}"


def value_text(value: float | None, unit: Unit, *, n: int = 0) -> str:
    """Write a value of a measure in its unit; of answers it is so many of n."""
    match unit:
        case Unit.SCORE:
            return formats.score(value)
        case Unit.SHARE:
            return formats.percent(value)
        case Unit.BYTES:
            return formats.size(value)
        case Unit.MILLISECONDS:
            digits = 1 if value is not None and value < 10 else 0
            return formats.MISSING if value is None else f"{formats.thousands(value, digits)} ms"
        case Unit.ANSWERS:
            return formats.MISSING if value is None else f"{formats.thousands(value)} of {formats.thousands(n)}"
        case Unit.COUNT:
            return formats.thousands(value)


def limit_text(limit: float, unit: Unit) -> str:
    """Write a limit in the unit of its measure, with no more digits than it has."""
    return f"{limit:g}".replace("0.", ".", 1) if unit is Unit.SCORE else value_text(limit, unit)


def difference(value: float | None, unit: Unit) -> str:
    """Write a difference of two values; of two shares it is counted in percentage points."""
    if unit is not Unit.SHARE or value is None:
        return value_text(value, unit)
    return f"{formats.thousands(100 * value, 1)} points"


def refusal_headline(refusal: Refusal, words: Words) -> str:
    """Say in one sentence what is wrong."""
    match refusal.because:
        case RuleResult(rule=rule):
            return words[rule].refusal if rule in words else f"It breaks the rule {rule}."
        case NotCompared():
            return "It could not be compared with what is live."
        case Finding():
            return REFUSED_DATA


def refusal_text(refusal: Refusal, report: Report, words: Words) -> str:
    """Say what a refusal rests on."""
    match refusal.because:
        case RuleResult() as result:
            return sentence(result, report, words)
        case NotCompared(champion=champion, why=why):
            live = f"Release {champion}" if champion else "A release"
            return f"{live} is live but could not be compared, because {why}."
        case Finding() as finding:
            return finding.text


def headline(found: GateResult, report: Report, words: Words) -> str:
    """Say the answer of the gate in one sentence."""
    if found.open:
        return f"No. {refusal_headline(found.open[0], words)}"
    if found.accepted:
        return f"Yes, because a person accepted: {', '.join(found.accepted)}."
    leading = report.measures[0]
    interval = leading.change or leading.difference
    if interval is None:
        return "Yes. It breaks no rule." if report.champion else "Yes. It breaks no rule, and nothing was live before."
    better = "is better than" if interval.low > 0 else "is not worse than"
    return f"Yes. It {better} the champion and breaks no rule."


def reason(found: GateResult, report: Report, words: Words) -> str:
    """Say what the answer of the gate rests on, with both numbers of each rule that failed."""
    if found.open:
        return " ".join(refusal_text(refusal, report, words) for refusal in found.open)
    if found.accepted:
        return "Accepted: " + " ".join(refusal_text(refusal, report, words) for refusal in found.refusals)
    leading, rules = report.measures[0], len(found.results)
    passed = f"All {rules} rules of the gate passed." if rules > 1 else "The one rule of the gate passed."
    value = value_text(leading.challenger, leading.unit, n=leading.n)
    if leading.change is not None:
        change, level = leading.change, formats.percent(leading.change.level, 0)
        inside = f"({level} interval {formats.percent_range(change.low, change.high)})"
        told = f"changes by {formats.percent_change(change.estimate)} {inside} against the champion"
        return f"{leading.title} {told}. {passed}"
    before = (
        ""
        if leading.champion is None
        else f", {value_text(leading.champion, leading.unit, n=leading.n)} in the champion"
    )
    return f"{leading.title} is {value}{before}. {passed}"


def told_refusals(refusals: Sequence[Refusal], report: Report, words: Words) -> list[dict[str, Any]]:
    """Write refusals as the row of a release keeps them."""
    return [
        {
            "name": refusal.name,
            "headline": refusal_headline(refusal, words),
            "text": refusal_text(refusal, report, words),
            "acceptable": refusal.acceptable,
        }
        for refusal in refusals
    ]


def told_results(detail: ReleaseDetail, words: Words) -> list[dict[str, Any]]:
    """Tell each result of the gate: its numbers, the rule in words, what was found, and what is said of a failure.

    Before there were numbers the sentences were stored; such results are told as they were.
    """
    if not detail.report:
        return [dict(stored) for stored in detail.gate_results]
    report = Report.from_json(detail.report)
    return [
        _told(result_from(stored), report, words) if "basis" in stored else dict(stored)
        for stored in detail.gate_results
    ]


def _told(result: RuleResult, report: Report, words: Words) -> dict[str, Any]:
    unit = report.measure(result.measure).unit if report.has(result.measure) else Unit.SCORE
    refusal = Refusal(result.rule, result, result.acceptable)
    return {
        **asdict(result),
        "compared": result.compared,
        "text": rule_text(result, unit),
        "found": sentence(result, report, words),
        "refusal": "" if result.passed else refusal_headline(refusal, words),
    }


def result_from(stored: Mapping[str, Any]) -> RuleResult:
    """Read a result of the gate that was stored in numbers."""
    return RuleResult(**{**stored, "bound": Bound(stored["bound"]), "basis": Basis(stored["basis"])})
