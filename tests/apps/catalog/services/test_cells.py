import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.catalog.services.cells import Cells
from apps.platform.services.refusals import RowError
from epicml.audience.bands import AgeBand

KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


def cell(value: str) -> Cells:
    return Cells({"x": value})


class TestCells:
    @pytest.mark.parametrize(
        ("value", "year"), [("1997", 1997), ("1997.0", 1997), ("-762.0", -762), (" 0 ", 0), ("", None)]
    )
    def test_reads_whole_numbers_as_spreadsheets_write_them(self, value: str, year: int | None) -> None:
        assert cell(value).whole("x", low=-4000, high=2100) == year

    @pytest.mark.parametrize("value", ["1997.5", "nan", "1e3", "٣", "99999", "--1", "9" * 30])
    def test_refuses_what_is_no_whole_number_in_bounds(self, value: str) -> None:
        with pytest.raises(RowError, match="whole number from -4000 to 2100") as caught:
            cell(value).whole("x", low=-4000, high=2100)
        assert (caught.value.column, caught.value.value) == ("x", value)

    @pytest.mark.parametrize("value", ["inf", "nan", "5.01", "four", "-0.1"])
    def test_refuses_what_is_no_number_in_bounds(self, value: str) -> None:
        with pytest.raises(RowError, match="number from 0 to 5"):
            cell(value).number("x", low=0, high=5)

    def test_refuses_an_isbn_that_a_spreadsheet_has_rounded(self) -> None:
        with pytest.raises(RowError, match="its last digits are lost"):
            cell("9.78043902348e+12").key("x", pattern=KEY)

    @pytest.mark.parametrize("value", ["", "a b", "Ä", "x" * 65, "a\0"])
    def test_refuses_an_identifier_of_another_form(self, value: str) -> None:
        with pytest.raises(RowError, match="An identifier has the form"):
            cell(value).key("x", pattern=KEY)

    @pytest.mark.parametrize(
        ("value", "texts"),
        [
            ("J.K. Rowling, Mary GrandPré", ("J.K. Rowling", "Mary GrandPré")),
            ("Rowling, J.K.; GrandPré, Mary", ("Rowling, J.K.", "GrandPré, Mary")),
            ("A,, A ,B", ("A", "B")),
            (" , ", ()),
        ],
    )
    def test_splits_lists_at_semicolons_else_at_commas(self, value: str, texts: tuple[str, ...]) -> None:
        assert cell(value).texts("x", most=9, longest=20) == texts

    @pytest.mark.parametrize("value", ["a,b,c", "abcdef", "a\x07b"])
    def test_bounds_lists(self, value: str) -> None:
        with pytest.raises(RowError, match="At most"):
            cell(value).texts("x", most=2, longest=5)

    def test_joins_lines_and_refuses_control_characters(self) -> None:
        assert cell(" The  Wild\r\n Things ").text("x", longest=20) == "The Wild Things"
        with pytest.raises(RowError, match="Control characters"):
            cell("a\x00b").text("x", longest=20)
        with pytest.raises(RowError, match="may not be empty"):
            cell("  ").text("x", longest=20)
        with pytest.raises(RowError, match="At most 3 characters"):
            cell("abcd").text("x", longest=3)

    def test_reads_the_youngest_band_too(self) -> None:
        assert cell("0-5").age_band("x") is AgeBand.AGES_0_TO_5
        assert cell("").age_band("x") is None
        with pytest.raises(RowError, match="is no age band"):
            cell("children").age_band("x")

    def test_reads_languages(self) -> None:
        assert [cell(code).language("x") for code in ("eng", "en-US", "")] == ["en", "en", "und"]
        with pytest.raises(RowError, match="is no language code"):
            cell("English, mostly").language("x")

    @given(st.text(max_size=30))
    def test_answer_any_text_with_a_value_or_a_reason(self, value: str) -> None:
        row = cell(value)
        readers = (
            lambda: row.key("x", pattern=KEY),
            lambda: row.text("x", longest=10),
            lambda: row.texts("x", most=3, longest=5),
            lambda: row.whole("x", low=0, high=9),
            lambda: row.number("x", low=0, high=9),
            lambda: row.language("x"),
            lambda: row.age_band("x"),
        )
        for read in readers:
            with suppress(RowError):
                read()
