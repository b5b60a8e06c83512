import pytest

from epicml.evaluation import wording
from epicml.evaluation.report import Measure, Unit
from epicml.stats.bootstrap import Interval

THIN, MINUS = "\u202f", "\u2212"


class TestPercent:
    @pytest.mark.parametrize(
        ("share", "text"),
        [(0, f"0.0{THIN}%"), (0.43, f"43.0{THIN}%"), (1, f"100.0{THIN}%"), (-0.16, f"{MINUS}16.0{THIN}%")],
    )
    def test_has_a_thin_space_and_a_true_minus(self, share: float, text: str) -> None:
        assert wording.percent(share) == text

    def test_says_the_sign_where_it_is_asked_for(self) -> None:
        assert wording.percent(0.031, signed=True) == f"+3.1{THIN}%"
        assert wording.percent(-0.031, signed=True) == f"{MINUS}3.1{THIN}%"

    def test_has_as_many_digits_as_asked(self) -> None:
        assert wording.percent(0.00123, digits=2) == f"0.12{THIN}%"


class TestScore:
    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (0.0943, ".0943"),
            (0.0, ".0000"),
            (1.0, "1.0000"),
            (10.5, "10.5000"),
            (-0.0123, f"{MINUS}.0123"),
            (-1.0, f"{MINUS}1.0000"),
            (float("nan"), "nan"),
        ],
    )
    def test_is_written_without_its_leading_0(self, number: float, text: str) -> None:
        assert wording.score(number) == text


class TestInterval:
    def test_names_both_ends_and_the_unit_once(self) -> None:
        assert wording.interval(Interval(0.04, -0.012, 0.059)) == f"{MINUS}1.2 to 5.9{THIN}%"
        assert wording.interval(Interval(-0.04, -0.059, -0.012)) == f"{MINUS}5.9 to {MINUS}1.2{THIN}%"


class TestValue:
    @pytest.mark.parametrize(
        ("unit", "number", "text"),
        [
            (Unit.SCORE, 0.0943, ".0943"),
            (Unit.SHARE, 0.43, f"43.0{THIN}%"),
            (Unit.COUNT, 1120, "1,120"),
            (Unit.BYTES, 2**20 * 22.4, f"22.4{THIN}MiB"),
            (Unit.MILLISECONDS, 1.24, f"1.2{THIN}ms"),
            (Unit.ANSWERS, 199, "199 of 1,200"),
        ],
    )
    def test_is_written_in_its_unit(self, unit: Unit, number: float, text: str) -> None:
        assert wording.value(Measure("key", "Title", 0, unit=unit, n=1200), number) == text
