from pathlib import Path

import pytest

from apps.platform.services.tabular import remarks
from apps.platform.services.tabular.remarks import CellRemark, remarks_in

CUT = CellRemark("title", "title cut", "The title was cut to 500 characters.", "=x")
ROUNDED = CellRemark("isbn13", "isbn rounded", "Left out.", "9.78E+12", of_column=True)


class TestRemarksIn:
    def test_makes_a_file_only_for_remarks(self, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "remarks.csv"

        with remarks_in(path):
            pass
        assert not path.exists()

        with remarks_in(path) as found:
            found.add(7, CUT)
        assert path.read_text().splitlines() == [
            "line,column,done,value",
            "7,title,The title was cut to 500 characters.,'=x",
        ]

    def test_tells_of_a_whole_column_in_one_line(self, tmp_path: Path) -> None:
        path = tmp_path / "remarks.csv"

        with remarks_in(path) as found:
            for line in range(2, 10_002):
                found.add(line, ROUNDED)

        assert found.counts == {"isbn rounded": 10_000}
        assert path.read_text().splitlines()[1:] == ["2,isbn13,Left out.,9.78E+12", ',,"isbn rounded: 9,999 more",']

    def test_lists_a_kind_no_longer_than_a_person_reads(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(remarks, "LINES_PER_KIND", 2)
        path = tmp_path / "remarks.csv"

        with remarks_in(path) as found:
            for line in range(2, 7):
                found.add(line, CUT)

        assert path.read_text().splitlines()[-1] == ",,title cut: 3 more,"
        assert len(path.read_text().splitlines()) == 4

    def test_counts_where_there_is_no_file(self) -> None:
        with remarks_in(None) as found:
            found.add(2, CUT)

        assert found.counts["title cut"] == 1

    def test_removes_the_remarks_of_an_earlier_import(self, tmp_path: Path) -> None:
        path = tmp_path / "remarks.csv"
        path.write_text("of yesterday")

        with remarks_in(path):
            pass

        assert not path.exists()
