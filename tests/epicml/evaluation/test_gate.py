import json
from dataclasses import replace

import pytest

from epicml.datasets.audit import Finding, Severity
from epicml.evaluation.gate import Bound, GateRule, NoRulesError, Verdict, decide
from epicml.evaluation.report import Measure, Report, Unit
from epicml.stats.bootstrap import Interval

NAN = float("nan")
THIN, MINUS = "\u202f", "\u2212"
REFUSAL = "It would not do."


def rule(bound: Bound, limit: float, text: str) -> GateRule:
    return GateRule("key", "figure", bound, limit, text, REFUSAL)


def measured(challenger: float, champion: float | None = None, **more: object) -> Measure:
    return replace(Measure("figure", "The figure", challenger, champion), **more)  # type: ignore[arg-type]


def verdict(measure: Measure, by: GateRule) -> Verdict:
    return decide(Report("by hand", (measure,)), [by])


CHANGE = rule(Bound.CHANGE, -0.02, f"lower bound above {MINUS}2{THIN}%")
DIFFERENCE = rule(Bound.DIFFERENCE, 0, "lower bound above 0")
SHARE = rule(Bound.SHARE_OF_CHAMPION, 0.9, f"at least 90{THIN}% of the champion")
AT_LEAST = rule(Bound.AT_LEAST, 0.9, "at least .9")
AT_MOST = rule(Bound.AT_MOST, 512 * 2**20, "under 512 MiB")
EXACTLY = rule(Bound.EXACTLY, 0, "exactly 0")
ALL = rule(Bound.ALL, 1, "all")

PASSING = [
    (CHANGE, measured(0.1, 0.1, change=Interval(0, -0.0199, 0.02))),
    (DIFFERENCE, measured(0.2, 0.1, difference=Interval(0.1, 0.0001, 0.2))),
    (SHARE, measured(0.9, 1.0, unit=Unit.SHARE)),
    (AT_LEAST, measured(0.9)),
    (AT_MOST, measured(512 * 2**20, unit=Unit.BYTES)),
    (EXACTLY, measured(0, unit=Unit.COUNT)),
    (ALL, measured(200, n=200, unit=Unit.ANSWERS)),
]
# What is wrong, and the sentence that says what was found and what the rule is.
FAILING = [
    (
        CHANGE,
        measured(0.1, 0.1, change=Interval(0, -0.02, 0.02)),
        f"The figure has the lower bound {MINUS}2.0{THIN}%; the rule is lower bound above {MINUS}2{THIN}%.",
    ),
    (
        DIFFERENCE,
        measured(0.2, 0.1, difference=Interval(0.1, 0, 0.2)),
        "The figure has the lower bound .0000; the rule is lower bound above 0.",
    ),
    (
        SHARE,
        measured(0.3, 0.4, unit=Unit.SHARE),
        f"The figure is 75.0{THIN}% of the champion's; the rule is at least 90{THIN}% of the champion.",
    ),
    (AT_LEAST, measured(0.8999), "The figure is .8999; the rule is at least .9."),
    (
        AT_MOST,
        measured(600 * 2**20, unit=Unit.BYTES),
        f"The figure is 600.0{THIN}MiB; the rule is under 512 MiB.",
    ),
    (EXACTLY, measured(1, unit=Unit.COUNT), "The figure is 1; the rule is exactly 0."),
    (EXACTLY, measured(-1, unit=Unit.COUNT), "The figure is -1; the rule is exactly 0."),
    (ALL, measured(199, n=200, unit=Unit.ANSWERS), "The figure is 199 of 200; the rule is all."),
    (ALL, measured(0, n=0, unit=Unit.ANSWERS), "The figure is 0 of 0; the rule is all."),
]
RULES = [CHANGE, DIFFERENCE, SHARE, AT_LEAST, AT_MOST, EXACTLY, ALL]
NAMES = [one.bound.value for one in RULES]


class TestEveryRule:
    @pytest.mark.parametrize(("by", "measure"), PASSING, ids=NAMES)
    def test_passes_what_just_keeps_it(self, by: GateRule, measure: Measure) -> None:
        found = verdict(measure, by)
        assert found.passed
        assert (found.results[0].passed, found.results[0].refusal) == (True, "")
        assert by.text in found.results[0].found

    @pytest.mark.parametrize(("by", "measure", "sentence"), FAILING)
    def test_refuses_what_just_breaks_it_with_both_numbers(self, by: GateRule, measure: Measure, sentence: str) -> None:
        found = verdict(measure, by)
        assert not found.passed
        assert found.headline == f"No. {REFUSAL}"
        assert found.reason == found.results[0].found == sentence
        assert (found.results[0].passed, found.results[0].refusal) == (False, REFUSAL)

    @pytest.mark.parametrize("by", RULES, ids=NAMES)
    def test_refuses_a_figure_that_was_not_measured(self, by: GateRule) -> None:
        other = Measure("other", "Another figure", 1, 1)
        found = decide(Report("by hand", (other,)), [by])
        assert not found.passed
        assert found.reason == f"figure was not measured; the rule is {by.text}."

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
        found = verdict(measure, by)
        assert not found.passed
        assert "nan" in found.reason
        assert by.text in found.reason

    @pytest.mark.parametrize(
        ("by", "measure"),
        [
            (CHANGE, measured(0.5, 0.1, change=Interval(1, NAN, 1))),
            (DIFFERENCE, measured(0.5, 0.1, difference=Interval(1, NAN, 1))),
            (SHARE, measured(0.5, NAN)),
        ],
    )
    def test_refuses_a_comparison_with_what_is_not_a_number(self, by: GateRule, measure: Measure) -> None:
        assert not verdict(measure, by).passed


