from pathlib import Path

import pytest

from apps.platform.services.tabular.options import OptionError, file_beside, mapping_of, table_options_of


class TestMappingOf:
    def test_reads_fields_and_columns(self) -> None:
        assert mapping_of(["title=Book Name", "key = No=1"]) == {"title": "Book Name", "key": "No=1"}

    @pytest.mark.parametrize("pair", ["title", "=Name", "title=", ""])
    def test_refuses_another_form(self, pair: str) -> None:
        with pytest.raises(OptionError, match="does not have the form field=Column"):
            mapping_of([pair])


class TestFileBeside:
    def test_is_beside_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"

        assert file_beside(path, "refused", elsewhere=Path("/elsewhere")) == tmp_path / "books.csv.refused.csv"

    def test_is_elsewhere_where_the_folder_is_read_only(self, tmp_path: Path) -> None:
        folder = tmp_path / "shared"
        folder.mkdir(mode=0o555)

        assert file_beside(folder / "books.csv", "remarks", elsewhere=tmp_path) == tmp_path / "books.csv.remarks.csv"


class TestTableOptionsOf:
    @pytest.mark.parametrize(("said", "sign"), [(";", ";"), ("\\t", "\t"), ("tab", "\t"), ("|", "|"), (None, None)])
    def test_takes_one_sign(self, said: str | None, sign: str | None) -> None:
        assert table_options_of(encoding="utf-8", delimiter=said).delimiter == sign

    @pytest.mark.parametrize("said", ["", ";;", '"', "\n"])
    def test_refuses_what_is_none(self, said: str) -> None:
        with pytest.raises(OptionError, match="is not one sign"):
            table_options_of(encoding=None, delimiter=said)
