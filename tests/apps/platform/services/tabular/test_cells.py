import re

import pytest

from apps.platform.services.tabular.cells import NOTHING, UNSET, Cells
from apps.platform.services.tabular.refusals import RowError

KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


def cells(name: str, *values: str, clears: bool = False) -> Cells:
    return Cells({name: values}, clears=clears)


def noted(row: Cells) -> list[str]:
    return [remark.kind for remark in row.remarks]


class TestKeys:
    def test_refuse_an_isbn_that_a_spreadsheet_has_rounded(self) -> None:
        with pytest.raises(RowError, match="its last digits are lost"):
            cells("key", "9.78043902348e+12").key(pattern=KEY)

    @pytest.mark.parametrize("value", ["", "a b", "Ä", "x" * 65, "a\0"])
    def test_refuse_an_identifier_of_another_form(self, value: str) -> None:
        with pytest.raises(RowError, match="An identifier has the form"):
            cells("key", value).key(pattern=KEY)


class TestNumbers:
    @pytest.mark.parametrize(("value", "number"), [("12,50", 12.5), ("12.50", 12.5), ("-3", -3.0), ("3.5 of 5", 3.5)])
    def test_may_have_a_comma(self, value: str, number: float) -> None:
        assert cells("cost", value).number("cost", low=-10, high=100) == number

    @pytest.mark.parametrize("value", ["inf", "101", "twelve"])
    def test_are_left_out_where_they_are_none_in_bounds(self, value: str) -> None:
        row = cells("cost", value)
        assert (row.number("cost", low=0, high=100), noted(row)) == (UNSET, ["cost left out"])

    @pytest.mark.parametrize(("value", "count"), [("1,234", 1234), ("1.234", 1234), ("7.0", 7)])
    def test_may_be_grouped_by_thousands(self, value: str, count: int) -> None:
        assert cells("hours", value).count("hours", low=0, high=10**9, empty=0) == count

    def test_come_from_the_first_column_that_has_one_in_bounds(self) -> None:
        assert cells("hours", "", "500", "20").count("hours", low=0, high=24, empty=0) == 20

    @pytest.mark.parametrize("value", sorted(NOTHING))
    def test_may_be_said_not_to_be_known(self, value: str) -> None:
        row = cells("hours", value)
        assert (row.count("hours", low=0, high=24, empty=0), noted(row)) == (UNSET, [])

    def test_are_cleared_by_an_empty_cell_where_somebody_says_so(self) -> None:
        assert cells("hours", "", clears=True).count("hours", low=0, high=24, empty=0) == 0
        assert cells("hours", "soon", clears=True).count("hours", low=0, high=24, empty=0) is UNSET
        assert Cells({}, clears=True).count("hours", low=0, high=24, empty=0) is UNSET  # there is no such column


class TestTexts:
    def test_are_made_one_line_and_mended(self) -> None:
        row = cells("team", " Bears &amp;\r\n  GrandPrÃ© ")
        assert (row.text("team", longest=99), noted(row)) == ("Bears & GrandPré", ["team repaired"])

    def test_are_cut_with_a_remark(self) -> None:
        row = cells("team", "a long name")
        assert (row.text("team", longest=6), noted(row)) == ("a long", ["team cut"])

    def test_may_say_that_there_is_none(self) -> None:
        assert cells("team", "NULL").text("team", longest=9) is UNSET
        assert cells("team", "NULL").text("team", longest=9, nothing=frozenset()) == "NULL"
