from dataclasses import replace

import pytest

from epicml.datasets.audit import Finding, Severity
from epicml.evaluation.gate import Basis, Bound, GateResult, GateRule, NoRulesError, NotCompared, decide
from epicml.evaluation.report import Measure, Report, Unit
from epicml.stats.bootstrap import Interval

NAN = float("nan")


def rule(bound: Bound, limit: float) -> GateRule:
    return GateRule("key", "figure", bound, limit)


def measured(challenger: float, champion: float | None = None, **more: object) -> Measure:
    return replace(Measure("figure", "The figure", challenger, champion), **more)  # type: ignore[arg-type]


def decided(measure: Measure, by: GateRule) -> GateResult:
    return decide(Report("by hand", (measure,)), [by])


CHANGE = rule(Bound.CHANGE, -0.02)
DIFFERENCE = rule(Bound.DIFFERENCE, 0)
SHARE = rule(Bound.SHARE_OF_CHAMPION, 0.9)
AT_LEAST = rule(Bound.AT_LEAST, 0.9)
AT_MOST = rule(Bound.AT_MOST, 512 * 2**20)
EXACTLY = rule(Bound.EXACTLY, 0)
ALL = rule(Bound.ALL, 1)

# What just keeps each rule, and the number that is held against its limit.
PASSING = [
    (CHANGE, measured(0.1, 0.1, change=Interval(0, -0.0199, 0.02)), Basis.CHANGE, -0.0199),
    (DIFFERENCE, measured(0.2, 0.1, difference=Interval(0.1, 0.0001, 0.2)), Basis.DIFFERENCE, 0.0001),
    (SHARE, measured(0.9, 1.0, unit=Unit.SHARE), Basis.SHARE, 0.9),
    (AT_LEAST, measured(0.9), Basis.VALUE, 0.9),
    (AT_MOST, measured(512 * 2**20, unit=Unit.BYTES), Basis.VALUE, 512 * 2**20),
    (EXACTLY, measured(0, unit=Unit.COUNT), Basis.VALUE, 0),
    (ALL, measured(200, n=200, unit=Unit.ANSWERS), Basis.VALUE, 200),
]
# What just breaks each rule.
FAILING = [
    (CHANGE, measured(0.1, 0.1, change=Interval(0, -0.02, 0.02)), Basis.CHANGE, -0.02),
    (DIFFERENCE, measured(0.2, 0.1, difference=Interval(0.1, 0, 0.2)), Basis.DIFFERENCE, 0),
    (SHARE, measured(0.3, 0.4, unit=Unit.SHARE), Basis.SHARE, 0.75),
    (AT_LEAST, measured(0.8999), Basis.VALUE, 0.8999),
    (AT_MOST, measured(600 * 2**20, unit=Unit.BYTES), Basis.VALUE, 600 * 2**20),
    (EXACTLY, measured(1, unit=Unit.COUNT), Basis.VALUE, 1),
    (EXACTLY, measured(-1, unit=Unit.COUNT), Basis.VALUE, -1),
    (ALL, measured(199, n=200, unit=Unit.ANSWERS), Basis.VALUE, 199),
    (ALL, measured(0, n=0, unit=Unit.ANSWERS), Basis.VALUE, 0),
]
RULES = [CHANGE, DIFFERENCE, SHARE, AT_LEAST, AT_MOST, EXACTLY, ALL]
NAMES = [one.bound.value for one in RULES]


