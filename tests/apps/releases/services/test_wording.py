import json
from dataclasses import asdict

import pytest

from apps.recommendations.services.training import RULES, WORDS
from apps.releases.services import wording
from apps.releases.services.wording import RuleWords
from epicml.datasets.audit import Finding, Severity
from epicml.evaluation.gate import Basis, Bound, GateRule, apply_rule, decide
from epicml.evaluation.report import Measure, Report, Unit
from epicml.stats.bootstrap import Interval

NARROW, MINUS = "\u202f", "\u2212"
NAN = float("nan")
LOST = Finding(Severity.STOP, "rows", "Rows are lost.", 0.5, 10, name="rows_lost")


def told(rule: GateRule, measure: Measure, **report: str) -> str:
    """What is said of this measure under this rule of the recommender."""
    written = Report("by hand", (measure,), **report)  # type: ignore[arg-type]
    return wording.sentence(apply_rule(rule, written), written, WORDS)


def counted(key: str, value: float, n: int = 200, unit: Unit = Unit.COUNT) -> Measure:
    return Measure(key, "The title", value, n=n, unit=unit)


def rule(key: str) -> GateRule:
    return next(one for one in RULES if one.key == key)


class TestSentence:
    @pytest.mark.parametrize(
        ("key", "measure", "sentence"),
        [
            ("already_read", counted("already_read", 0), "0 already-read books were recommended (limit: 0)."),
            ("already_read", counted("already_read", 1), "1 already-read book was recommended (limit: 0)."),
            ("already_read", counted("already_read", 1120), "1,120 already-read books were recommended (limit: 0)."),
            ("age_band", counted("above_band", 1), "1 book above the reader's age band was recommended (limit: 0)."),
            ("age_band", counted("above_band", 2), "2 books above the reader's age band were recommended (limit: 0)."),
            (
                "reproduced",
                counted("reproduced", 1, 2, Unit.ANSWERS),
                "1 of 2 rebuilds reproduced the hash (required: all).",
            ),
            (
                "reproduced",
                counted("reproduced", 0, 1, Unit.ANSWERS),
                "0 of 1 rebuild reproduced the hash (required: all).",
            ),
            (
                "serves",
                counted("served", 1199, 1200, Unit.ANSWERS),
                "1,199 of 1,200 trial lists came full and without an error (required: all).",
            ),
            ("memory", counted("bytes", 600 * 2**20, 0, Unit.BYTES), "The title is 600 MiB (limit: 512 MiB)."),
        ],
    )
    def test_counts_in_the_number_of_its_noun(self, key: str, measure: Measure, sentence: str) -> None:
        assert told(rule(key), measure) == sentence

    @pytest.mark.parametrize(
        ("by", "measure", "sentence"),
        [
            (
                GateRule("g", "m", Bound.CHANGE, -0.02),
                Measure("m", "NDCG@10", 0.1, 0.1, change=Interval(0, -0.369, 0.02)),
                f"NDCG@10 has the lower bound {MINUS}36.9{NARROW}% (required: above {MINUS}2{NARROW}%).",
            ),
            (
                GateRule("g", "m", Bound.CHANGE, 0),
                Measure("m", "NDCG@10", 0.1, 0.1, change=Interval(0, 0, 0.02)),
                f"NDCG@10 has the lower bound 0{NARROW}% (required: above 0).",
            ),
            (
                GateRule("g", "m", Bound.CHANGE, -0.02),
                Measure("m", "MRR", 0.1, 0, difference=Interval(0, -0.1, 0.1)),
                (
                    "MRR: the champion is at or near 0, so that a relative change means nothing; the "
                    f"difference has the lower bound {MINUS}.1000 (required: above {MINUS}2{NARROW}%)."
                ),
            ),
            (
                GateRule("g", "m", Bound.DIFFERENCE, 0),
                Measure("m", "MRR", 0.1, 0.1, difference=Interval(0, -0.0123, 0.1)),
                f"MRR has the lower bound {MINUS}.0123 (required: above 0).",
            ),
            (
                GateRule("g", "m", Bound.DIFFERENCE, -0.01),
                Measure("m", "Saved", 0.1, 0.1, unit=Unit.SHARE, difference=Interval(0, -0.02, 0.1)),
                f"Saved has the lower bound {MINUS}2.0 points (required: above {MINUS}1.0 points).",
            ),
            (
                GateRule("g", "m", Bound.SHARE_OF_CHAMPION, 0.9),
                Measure("m", "Coverage", 0.3, 0.4, unit=Unit.SHARE),
                f"Coverage is 75.0{NARROW}% of the champion's (required: at least 90{NARROW}% of the champion).",
            ),
            (
                GateRule("g", "m", Bound.SHARE_OF_CHAMPION, 0.9),
                Measure("m", "Coverage", 0, 0, unit=Unit.SHARE),
                (
                    "Coverage was 0 in the champion, which nothing can be below (required: at least "
                    f"90{NARROW}% of the champion)."
                ),
            ),
            (GateRule("g", "m", Bound.AT_LEAST, 0.9), Measure("m", "It", 0.5), "It is .5000 (required: at least .9)."),
            (GateRule("g", "m", Bound.EXACTLY, 2), counted("m", 3), "The title is 3 (required: exactly 2)."),
            (
                GateRule("g", "m", Bound.ALL, 1),
                counted("m", 0, 0, Unit.ANSWERS),
                "The title is 0 of 0 (required: all).",
            ),
            (
                GateRule("g", "m", Bound.CHANGE, 0),
                Measure("m", "It", 0.5, 0.0, n=1),
                "It has no interval against the champion: 1 pair (required: above 0).",
            ),
            (GateRule("g", "m", Bound.CHANGE, 0), Measure("m", "It", 1), "It: nothing was live to compare with."),
            (
                GateRule("g", "m", Bound.AT_MOST, 1),
                Measure("m", "It", NAN),
                "It is not a number (required: at most 1).",
            ),
            (
                GateRule("g", "m", Bound.CHANGE, 0),
                Measure("m", "It", 1, 1, change=Interval(1, NAN, 1)),
                "It is not a number (required: above 0).",
            ),
            (GateRule("g", "x", Bound.ALL, 1), Measure("m", "It", 1), "x was not measured (required: all)."),
        ],
    )
    def test_says_both_numbers_of_every_bound(self, by: GateRule, measure: Measure, sentence: str) -> None:
        assert told(by, measure) == sentence

    def test_names_the_live_release_that_was_not_compared(self) -> None:
        by = GateRule("g", "m", Bound.CHANGE, 0)
        assert told(by, Measure("m", "It", 1), champion="2026-11-24.1") == (
            "It could not be compared with 2026-11-24.1 (required: above 0)."
        )


