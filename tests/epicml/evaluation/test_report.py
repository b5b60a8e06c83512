import json

import pytest

from epicml.datasets.audit import Finding, Severity
from epicml.evaluation.report import Measure, Report, Slice, Unit, UnknownMeasureError
from epicml.stats.bootstrap import Interval

FULL = Report(
    method="temporal split",
    measures=(
        Measure(
            "ndcg@10",
            "NDCG@10",
            0.11,
            0.1,
            change=Interval(0.1, 0.05, 0.15),
            difference=Interval(0.01, 0.005, 0.015, level=0.9),
            n=200,
        ),
        Measure("served", "Served", 199, unit=Unit.ANSWERS, n=200, note="lists"),
        Measure("ndcg@10:author", "Against authors", 0.11, 0.0, "author"),
    ),
    slices=(Slice("age band", "Age 9 to 11", 40, 0.2, 0.1, Interval(1, 0.5, 1.5)), Slice("history", "New", 3, 0.1)),
    findings=(Finding(Severity.WARNING, "value", "Ratings outside 1 to 5", 0.5, 7, ("9", "0"), "left out"),),
    counts={"readers": 200, "sha256": "ab12", "seconds": 1.5},
)


class TestJson:
    @pytest.mark.parametrize("report", [FULL, Report("nothing was measured")])
    def test_of_a_report_gives_the_report_again(self, report: Report) -> None:
        assert Report.from_json(json.loads(json.dumps(report.as_json()))) == report

    def test_gives_units_and_severities_their_type_again(self) -> None:
        stored = Report.from_json(json.loads(json.dumps(FULL.as_json())))
        assert stored.measures[1].unit is Unit.ANSWERS
        assert stored.findings[0].severity is Severity.WARNING


class TestMeasure:
    def test_is_found_by_its_key(self) -> None:
        assert FULL.measure("served").challenger == 199

    def test_that_was_not_taken_is_not_there(self) -> None:
        assert FULL.has("served")
        assert not FULL.has("mrr@10")
        with pytest.raises(UnknownMeasureError, match=r"mrr@10"):
            FULL.measure("mrr@10")
