import json

import pytest

from apps.releases.pages.report_rows import note_text, report_table, slice_table
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.report import Measure, Note, Report, Slice, Unit
from epicml.stats.bootstrap import Interval

NARROW = "\u202f"
NDCG = Measure("ndcg@10", "NDCG@10", 0.0943, 0.0914, change=Interval(0.032, 0.019, 0.045), n=2147)
AGAINST_POPULARITY = Measure(
    "ndcg@10:popularity", "NDCG@10 against popularity", 0.0943, 0.0719, against="popularity",
    change=Interval(0.311, 0.242, 0.38),
)  # fmt: skip
MRR_POPULARITY = Measure("mrr:popularity", "MRR against popularity", 0.134, 0.12, against="popularity")
COVERAGE = Measure("coverage", "Coverage", 0.346, 0.412, unit=Unit.SHARE)
RULES = (GateRule("worse", "ndcg@10", Bound.CHANGE, -0.02),)
RESULTS = (
    {
        "rule": "worse",
        "measure": "ndcg@10",
        "passed": True,
        "text": f"lower bound above −2{NARROW}%",
        "found": "",
        "refusal": "",
    },
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


class TestCountsText:
    def test_says_in_how_many_cases_which_is_better(self) -> None:
        measure = Measure("m", "M", 0.2, 0.1, n=2147, wins=1612, losses=480, ties=55)
        row = report_table(Report("by hand", (measure,)), (), (), against="").rows[0]
        assert row.counts == "1,612 better, 480 worse, 55 alike"

    def test_says_nothing_where_nothing_was_paired(self) -> None:
        assert report_table(REPORT, RESULTS, RULES, against="").rows[0].counts == ""


class TestSliceTable:
    def test_says_what_cannot_be_estimated(self) -> None:
        table = slice_table(REPORT)
        assert table is not None
        assert table.measure == "NDCG@10"
        assert table.rows[0].change == f"+4.1{NARROW}%"
        assert (table.rows[1].picture, table.rows[1].change) == ("not estimable", "–")

    def test_is_absent_where_nothing_was_sliced(self) -> None:
        assert slice_table(Report("by hand", (NDCG,))) is None


class TestNoteText:
    @pytest.mark.parametrize(
        ("note", "text"),
        [
            (Note.COUNTED, "counted, no interval"),
            (Note.NOTHING_LIVE, "nothing was live"),
            (Note.NOT_COMPARED, "not compared"),
            (Note.TOO_FEW, "too few to compare"),
            (Note.NEAR_ZERO, "popularity is at or near 0"),
            ("", "nothing to compare with"),
            ("lists, no error", "lists, no error"),  # as it was stored before there were notes
        ],
    )
    def test_is_a_sentence_for_each_note(self, note: str, text: str) -> None:
        assert note_text(Measure("m", "M", 1, against="popularity", note=note)) == text

    def test_knows_every_note_that_was_stored(self) -> None:
        for note in Note:
            stored = Report("by hand", (Measure("m", "M", 1, note=note),)).as_json()
            (measure,) = Report.from_json(json.loads(json.dumps(stored))).measures
            assert note_text(measure) != note.value

    @pytest.mark.parametrize(("n", "text"), [(40, "7.50"), (2_000, "0.15"), (200_000, "0.0015")])
    def test_says_how_much_no_fault_in_so_many_lists_proves(self, n: int, text: str) -> None:
        measure = Measure("m", "M", 0, unit=Unit.COUNT, n=n, note=Note.COUNTED, upper=3 / n)
        assert note_text(measure) == f"{n:,} lists checked, upper bound {text}{NARROW}%"

    def test_is_of_one_list_too(self) -> None:
        assert note_text(Measure("m", "M", 0, n=1, upper=1)).startswith("1 list checked, ")