class TestRuleText:
    @pytest.mark.parametrize(
        ("key", "text"),
        [
            ("not_worse", f"lower bound above {MINUS}2{NARROW}%"),
            ("above_popularity", "lower bound above 0"),
            ("coverage", f"at least 90{NARROW}% of the champion"),
            ("age_band", "exactly 0"),
            ("reproduced", "all"),
            ("memory", "at most 512 MiB"),
        ],
    )
    def test_is_derived_from_the_limit(self, key: str, text: str) -> None:
        by = rule(key)
        unit = {"memory": Unit.BYTES, "age_band": Unit.COUNT}.get(key, Unit.SCORE)
        result = apply_rule(by, Report("by hand", (Measure(by.measure, "It", 1, unit=unit),)))
        assert wording.rule_text(result, unit) == text


class TestWords:
    def test_there_are_some_for_each_rule_of_the_recommender(self) -> None:
        assert list(WORDS) == [one.key for one in RULES]

    def test_a_rule_without_any_is_named(self) -> None:
        report = Report("by hand", (counted("books", 2),))
        found = decide(report, [GateRule("few", "books", Bound.AT_MOST, 1)])
        assert wording.headline(found, report, {}) == "No. It breaks the rule few."
        assert wording.reason(found, report, {}) == "The title is 2 (limit: 1)."


READ = GateRule("read", "read", Bound.EXACTLY, 0)
LENIENT = GateRule("lenient", "figure", Bound.AT_LEAST, 0.9, acceptable=True)
SOME_WORDS = {"read": RuleWords("It would show books already read.", "read book", "read books")}


