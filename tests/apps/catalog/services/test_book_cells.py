import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.catalog.services.book_cells import BookCells
from apps.platform.services.tabular.cells import UNSET
from apps.platform.services.tabular.refusals import RowError
from epicml.audience.bands import AgeBand

KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


def cells(name: str, *values: str, clears: bool = False) -> BookCells:
    return BookCells({name: values}, clears=clears)


def noted(row: BookCells) -> list[str]:
    return [remark.kind for remark in row.remarks]


class TestYears:
    @pytest.mark.parametrize(
        ("value", "year"),
        [
            ("1997", 1997), ("1997.0", 1997), ("-762.0", -762), ("c1997.", 1997), ("[1945]", 1945), ("2004-", 2004),
            ("©2001", 2001), ("1999?", 1999), ("MCMXCIX", 1999), ("2004-05-01T00:00:00+00:00", 2004),
            ("May 2004", 2004), ("1998, c1997", 1998), ("762 B.C.", -762),
        ],
    )  # fmt: skip
    def test_are_read_out_of_what_stands_around_them(self, value: str, year: int) -> None:
        assert cells("year", value).year(low=-4000, high=2100) == year

    @pytest.mark.parametrize("value", ["nan", "0", "0.0", "", "NULL"])
    def test_say_nothing_where_none_is_known(self, value: str) -> None:
        row = cells("year", value)
        assert (row.year(low=-4000, high=2100), noted(row)) == (UNSET, [])

    @pytest.mark.parametrize("value", ["99999", "19--?", "n.d.", "soon", "--1", "9" * 30, "1e3", "٣"])
    def test_are_left_out_with_a_remark_where_none_can_be_read(self, value: str) -> None:
        row = cells("year", value)
        assert (row.year(low=-4000, high=2100), noted(row)) == (UNSET, ["year left out"])
        assert row.remarks[0].value == value

    def test_come_from_the_first_column_that_has_one(self) -> None:
        assert cells("year", "", "2001").year(low=0, high=2100) == 2001


class TestNumbers:
    @pytest.mark.parametrize(("value", "number"), [("4,05", 4.05), ("4.05", 4.05), ("4.2 out of 5", 4.2)])
    def test_may_have_a_comma(self, value: str, number: float) -> None:
        assert cells("average_rating", value).number("average_rating", low=0, high=5) == number

    @pytest.mark.parametrize("value", ["inf", "5.01", "four", "-0.1"])
    def test_are_left_out_where_they_are_none_in_bounds(self, value: str) -> None:
        row = cells("average_rating", value)
        assert row.number("average_rating", low=0, high=5) is UNSET
        assert noted(row) == ["average_rating left out"]

    @pytest.mark.parametrize(("value", "count"), [("1,234", 1234), ("1.234", 1234), ("1 234 567", 1234567), ("7.0", 7)])
    def test_may_be_grouped_by_thousands(self, value: str, count: int) -> None:
        assert cells("popularity", value).count("popularity", low=0, high=10**9, empty=0) == count

    @pytest.mark.parametrize(
        ("value", "number"), [("1.5", 1.5), ("Book 2", 2), ("#3", 3), ("1-3", None), ("IV", 4), ("0", 0), ("2 of 7", 2)]
    )
    def test_of_a_series_may_have_words_around_them(self, value: str, number: float | None) -> None:
        assert cells("series_number", value).series_number(high=1000) == number

    @pytest.mark.parametrize(("value", "level"), [("K-2", 1), ("3-5", 3), ("Grade 4", 4), ("2.5", 2), ("5th grade", 5)])
    def test_of_a_school_year_are_the_lower_one(self, value: str, level: int) -> None:
        assert cells("reading_level", value).level(low=1, high=12) == level

    def test_of_another_scale_are_no_school_year(self) -> None:
        assert cells("reading_level", "540L").level(low=1, high=12) is UNSET