class TestComparison:
    def test_with_a_champion_needs_an_interval(self) -> None:
        found = verdict(measured(0.5, 0.0, against="popularity", n=1), CHANGE)
        assert found.reason.startswith("The figure has no interval against the popularity (1 compared); ")
        assert not verdict(measured(0.5, 0.0), DIFFERENCE).passed

    @pytest.mark.parametrize("by", [CHANGE, SHARE])
    def test_with_the_champion_passes_while_nothing_is_live(self, by: GateRule) -> None:
        found = verdict(measured(0.5), by)
        assert found.passed
        assert found.results[0].found == "The figure: nothing was live to compare with."

    def test_by_difference_always_needs_something_to_compare_with(self) -> None:
        assert not verdict(measured(0.5), DIFFERENCE).passed


class TestChangeOfLittle:
    """What it is compared with is at or near 0, so that only a difference can be estimated."""

    def of(self, low: float, champion: float, limit: float) -> Verdict:
        by = rule(Bound.CHANGE, limit, "the limit")
        return verdict(measured(0.5, champion, difference=Interval(low + 0.1, low, low + 0.2)), by)

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
        found = self.of(-0.1, 0.0, -0.02)
        assert found.reason == (
            "The figure: the champion is at or near 0, so that a relative change means nothing; the difference has the "
            f"lower bound {MINUS}.1000; the rule is the limit."
        )

    def test_of_a_share_passes_where_the_champion_had_none(self) -> None:
        found = verdict(measured(0.0, 0.0, unit=Unit.SHARE), SHARE)
        assert found.passed
        assert found.results[0].found.startswith("The figure was 0 in the champion, which nothing can be below; ")

    def test_praises_by_the_difference(self) -> None:
        found = verdict(measured(0.5, 0.0, difference=Interval(0.5, 0.4, 0.6)), CHANGE)
        assert found.headline == "Yes. It is better than the champion and breaks no rule."
        assert found.reason == "The figure is .5000, .0000 in the champion. All 1 rules of the gate passed."


LENIENT = replace(AT_LEAST, key="lenient", acceptable=True)
LOST = Finding(Severity.STOP, "rows", "Rows are lost.", 0.5, 10, name="rows_lost")


class TestAcceptance:
    def decided(self, *accepted: str, rules: tuple[GateRule, ...] = (LENIENT,), **more: object) -> Verdict:
        report = replace(Report("by hand", (measured(0.5),), findings=(LOST,)), **more)  # type: ignore[arg-type]
        return decide(report, rules, accepted=accepted)

    def test_is_needed_for_each_refusal(self) -> None:
        found = self.decided("lenient")
        assert (found.passed, found.accepted) == (False, ("lenient",))
        assert found.reason == "Rows are lost."
        assert [(one.name, one.acceptable) for one in found.refusals] == [("lenient", True), ("rows_lost", True)]

    def test_of_each_refusal_lets_it_pass_and_says_so(self) -> None:
        found = self.decided("rows_lost", "lenient", "not_compared")
        assert (found.passed, found.accepted) == (True, ("lenient", "rows_lost"))
        assert found.headline == "Yes, because a person accepted: lenient, rows_lost."
        assert found.reason == "Accepted: The figure is .5000; the rule is at least .9. Rows are lost."
        assert found.results[0].passed is False  # what was found stays as it was

    def test_of_what_nobody_may_accept_does_nothing(self) -> None:
        found = self.decided("key", "lenient", "rows_lost", rules=(LENIENT, AT_LEAST))
        assert (found.passed, found.accepted) == (False, ("lenient", "rows_lost"))
        assert (found.refusals[0].name, found.refusals[0].acceptable) == ("key", False)

    @pytest.mark.parametrize("name", ["", "lenient"])
    def test_never_covers_a_measure_that_is_missing(self, name: str) -> None:
        for report in (Report("by hand"), Report("by hand", (measured(NAN, 0.5),))):
            assert not decide(report, [LENIENT], accepted=[name]).passed

    def test_never_covers_a_finding_without_a_name(self) -> None:
        assert not self.decided("lenient", "", findings=(replace(LOST, name=""),)).passed

    @pytest.mark.parametrize("by", [CHANGE, SHARE])
    def test_is_needed_once_where_what_is_live_was_not_compared(self, by: GateRule) -> None:
        more = {"findings": (), "champion": "2026-11-24.1", "not_compared": "its files are missing"}
        found = self.decided(rules=(by,), **more)
        assert found.headline == "No. It could not be compared with what is live."
        assert found.reason == (
            "Release 2026-11-24.1 is live but could not be compared, because its files are missing."
        )
        assert [(one.name, one.acceptable) for one in found.refusals] == [("not_compared", True)]
        assert (found.results[0].passed, found.results[0].compared) == (False, False)
        assert self.decided("not_compared", rules=(by,), **more).passed

    def test_is_not_asked_for_where_a_kind_compares_nothing(self) -> None:
        found = self.decided("rows_lost", rules=(EXACTLY,), findings=(), champion="2026-11-24.1")
        assert [one.name for one in found.refusals] == ["key"]

    @pytest.mark.parametrize("by", [CHANGE, SHARE])
    def test_a_live_release_without_a_figure_is_not_taken_for_nothing(self, by: GateRule) -> None:
        found = self.decided(rules=(by,), findings=(), champion="2026-11-24.1")
        assert not found.passed
        assert "could not be compared with 2026-11-24.1" in found.reason