class TestHeadlineAndReason:
    def said(self, report: Report, *rules: GateRule, accepted: tuple[str, ...] = ()) -> tuple[str, str]:
        found = decide(report, rules, accepted=accepted)
        return wording.headline(found, report, SOME_WORDS), wording.reason(found, report, SOME_WORDS)

    def test_name_what_nobody_may_accept_first(self) -> None:
        report = Report("by hand", (Measure("figure", "It", 0.5), counted("read", 2)))
        assert self.said(report, LENIENT, READ) == (
            "No. It would show books already read.",
            "2 read books (limit: 0). It is .5000 (required: at least .9).",
        )

    def test_say_what_a_person_accepted(self) -> None:
        report = Report("by hand", (Measure("figure", "It", 0.5),), findings=(LOST,))
        assert self.said(report, LENIENT, accepted=("rows_lost",)) == (
            "No. It breaks the rule lenient.",
            "It is .5000 (required: at least .9).",
        )
        assert self.said(report, LENIENT, accepted=("rows_lost", "lenient")) == (
            "Yes, because a person accepted: lenient, rows_lost.",
            "Accepted: It is .5000 (required: at least .9). Rows are lost.",
        )

    def test_of_refused_data_are_those_of_the_finding(self) -> None:
        report = Report("by hand", (counted("read", 0),), findings=(LOST,))
        assert self.said(report, READ) == ("No. The data it was built from are refused.", "Rows are lost.")

    @pytest.mark.parametrize(("champion", "who"), [("2026-11-24.1", "Release 2026-11-24.1"), ("", "A release")])
    def test_of_what_was_not_compared_name_it(self, champion: str, who: str) -> None:
        report = Report("by hand", (counted("read", 0),), champion=champion, not_compared="its files are missing")
        assert self.said(report, READ) == (
            "No. It could not be compared with what is live.",
            f"{who} is live but could not be compared, because its files are missing.",
        )

    @pytest.mark.parametrize(
        ("low", "headline"),
        [
            (0.01, "Yes. It is better than the champion and breaks no rule."),
            (-0.01, "Yes. It is not worse than the champion and breaks no rule."),
        ],
    )
    def test_say_how_sure_a_better_release_is(self, low: float, headline: str) -> None:
        measure = Measure("figure", "It", 0.104, 0.1, change=Interval(0.04, low, 0.06))
        said = self.said(Report("by hand", (measure, counted("read", 0))), READ)
        first = f"{low * 100:.1f}".replace("-", MINUS)
        assert said == (
            headline,
            (
                f"It changes by +4.0{NARROW}% (95{NARROW}% interval {first} to 6.0{NARROW}%) against the champion. The "
                "one rule of the gate passed."
            ),
        )

    def test_praise_by_the_difference_where_there_is_no_change(self) -> None:
        measure = Measure("figure", "It", 0.5, 0.0, difference=Interval(0.5, 0.4, 0.6))
        assert self.said(Report("by hand", (measure, counted("read", 0))), READ, READ) == (
            "Yes. It is better than the champion and breaks no rule.",
            "It is .5000, .0000 in the champion. All 2 rules of the gate passed.",
        )

    @pytest.mark.parametrize(
        ("champion", "headline"),
        [
            ("", "Yes. It breaks no rule, and nothing was live before."),
            ("2026-11-24.1", "Yes. It breaks no rule."),
        ],
    )
    def test_say_that_nothing_was_live_only_where_nothing_was(self, champion: str, headline: str) -> None:
        report = Report("by hand", (counted("read", 0),), champion=champion)
        assert self.said(report, READ) == (headline, "The title is 0. The one rule of the gate passed.")


class TestResultFrom:
    @pytest.mark.parametrize("value", [0, 2, NAN])
    def test_is_the_result_that_was_stored(self, value: float) -> None:
        result = apply_rule(READ, Report("by hand", (counted("read", value),)))
        assert wording.result_from(json.loads(json.dumps(asdict(result)))) == result

    def test_of_another_basis_is_refused(self) -> None:
        stored = asdict(apply_rule(READ, Report("by hand", (counted("read", 0),))))
        with pytest.raises(ValueError, match="guessed"):
            wording.result_from({**stored, "basis": "guessed"})
        assert Basis(stored["basis"]) is Basis.VALUE


class TestValueText:
    @pytest.mark.parametrize(
        ("unit", "value", "text"),
        [
            (Unit.SCORE, 0.0943, ".0943"),
            (Unit.SHARE, 0.43, f"43.0{NARROW}%"),
            (Unit.COUNT, 1120, "1,120"),
            (Unit.BYTES, 64 * 2**20, "64 MiB"),
            (Unit.MILLISECONDS, 1.2, "1.2 ms"),
            (Unit.ANSWERS, 200, "200 of 200"),
        ],
    )
    def test_is_in_the_unit(self, unit: Unit, value: float, text: str) -> None:
        assert wording.value_text(value, unit, n=200) == text