class TestTexts:
    def test_are_made_one_line(self) -> None:
        assert cells("title", " The  Wild\r\n Things ").title(longest=20) == "The Wild Things"

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("Adam &amp; Eve", "Adam & Eve"),
            ("Caf&amp;eacute; &#39;68", "Café '68"),
            ("GrandPrÃ©", "GrandPré"),
            ("Itâ€™s", "It’s"),
            ("a\x00b\x07", "ab"),
        ],
    )
    def test_are_mended(self, value: str, text: str) -> None:
        assert cells("title", value).title(longest=99) == text

    def test_that_were_mended_or_cut_have_a_remark(self) -> None:
        row = cells("title", "GrandPrÃ© is a long name")
        assert row.title(longest=9) == "GrandPré"
        assert noted(row) == ["title repaired", "title cut"]

    def test_of_spreadsheets_errors_are_none(self) -> None:
        assert cells("title", "#N/A").title(longest=9) is UNSET
        assert cells("series", "NULL").text("series", longest=9) is UNSET
        assert cells("title", "None").title(longest=9) == "None"

    def test_that_are_spoilt_beyond_mending_are_noticed(self) -> None:
        row = cells("title", "KÃ?Â¶nig")
        assert (row.title(longest=9), noted(row)) == ("KÃ?Â¶nig", ["title spoilt"])

    def test_lose_the_punctuation_of_catalogues_only_there(self) -> None:
        assert BookCells({"title": ("Holes /",)}, has_isbd=True).title(longest=9) == "Holes"
        assert cells("title", "Holes /").title(longest=9) == "Holes /"


class TestEmptyCells:
    def test_say_nothing(self) -> None:
        row = BookCells(dict.fromkeys(("year", "series", "genres", "authors", "isbns", "language", "age_band"), ("",)))
        said = (
            row.year(low=0, high=9), row.text("series", longest=9), row.genres(most=9, longest=9, separator=None),
            row.authors(most=9, longest=9, separator=None, order=None), row.isbns(most=9), row.language(),
            row.age_band(),
        )  # fmt: skip
        assert set(said) == {UNSET}

    def test_clear_where_somebody_says_so(self) -> None:
        assert cells("year", "", clears=True).year(low=0, high=9) is None
        assert cells("language", "", clears=True).language() == "und"
        assert cells("genres", " ", clears=True).genres(most=9, longest=9, separator=None) == ()
        assert cells("popularity", "", clears=True).count("popularity", low=0, high=9, empty=0) == 0
        assert BookCells({}, clears=True).year(low=0, high=9) is UNSET  # there is no such column

    def test_differ_from_those_that_cannot_be_read(self) -> None:
        assert cells("year", "soon", clears=True).year(low=0, high=9) is UNSET


class TestGenres:
    @pytest.mark.parametrize(
        ("value", "genres"),
        [
            ("a,b, b", ("a", "b")),
            ("Stories, English; Bears", ("Stories, English", "Bears")),
            ("Bears | Picture books, English", ("Bears", "Picture books, English")),
            ("['Young Adult', 'Fantasy, high']", ("Young Adult", "Fantasy, high")),
            ("Tom &amp; Jerry, Cats", ("Tom & Jerry", "Cats")),
        ],
    )
    def test_are_divided_as_they_are_written(self, value: str, genres: tuple[str, ...]) -> None:
        assert cells("genres", value).genres(most=9, longest=60, separator=None) == genres

    @pytest.mark.parametrize(
        ("value", "genres"),
        [
            (
                "Children's stories, English -- History and criticism",
                ("Children's stories, English -- History and criticism",),
            ),
            (
                "Bears -- Juvenile fiction, Owls -- Juvenile fiction",
                ("Bears -- Juvenile fiction", "Owls -- Juvenile fiction"),
            ),
            ("kids, bears, owls", ("kids", "bears", "owls")),
        ],
    )
    def test_are_not_divided_inside_a_heading(self, value: str, genres: tuple[str, ...]) -> None:
        assert cells("genres", value).genres(most=9, longest=60, separator=None) == genres

    @pytest.mark.parametrize(
        ("heading", "kept"),
        [
            (
                "Mythical creatures of the old world and of the new one too -- Juvenile fiction",
                "Mythical creatures of the old world and -- Juvenile fiction",
            ),
            (
                "Children's stories -- Their illustrations and their illustrators -- History and criticism",
                "Children's stories -- History and criticism",
            ),
        ],
    )
    def test_that_are_too_long_keep_their_last_subdivision(self, heading: str, kept: str) -> None:
        assert cells("genres", heading).genres(most=9, longest=60, separator=None) == (kept,)

    def test_that_are_too_long_keep_what_they_say_of_readers(self) -> None:
        heading = "United States -- History -- Civil War, 1861-1865 -- Regimental histories -- Juvenile fiction"
        row = cells("genres", heading)

        found = row.genres(most=9, longest=60, separator=";")

        assert found == ("United States -- History -- Juvenile fiction",)
        assert noted(row) == ["genres cut"]

    def test_that_would_say_another_thing_when_cut_are_left_out(self) -> None:
        row = cells("genres", "Picture books " + "of the last century for collectors and dealers in antiquarian books")
        assert row.genres(most=9, longest=14, separator=";") is UNSET
        assert noted(row) == ["genres left out"]


