from pathlib import Path

import pytest

from apps.platform.services.refusals import RowError, refusals_in, unharmed


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


class TestUnharmed:
    @pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
    def test_takes_the_power_from_formulas(self, cell: str) -> None:
        assert unharmed(cell) == f"'{cell}"

    def test_leaves_other_cells_as_they_are(self) -> None:
        assert unharmed("Holes = good") == "Holes = good"
