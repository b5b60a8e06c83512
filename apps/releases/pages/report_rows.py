"""The report as a table's rows: each measure with its values, its interval and what the gate says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from apps.platform.pages.interval import Axis, Direction, Estimate, axis_for, pill
from apps.platform.pages.marks import BETTER, UNKNOWN, WATCH, WORSE, mark
from apps.platform.services import formats
from apps.releases.selectors.detail import ReleaseDetail
from apps.releases.services.wording import value_text
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.report import Measure, Note, Report, Slice, Unit
from epicml.stats.bootstrap import Interval

# Of these less is better.
STEPS_OF_SLICES = 3  # the panel is half as wide
WANTED_DOWN = frozenset({Unit.BYTES, Unit.MILLISECONDS, Unit.COUNT})


@dataclass(frozen=True, slots=True)
class Row:
    """One measure, ready to be printed."""

    title: str
    champion: str
    challenger: str
    picture: SafeString | str
    change: str
    under: str
    counts: str
    rule: str
    gate: SafeString

    @property
    def is_drawn(self) -> bool:
        """Tell whether the picture is a picture, not the words that stand for one."""
        return isinstance(self.picture, SafeString)


@dataclass(frozen=True, slots=True)
class SliceRow:
    """The leading measure for some of the readers, ready to be printed."""

    title: str
    n: int
    picture: SafeString | str
    change: str
    under: str

    @property
    def is_drawn(self) -> bool:
        """Tell whether the picture is a picture, not the words that stand for one."""
        return isinstance(self.picture, SafeString)


@dataclass(frozen=True, slots=True)
class ReportTable:
    """The report against one opponent."""

    method: str
    against: str
    opponents: tuple[str, ...]
    axis: Axis | None
    rows: tuple[Row, ...]
    has_margin: bool


@dataclass(frozen=True, slots=True)
class SliceTable:
    """The slices, on an axis of their own."""

    measure: str
    against: str
    axis: Axis | None
    rows: tuple[SliceRow, ...]


def stored_report(detail: ReleaseDetail) -> Report | None:
    """Read the report as values; None while there is none."""
    return Report.from_json(detail.report) if detail.report else None


def report_table(
    report: Report, results: Sequence[Mapping[str, Any]], rules: Sequence[GateRule], *, against: str
) -> ReportTable:
    """Show the measures against one opponent, and those that a rule looks at whoever they are against."""
    opponents = tuple(dict.fromkeys(measure.against for measure in report.measures))
    chosen = against if against in opponents else next(iter(opponents), "champion")
    by_measure = {result["measure"]: result for result in results}
    shown = [
        measure
        for measure in report.measures
        if measure.against == chosen or (chosen == opponents[0] and measure.key in by_measure)
    ]
    margins = {rule.measure: rule.limit for rule in rules if rule.bound is Bound.CHANGE}
    # A limit of 0 is the zero line itself; a dashed line over it would only hide it.
    drawn = [limit for key, limit in margins.items() if limit and any(measure.key == key for measure in shown)]
    estimates = [_estimate(measure.change) for measure in shown if measure.change]
    axis = axis_for(estimates, include=drawn) if estimates else None
    rows = tuple(_row(measure, by_measure.get(measure.key), axis, margins.get(measure.key)) for measure in shown)
    return ReportTable(report.method, chosen, opponents, axis, rows, bool(drawn))


def slice_table(report: Report) -> SliceTable | None:
    """Show the slices; None where the report has none."""
    if not report.slices or not report.measures:
        return None
    estimates = [_estimate(part.change) for part in report.slices if part.change]
    axis = axis_for(estimates, most=STEPS_OF_SLICES) if estimates else None
    rows = tuple(_slice_row(part, axis) for part in report.slices)
    leading = report.measures[0]
    # As the evaluation does it: where no champion was compared, slices are compared with popularity.
    if leading.champion is not None:
        return SliceTable(leading.title, "the champion", axis, rows)
    why = "the live release could not be compared" if report.not_compared else "nothing was live"
    return SliceTable(leading.title, f"popularity: {why}", axis, rows)


def note_text(measure: Measure) -> str:
    """Say what stands where no interval can; what was stored before there were notes is a sentence already."""
    if measure.upper is not None:
        bound = formats.percent(measure.upper, 4 if measure.n > 100_000 else 2)
        return f"{formats.counted(measure.n, 'list')} checked, upper bound {bound}"
    match measure.note:
        case Note.COUNTED:
            return "counted, no interval"
        case Note.NOTHING_LIVE:
            return "nothing was live"
        case Note.NOT_COMPARED:
            return "not compared"
        case Note.TOO_FEW:
            return "too few to compare"
        case Note.NEAR_ZERO:
            return f"{measure.against} is at or near 0"
        case "":
            return "counted, no interval" if measure.champion is not None else "nothing to compare with"
    return measure.note


def counts_text(measure: Measure) -> str:
    """Say in how many cases which of the two is better; nothing where no cases were paired."""
    if measure.wins is None:
        return ""
    better, worse, alike = (formats.thousands(count) for count in (measure.wins, measure.losses, measure.ties))
    return f"{better} better, {worse} worse, {alike} alike"


def _estimate(interval: Interval) -> Estimate:
    return Estimate(interval.estimate, interval.low, interval.high)


def _row(measure: Measure, result: Mapping[str, Any] | None, axis: Axis | None, margin: float | None) -> Row:
    change, under = _change_texts(measure)
    return Row(
        title=measure.title,
        champion=value_text(measure.champion, measure.unit, n=measure.n),
        challenger=value_text(measure.challenger, measure.unit, n=measure.n),
        picture=_picture(measure, axis, margin or None, failed=bool(result and not result["passed"])),
        change=change,
        under=under,
        counts=counts_text(measure),
        rule=result["text"] if result else "reported",
        gate=gate_mark(result),
    )


def _picture(measure: Measure, axis: Axis | None, margin: float | None, *, failed: bool) -> SafeString | str:
    if measure.change is None or axis is None:
        if measure.difference is not None:
            return "interval of the difference"
        return note_text(measure)
    wanted: Direction = "down" if measure.unit in WANTED_DOWN else "up"
    return pill(_estimate(measure.change), axis, wanted=wanted, margin=margin, crossed=failed)


def gate_mark(result: Mapping[str, Any] | None) -> SafeString:
    """Mark what passed, failed, was accepted by a person or not compared, or that no rule looks at it."""
    if result is None:
        return mark(UNKNOWN, "No rule")
    if result.get("accepted"):
        return mark(WATCH, "Accepted")
    if not result.get("compared", True):
        return mark(WATCH, "Not compared")
    return mark(BETTER, "Passed") if result["passed"] else mark(WORSE, "Failed")


def _change_texts(measure: Measure) -> tuple[str, str]:
    """Write the change, and in small what it rests on; a dash where there is nothing to compare with."""
    if measure.change is not None:
        inside = formats.percent_range(measure.change.low, measure.change.high)
        return formats.percent_change(measure.change.estimate), inside
    if measure.difference is not None:
        ends = (measure.difference.low, measure.difference.high)
        return _difference(measure, measure.difference.estimate), " to ".join(_difference(measure, end) for end in ends)
    if measure.champion is None or measure.unit is Unit.ANSWERS:
        return formats.MISSING, ""
    difference = measure.challenger - measure.champion
    if measure.unit is Unit.COUNT:
        return formats.change(difference), ""
    if measure.unit is Unit.BYTES:
        return ("+" if difference > 0 else "") + formats.size(difference), ""
    if not measure.champion:
        return formats.MISSING, ""
    share = measure.challenger / measure.champion
    of_whom = "the champion" if measure.against == "champion" else "that"
    return formats.percent_change(share - 1), f"{formats.percent(share)} of {of_whom}"


def _difference(measure: Measure, value: float) -> str:
    """Write a difference of two values; of two shares it is counted in percentage points."""
    if measure.unit is Unit.SHARE:
        return f"{formats.change(100 * value, 1)} points"
    return ("+" if value > 0 else "") + value_text(value, measure.unit, n=measure.n)


def _slice_row(part: Slice, axis: Axis | None) -> SliceRow:
    if part.change is None or axis is None:
        return SliceRow(part.title, part.n, "not estimable", formats.MISSING, "")
    inside = formats.percent_range(part.change.low, part.change.high)
    change = formats.percent_change(part.change.estimate)
    return SliceRow(part.title, part.n, pill(_estimate(part.change), axis), change, inside)