class TestIsbns:
    @pytest.mark.parametrize(
        "value",
        [
            '="0306406152"', "9780306406157 (pbk.)", "0-306-40615-2 (hbk.) : $12.95", "306406152",
            "isbn:9780306406157, goodreads:123", "9780306406157 | 0306406152", "ISBN 978-0-306-40615-7",
            "0306406152 paperback",
        ],
    )  # fmt: skip
    def test_are_read_in_every_form(self, value: str) -> None:
        row = cells("isbns", value)
        assert (row.isbns(most=9), noted(row)) == (("9780306406157",), [])

    def test_that_are_none_are_left_out(self) -> None:
        row = cells("isbns", "B00009EF82", "9.78E+12", "9780306406158")
        assert row.isbns(most=9) is UNSET
        assert noted(row) == ["isbns left out", "isbns rounded by a spreadsheet and left out", "isbns left out"]


class TestAgeBands:
    @pytest.mark.parametrize(
        ("value", "band"),
        [
            ("0-5", AgeBand.AGES_0_TO_5), ("6–8", AgeBand.AGES_6_TO_8), ("Adult", AgeBand.ADULT),
            ("9 to 11", AgeBand.AGES_9_TO_11), ("Ages 9-12", AgeBand.AGES_9_TO_11), ("06-Aug", AgeBand.AGES_6_TO_8),
            ("Nov-09", AgeBand.AGES_9_TO_11), ("14. Dec", AgeBand.AGES_12_TO_14),
        ],
    )  # fmt: skip
    def test_are_read_in_other_words_too(self, value: str, band: AgeBand) -> None:
        assert cells("age_band", value).age_band() is band

    @pytest.mark.parametrize("value", ["children", "young at heart", "06-Feb"])
    def test_are_left_out_where_no_age_is_named(self, value: str) -> None:
        row = cells("age_band", value)
        assert (row.age_band(), noted(row)) == (UNSET, ["age_band left out"])


class TestLanguages:
    @pytest.mark.parametrize(
        ("value", "code"),
        [("eng", "en"), ("en-US", "en"), ("en; fr", "en"), ("engfre", "en"), ("English", "en"), ("Français", "fr")],
    )
    def test_are_the_first_that_is_named(self, value: str, code: str) -> None:
        assert cells("language", value).language() == code

    def test_that_are_none_are_left_out(self) -> None:
        row = cells("language", "Klingon, mostly")
        assert (row.language(), noted(row)) == (UNSET, ["language left out"])


@given(st.text(max_size=30))
def test_any_text_has_a_value_or_a_remark(value: str) -> None:
    names = ("key", "title", "authors", "genres", "isbns", "year", "series_number", "age_band", "language", "x")
    row = BookCells(dict.fromkeys((*names, "reading_level"), (value,)))
    with suppress(RowError):
        row.key(pattern=KEY)
    row.title(longest=10)
    row.authors(most=3, longest=5, separator=None, order=None)
    row.genres(most=3, longest=5, separator=None)
    row.isbns(most=2)
    row.year(low=-4000, high=2100)
    row.series_number(high=9)
    row.age_band()
    row.language()
    row.level(low=1, high=12)
    row.count("x", low=0, high=9, empty=0)
    row.number("x", low=0, high=9)
