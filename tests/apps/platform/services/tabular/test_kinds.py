import zipfile
from pathlib import Path

import pytest

from apps.platform.services.tabular.refusals import TableError
from apps.platform.services.tabular.tables import open_table


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "books.csv"


class TestWhyNoTable:
    @pytest.mark.parametrize(
        ("member", "sentence"),
        [
            ("xl/workbook.xml", r"is an Excel workbook \(.xlsx\): open it there and save the sheet as CSV"),
            ("content.xml", "is an OpenDocument file such as .ods: open it there and save the sheet as CSV"),
            ("BX-Books.csv", "is a zip archive: unpack it first and import the CSV files that are in it"),
        ],
    )
    def test_archives_are_named_with_what_to_do(self, path: Path, member: str, sentence: str) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, "x")

        with pytest.raises(TableError, match=sentence), open_table(path):
            pass
