import pytest

from apps.releases.pages.report_rows import report_table, slice_table, value_text
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.report import Measure, Report, Slice, Unit
from epicml.stats.bootstrap import Interval

NARROW = "\u202f"
NDCG = Measure("ndcg@10", "NDCG@10", 0.0943, 0.0914, change=Interval(0.032, 0.019, 0.045), n=2147)
AGAINST_POPULARITY = Measure(
    "ndcg@10:popularity", "NDCG@10 against popularity", 0.0943, 0.0719, against="popularity",
    change=Interval(0.311, 0.242, 0.38),
)  # fmt: skip
MRR_POPULARITY = Measure("mrr:popularity", "MRR against popularity", 0.134, 0.12, against="popularity")
COVERAGE = Measure("coverage", "Coverage", 0.346, 0.412, unit=Unit.SHARE)
RULES = (GateRule("worse", "ndcg@10", Bound.CHANGE, -0.02, f"lower bound above −2{NARROW}%", "It is worse."),)
RESULTS = (
    {"rule": "worse", "measure": "ndcg@10", "passed": True, "text": RULES[0].text, "found": "", "refusal": ""},
    {
        "rule": "popularity",
        "measure": "ndcg@10:popularity",
        "passed": True,
        "text": "above 0",
        "found": "",
        "refusal": "",
    },
    {
        "rule": "coverage",
        "measure": "coverage",
        "passed": False,
        "text": "at least 90 %",
        "found": "",
        "refusal": "Too few.",
    },
)
REPORT = Report("by hand", (NDCG, AGAINST_POPULARITY, MRR_POPULARITY, COVERAGE), (
    Slice("age band", "Age 6 to 8", 412, 0.1, 0.09, Interval(0.041, 0.01, 0.072)),
    Slice("age band", "Age 15 to 17", 1, 0.1, 0.09),
))  # fmt: skip


class TestReportTable:
    def test_shows_one_opponent_and_whatever_a_rule_looks_at(self) -> None:
        table = report_table(REPORT, RESULTS, RULES, against="")
        assert [row.title for row in table.rows] == ["NDCG@10", "NDCG@10 against popularity", "Coverage"]
        assert table.opponents == ("champion", "popularity")

    def test_another_opponent_is_chosen_by_name(self) -> None:
        table = report_table(REPORT, RESULTS, RULES, against="popularity")
        assert [row.title for row in table.rows] == ["NDCG@10 against popularity", "MRR against popularity"]

    def test_an_unknown_opponent_is_the_first(self) -> None:
        assert report_table(REPORT, RESULTS, RULES, against="<script>").against == "champion"

    def test_a_row_has_values_change_interval_rule_and_result(self) -> None:
        row = report_table(REPORT, RESULTS, RULES, against="").rows[0]
        assert (row.champion, row.challenger) == (".0914", ".0943")
        assert (row.change, row.under) == (f"+3.2{NARROW}%", f"1.9 to 4.5{NARROW}%")
        assert row.is_drawn
        assert "e-i-margin" in row.picture
        assert "Passed" in row.gate

    def test_a_counted_measure_says_its_share_of_the_champion(self) -> None:
        row = report_table(REPORT, RESULTS, RULES, against="").rows[2]
        assert (row.change, row.under) == (f"−16.0{NARROW}%", f"84.0{NARROW}% of the champion")
        assert not row.is_drawn
        assert "Failed" in row.gate

    def test_a_difference_of_shares_is_in_points(self) -> None:
        saved = Measure(
            "saved", "Keystrokes saved", 0.866, 0.863, against="titles", unit=Unit.SHARE,
            difference=Interval(0.003, -0.01, 0.018),
        )  # fmt: skip
        row = report_table(Report("by hand", (saved,)), (), (), against="").rows[0]
        assert (row.change, row.under) == ("+0.3 points", "−1.0 points to +1.8 points")
        assert row.picture == "interval of the difference"

    def test_a_measure_without_rule_is_only_reported(self) -> None:
        row = report_table(REPORT, RESULTS, RULES, against="popularity").rows[1]
        assert row.rule == "reported"
        assert "No rule" in row.gate


class TestSliceTable:
    def test_says_what_cannot_be_estimated(self) -> None:
        table = slice_table(REPORT)
        assert table is not None
        assert table.measure == "NDCG@10"
        assert table.rows[0].change == f"+4.1{NARROW}%"
        assert (table.rows[1].picture, table.rows[1].change) == ("not estimable", "–")

    def test_is_absent_where_nothing_was_sliced(self) -> None:
        assert slice_table(Report("by hand", (NDCG,))) is None


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
        assert value_text(Measure("m", "M", value, unit=unit, n=200), value) == text
