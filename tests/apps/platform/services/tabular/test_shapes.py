import pytest

from apps.platform.services.tabular.shapes import FileShape, UnknownFormatError, column_keys, shape_of

BILL = FileShape("bill", "bill of a provider", (column_keys("Billing Period", "Billed Cost"),))
TIMES = FileShape("times", "table of hours", (column_keys("team", "hours"),), alone=True)
SHAPES = {shape.name: shape for shape in (BILL, TIMES, FileShape("plain", "columns by their names"))}


def chosen(*columns: str, name: str | None = None) -> str:
    return shape_of(columns, shapes=SHAPES, name=name).name


class TestShapeOf:
    def test_is_told_by_columns_however_they_are_spelled(self) -> None:
        assert chosen("BillingPeriod", "billed_cost", "Region") == "bill"

    def test_with_columns_that_many_files_have_needs_no_others(self) -> None:
        assert chosen("Team", "Hours") == "times"
        assert chosen("Team", "Hours", "Region") == "plain"

    def test_is_plain_where_nothing_tells(self) -> None:
        assert chosen("Region") == chosen() == "plain"

    def test_may_be_named(self) -> None:
        assert chosen("Team", "Hours", name="bill") == "bill"

    def test_that_nobody_knows_is_refused_with_those_there_are(self) -> None:
        with pytest.raises(UnknownFormatError, match="There is no format 'xls'; formats are bill, times, plain"):
            chosen(name="xls")
