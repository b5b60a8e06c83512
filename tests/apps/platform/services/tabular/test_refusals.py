from pathlib import Path

import pytest

from apps.platform.services.tabular.refusals import RowError, refusals_in


class TestRefusalsIn:
    def test_makes_a_file_only_for_refused_rows(self, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "refused.csv"

        with refusals_in(path):
            pass
        assert not path.exists()

        with refusals_in(path) as refusals:
            refusals.add(7, RowError("Too long, by far.", column="title", value="x" * 1000))
        assert path.read_text().splitlines() == ["line,column,reason,value", f'7,title,"Too long, by far.",{"x" * 200}']

    def test_keeps_what_was_refused_when_the_import_breaks_off(self, tmp_path: Path) -> None:
        path = tmp_path / "refused.csv"

        def break_off() -> None:
            with refusals_in(path) as refusals:
                refusals.add(1, RowError("No."))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            break_off()

        assert "1,,No.," in path.read_text()

    def test_has_no_cell_that_a_spreadsheet_would_run(self, tmp_path: Path) -> None:
        path = tmp_path / "refused.csv"
        with refusals_in(path) as refusals:
            refusals.add(7, RowError("=cmd() is no year.", column="@year", value="+1"))
        assert path.read_text().splitlines()[1] == "7,'@year,'=cmd() is no year.,'+1"