class TestEveryRule:
    @pytest.mark.parametrize(("by", "measure", "basis", "tested"), PASSING, ids=NAMES)
    def test_passes_what_just_keeps_it(self, by: GateRule, measure: Measure, basis: Basis, tested: float) -> None:
        found = decided(measure, by)
        assert (found.passed, found.refusals) == (True, ())
        (result,) = found.results
        assert (result.passed, result.basis, result.limit) == (True, basis, by.limit)
        assert result.tested == pytest.approx(tested)

    @pytest.mark.parametrize(("by", "measure", "basis", "tested"), FAILING)
    def test_refuses_what_just_breaks_it_with_both_numbers(
        self, by: GateRule, measure: Measure, basis: Basis, tested: float
    ) -> None:
        found = decided(measure, by)
        (result,) = found.results
        assert (found.passed, [one.because for one in found.refusals]) == (False, [result])
        assert (result.passed, result.basis, result.limit) == (False, basis, by.limit)
        assert result.tested == pytest.approx(tested)
        assert (result.value, result.baseline, result.n) == (measure.challenger, measure.champion, measure.n)

    @pytest.mark.parametrize("by", RULES, ids=NAMES)
    def test_refuses_a_figure_that_was_not_measured(self, by: GateRule) -> None:
        other = Measure("other", "Another figure", 1, 1)
        found = decide(Report("by hand", (other,)), [by])
        assert not found.passed
        assert (found.results[0].basis, found.results[0].tested) == (Basis.NOT_MEASURED, None)

    @pytest.mark.parametrize("by", RULES, ids=NAMES)
    @pytest.mark.parametrize(
        "measure",
        [
            measured(NAN),
            measured(NAN, n=5),
            measured(NAN, 0.0),
            measured(NAN, 0.5),
            measured(NAN, NAN, change=Interval(NAN, NAN, NAN), difference=Interval(NAN, NAN, NAN)),
            measured(NAN, 0.5, change=Interval(1, 1, 1), difference=Interval(1, 1, 1)),
        ],
    )
    def test_refuses_a_figure_that_is_not_a_number(self, by: GateRule, measure: Measure) -> None:
        found = decided(measure, by)
        assert not found.passed
        assert (found.results[0].basis, found.results[0].tested) == (Basis.NO_NUMBER, None)

    @pytest.mark.parametrize(
        ("by", "measure"),
        [
            (CHANGE, measured(0.5, 0.1, change=Interval(1, NAN, 1))),
            (DIFFERENCE, measured(0.5, 0.1, difference=Interval(1, NAN, 1))),
            (SHARE, measured(0.5, NAN)),
        ],
    )
    def test_refuses_a_comparison_with_what_is_not_a_number(self, by: GateRule, measure: Measure) -> None:
        found = decided(measure, by)
        assert (found.passed, found.results[0].tested) == (False, None)


class TestComparison:
    def test_with_a_champion_needs_an_interval(self) -> None:
        for by in (CHANGE, DIFFERENCE):
            found = decided(measured(0.5, 0.0, against="popularity", n=1), by)
            assert (found.passed, found.results[0].basis, found.results[0].n) == (False, Basis.NO_INTERVAL, 1)

    @pytest.mark.parametrize("by", [CHANGE, SHARE])
    def test_with_the_champion_passes_while_nothing_is_live(self, by: GateRule) -> None:
        found = decided(measured(0.5), by)
        assert found.passed
        assert found.results[0].basis is Basis.NOTHING_LIVE

    def test_by_difference_always_needs_something_to_compare_with(self) -> None:
        assert not decided(measured(0.5), DIFFERENCE).passed


class TestChangeOfLittle:
    """What it is compared with is at or near 0, so that only a difference can be estimated."""

    def of(self, low: float, champion: float, limit: float) -> GateResult:
        by = rule(Bound.CHANGE, limit)
        return decided(measured(0.5, champion, difference=Interval(low + 0.1, low, low + 0.2)), by)

    @pytest.mark.parametrize(
        ("low", "champion", "limit", "passed"),
        [
            (0.001, 0.0, -0.02, True),
            (0.0, 0.0, -0.02, True),  # nowhere worse than nothing
            (-0.001, 0.0, -0.02, False),
            (-0.0019, 0.1, -0.02, True),  # 2 % of .1 are .002
            (-0.0021, 0.1, -0.02, False),
            (0.001, 0.0, 0.0, True),
            (0.0, 0.0, 0.0, False),  # to be better it must be better
            (NAN, 0.0, -0.02, False),
            (0.1, NAN, -0.02, False),
        ],
    )
    def test_holds_the_difference_to_the_same_limit(
        self, low: float, champion: float, limit: float, passed: bool
    ) -> None:
        assert self.of(low, champion, limit).passed is passed

    def test_says_so(self) -> None:
        (result,) = self.of(-0.1, 0.0, -0.02).results
        assert (result.basis, result.tested) == (Basis.DIFFERENCE_NEAR_ZERO, -0.1)

    def test_of_a_share_passes_where_the_champion_had_none(self) -> None:
        found = decided(measured(0.0, 0.0, unit=Unit.SHARE), SHARE)
        assert (found.passed, found.results[0].basis) == (True, Basis.CHAMPION_AT_ZERO)


LENIENT = replace(AT_LEAST, key="lenient", acceptable=True)
LOST = Finding(Severity.STOP, "rows", "Rows are lost.", 0.5, 10, name="rows_lost")


