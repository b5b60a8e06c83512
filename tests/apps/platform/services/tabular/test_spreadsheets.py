import csv
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.catalog.models import Book
from apps.catalog.services.importing import import_books
from apps.platform.services.tabular.remarks import CellRemark, remarks_in
from apps.platform.services.tabular.spreadsheets import as_written, escape_formula, escaped_row

SIGNS = st.sampled_from([*"=+-@\uff1d\uff0b\uff0d\uff20' \t\r\n\xa0\u200b\ufeffa1\""])


class TestEscapeFormula:
    @pytest.mark.parametrize("sign", [*"=+-@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
    @pytest.mark.parametrize("before", ["", " ", "  ", "\xa0", "\u3000", "\ufeff", "\u200b", "\n", "\x00", "'"])
    def test_takes_the_power_from_formulas(self, before: str, sign: str) -> None:
        assert escape_formula(f"{before}{sign}1") == f"'{before}{sign}1"

    @pytest.mark.parametrize("sign", ["\t", "\r", "\n"])
    def test_keeps_a_first_sign_that_some_programs_drop_from_being_dropped(self, sign: str) -> None:
        assert escape_formula(f"{sign}1") == f"'{sign}1"

    @pytest.mark.parametrize("cell", ["", "Holes = good", "1-2", "a@b.example", "'Tis the Season", "5"])
    def test_leaves_other_cells_as_they_are(self, cell: str) -> None:
        assert escape_formula(cell) == cell

    @given(st.text(SIGNS))
    def test_no_cell_begins_as_a_formula_to_any_reader(self, cell: str) -> None:
        written = escape_formula(cell)
        assert not written.startswith(("\t", "\r"))
        seen = unicodedata.normalize("NFKC", written).lstrip("\ufeff\u200b \xa0\t\r\n")
        assert not seen.startswith(("=", "+", "-", "@"))

    @given(st.text(SIGNS) | st.text())
    def test_is_undone_by_reading(self, cell: str) -> None:
        assert as_written(escape_formula(cell)) == cell

    def test_leaves_numbers_numbers(self) -> None:
        assert escaped_row([7, -0.5, "-x", ""]) == [7, -0.5, "'-x", ""]


class TestRemarks:
    def test_have_no_cell_that_a_spreadsheet_would_run(self, tmp_path: Path) -> None:
        path = tmp_path / "remarks.csv"
        with remarks_in(path) as remarks:
            remarks.add(7, CellRemark("=column", "year left out", "@done", "\uff1dvalue"))
        assert path.read_text(encoding="utf-8").splitlines()[1] == "7,'=column,'@done,'\uff1dvalue"


@pytest.mark.django_db
class TestRoundTrip:
    def test_a_row_that_is_copied_out_of_our_file_is_imported_as_it_was(self, tmp_path: Path, now: datetime) -> None:
        titles = ["=HYPERLINK(1)", "-1 and counting", "@home", "\uff0bplus", "'Tis the Season", "+ 'and' more"]
        source = tmp_path / "books.csv"
        with source.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["key", "title", "age_band"])
            writer.writerows(escaped_row([f"b{number}", title, "9-11"]) for number, title in enumerate(titles))
        report = import_books(source, refused_file=tmp_path / "refused.csv", now=now)
        assert report.refused == 0
        assert list(Book.objects.order_by("key").values_list("title", flat=True)) == titles
