import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.catalogue_numbers import count_in, names_several, number_in, place_in_series, year_in


class TestYearIn:
    @pytest.mark.parametrize(
        ("text", "year"),
        [
            ("2004-", 2004), ("-1999", -1999), ("1997/98", 1997), ("p2003", 2003), ("[ca. 1900]", 1900),
            ("1st ed. 1984", 1984),
            ("London, 1897", 1897), ("MMXXIV", 2024), ("[MCMXC]", 1990), ("c. 44 BC", -44), ("3000", None),
            ("19990", None),
            ("1234567890", None), ("ISBN 9781999", None), ("I", None), ("", None),
        ],
    )  # fmt: skip
    def test_finds_the_first_year(self, text: str, year: int | None) -> None:
        assert year_in(text) == year

    @given(st.integers(1000, 2100))
    def test_knows_every_year_in_the_forms_of_catalogues(self, year: int) -> None:
        assert {year_in(form.format(year)) for form in ("{}", "c{}.", "[{}]", "{}?", "©{}", "{}-", "{}.0")} == {year}


class TestNumberIn:
    @pytest.mark.parametrize(
        ("text", "number"),
        [("1.234", 1.234), ("1,23", 1.23), ("-2", -2), ("1,234,567", 1234567), ("v2.0.1", None), ("", None)],
    )
    def test_tells_thousands_from_decimals(self, text: str, number: float | None) -> None:
        assert number_in(text) == number


class TestCountIn:
    @given(st.integers(0, 10**11))
    def test_knows_every_grouping(self, count: int) -> None:
        grouped = f"{count:,}"
        assert {count_in(grouped.replace(",", sign)) for sign in (",", ".", " ", "'")} == {count}


class TestPlaceInSeries:
    @pytest.mark.parametrize(
        ("text", "place"), [("Bd. 3", 3), ("Volume 12", 12), ("2,5", 2.5), ("1 & 2", None), ("0.5", 0.5), ("x", 10)]
    )
    def test_reads_words_around_it(self, text: str, place: float | None) -> None:
        assert place_in_series(text) == place

    @pytest.mark.parametrize(("text", "several"), [("1-3", True), ("1,2", False), ("1, 2", True), ("1 to 4", True)])
    def test_knows_several(self, text: str, several: bool) -> None:
        assert names_several(text) is several