class TestAcceptance:
    def of(self, *accepted: str, rules: tuple[GateRule, ...] = (LENIENT,), **more: object) -> GateResult:
        report = replace(Report("by hand", (measured(0.5),), findings=(LOST,)), **more)  # type: ignore[arg-type]
        return decide(report, rules, accepted=accepted)

    def test_is_needed_for_each_refusal(self) -> None:
        found = self.of("lenient")
        assert (found.passed, found.accepted) == (False, ("lenient",))
        assert [one.because for one in found.open] == [LOST]
        assert [(one.name, one.acceptable) for one in found.refusals] == [("lenient", True), ("rows_lost", True)]

    def test_of_each_refusal_lets_it_pass_and_says_so(self) -> None:
        found = self.of("rows_lost", "lenient", "not_compared")
        assert (found.passed, found.accepted) == (True, ("lenient", "rows_lost"))
        assert found.open == ()
        assert found.results[0].passed is False  # what was found stays as it was

    def test_of_what_nobody_may_accept_does_nothing(self) -> None:
        found = self.of("key", "lenient", "rows_lost", rules=(LENIENT, AT_LEAST))
        assert (found.passed, found.accepted) == (False, ("lenient", "rows_lost"))
        assert (found.refusals[0].name, found.refusals[0].acceptable) == ("key", False)

    @pytest.mark.parametrize("name", ["", "lenient"])
    def test_never_covers_a_measure_that_is_missing(self, name: str) -> None:
        for report in (Report("by hand"), Report("by hand", (measured(NAN, 0.5),))):
            assert not decide(report, [LENIENT], accepted=[name]).passed

    def test_never_covers_a_finding_without_a_name(self) -> None:
        assert not self.of("lenient", "", findings=(replace(LOST, name=""),)).passed

    @pytest.mark.parametrize("by", [CHANGE, SHARE])
    def test_is_needed_once_where_what_is_live_was_not_compared(self, by: GateRule) -> None:
        more = {"findings": (), "champion": "2026-11-24.1", "not_compared": "its files are missing"}
        found = self.of(rules=(by,), **more)
        assert [one.because for one in found.refusals] == [NotCompared("2026-11-24.1", "its files are missing")]
        assert [(one.name, one.acceptable) for one in found.refusals] == [("not_compared", True)]
        assert (found.results[0].passed, found.results[0].compared) == (False, False)
        assert self.of("not_compared", rules=(by,), **more).passed

    def test_is_not_asked_for_where_a_kind_compares_nothing(self) -> None:
        found = self.of("rows_lost", rules=(EXACTLY,), findings=(), champion="2026-11-24.1")
        assert [one.name for one in found.refusals] == ["key"]

    @pytest.mark.parametrize("by", [CHANGE, SHARE])
    def test_a_live_release_without_a_figure_is_not_taken_for_nothing(self, by: GateRule) -> None:
        found = self.of(rules=(by,), findings=(), champion="2026-11-24.1")
        assert (found.passed, found.results[0].basis) == (False, Basis.NO_CHAMPION_VALUE)


class TestDecide:
    def test_needs_a_rule(self) -> None:
        with pytest.raises(NoRulesError):
            decide(Report("by hand", (measured(1),)), [])

    def test_refuses_for_one_broken_rule_among_many(self) -> None:
        report = Report("by hand", (measured(0.95), Measure("read", "Books already read", 2, unit=Unit.COUNT)))
        read = GateRule("read", "read", Bound.EXACTLY, 0)
        found = decide(report, [AT_LEAST, read, rule(Bound.AT_MOST, 1)])

        assert not found.passed
        assert [one.name for one in found.refusals] == ["read"]
        assert [(result.rule, result.passed) for result in found.results] == [
            ("key", True),
            ("read", False),
            ("key", True),
        ]

    def test_gives_the_numbers_of_each_broken_rule(self) -> None:
        found = decide(Report("by hand", (measured(0.5),)), [AT_LEAST, EXACTLY])
        assert [(one.tested, one.limit) for one in found.results] == [(0.5, 0.9), (0.5, 0)]
        assert [one.because for one in found.refusals] == list(found.results)

    @pytest.mark.parametrize(
        ("severity", "passed"), [(Severity.STOP, False), (Severity.WARNING, True), (Severity.NOTE, True)]
    )
    def test_refuses_data_that_the_audit_stops(self, severity: Severity, passed: bool) -> None:
        finding = Finding(severity, "at", "Test facts older than training facts.", 0.1, 3)
        found = decide(Report("by hand", (measured(1),), findings=(finding,)), [AT_LEAST])
        assert found.passed is passed
        assert [one.because for one in found.refusals] == ([] if passed else [finding])