class TestDecide:
    def test_needs_a_rule(self) -> None:
        with pytest.raises(NoRulesError):
            decide(Report("by hand", (measured(1),)), [])

    def test_refuses_for_one_broken_rule_among_many(self) -> None:
        report = Report("by hand", (measured(0.95), Measure("read", "Books already read", 2, unit=Unit.COUNT)))
        read = GateRule("read", "read", Bound.EXACTLY, 0, "exactly 0", "It would show books already read.")
        found = decide(report, [AT_LEAST, read, rule(Bound.AT_MOST, 1, "at most 1")])

        assert not found.passed
        assert found.headline == "No. It would show books already read."
        assert found.reason == "Books already read is 2; the rule is exactly 0."
        assert [(result.rule, result.passed) for result in found.results] == [
            ("key", True),
            ("read", False),
            ("key", True),
        ]

    def test_gives_the_numbers_of_each_broken_rule(self) -> None:
        found = decide(Report("by hand", (measured(0.5),)), [AT_LEAST, EXACTLY])
        assert (
            found.reason == "The figure is .5000; the rule is at least .9. The figure is .5000; the rule is exactly 0."
        )

    @pytest.mark.parametrize(
        ("severity", "passed"), [(Severity.STOP, False), (Severity.WARNING, True), (Severity.NOTE, True)]
    )
    def test_refuses_data_that_the_audit_stops(self, severity: Severity, passed: bool) -> None:
        finding = Finding(severity, "at", "Test facts older than training facts.", 0.1, 3)
        found = decide(Report("by hand", (measured(1),), findings=(finding,)), [AT_LEAST])
        assert found.passed is passed
        if not passed:
            assert found.headline == "No. The data it was built from are refused."
            assert found.reason == "Test facts older than training facts."

    @pytest.mark.parametrize(
        ("low", "headline"),
        [
            (0.01, "Yes. It is better than the champion and breaks no rule."),
            (-0.01, "Yes. It is not worse than the champion and breaks no rule."),
        ],
    )
    def test_says_how_sure_a_better_release_is(self, low: float, headline: str) -> None:
        found = verdict(measured(0.104, 0.1, change=Interval(0.04, low, 0.06)), CHANGE)
        assert found.headline == headline
        assert f"The figure changes by +4.0{THIN}%" in found.reason
        assert f"to 6.0{THIN}%) against the champion. All 1 rules of the gate passed." in found.reason

    def test_says_that_nothing_was_live_only_where_nothing_was(self) -> None:
        beside = Report("by hand", (measured(0.95),), champion="2026-11-24.1")
        assert decide(beside, [AT_LEAST]).headline == "Yes. It breaks no rule."

    def test_says_that_nothing_is_live_yet(self) -> None:
        found = verdict(measured(0.95), AT_LEAST)
        assert found.headline == "Yes. It breaks no rule, and nothing was live before."
        assert found.reason == "The figure is .9500. All 1 rules of the gate passed."


class TestVerdict:
    @pytest.mark.parametrize("challenger", [0.95, 0.5])
    def test_is_the_same_after_it_was_stored(self, challenger: float) -> None:
        found = decide(Report("by hand", (measured(challenger),), findings=(LOST,)), [LENIENT], accepted=["lenient"])
        assert Verdict.from_json(json.loads(json.dumps(found.as_json()))) == found
