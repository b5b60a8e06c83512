from pathlib import Path

import pytest

from apps.platform.services.import_options import OptionError, mapping_of, refused_file_for


class TestMappingOf:
    def test_reads_fields_and_columns(self) -> None:
        assert mapping_of(["title=Book Name", "key = No=1"]) == {"title": "Book Name", "key": "No=1"}

    @pytest.mark.parametrize("pair", ["title", "=Name", "title=", ""])
    def test_refuses_another_form(self, pair: str) -> None:
        with pytest.raises(OptionError, match="does not have the form field=Column"):
            mapping_of([pair])


class TestRefusedFileFor:
    def test_is_beside_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"

        assert refused_file_for(path, elsewhere=Path("/elsewhere")) == tmp_path / "books.csv.refused.csv"

    def test_is_elsewhere_where_the_folder_is_read_only(self, tmp_path: Path) -> None:
        folder = tmp_path / "shared"
        folder.mkdir(mode=0o555)

        assert refused_file_for(folder / "books.csv", elsewhere=tmp_path) == tmp_path / "books.csv.refused.csv"
