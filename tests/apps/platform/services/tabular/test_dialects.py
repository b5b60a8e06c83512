from pathlib import Path

import pytest

from tests.apps.platform.services.tabular.table_reading import cells, read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "books.csv"


class TestLayouts:
    @pytest.mark.parametrize(
        "start",
        [
            "",
            "\n\n",
            "sep=,\n",
            '"sep=,"\r\n',
            "# exported on 2024-01-31\n",
            "Books of the school library\n31 January, 2024\n\n",
            "Catalogue,,\n,,\n",
        ],
    )
    def test_what_stands_above_the_names_of_columns_is_left_out(self, path: Path, start: str) -> None:
        columns, rows, _, _ = read(path, f"{start}id,title,author\n1,Holes,Sachar\n".encode())

        assert (columns, rows[0].cells) == (["id", "title", "author"], ["1", "Holes", "Sachar"])
        assert rows[0].line == start.count("\n") + 2

    @pytest.mark.parametrize(("sign", "word"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "pipes")])
    def test_the_delimiter_is_that_between_the_known_names(self, path: Path, sign: str, word: str) -> None:
        lines = f"title{sign}id{sign}a, b; c, d\nHoles{sign}1{sign}x\n"

        columns, rows, _, said = read(path, lines.encode())

        assert said == word
        if sign not in ",;":
            assert (columns, rows[0].cells) == (["title", "id", "a, b; c, d"], ["Holes", "1", "x"])

    def test_a_separator_line_decides(self, path: Path) -> None:
        assert cells(path, "sep=^\nid^title\n1^Holes, or not\n") == [["1", "Holes, or not"]]

    def test_a_person_decides(self, path: Path) -> None:
        assert cells(path, "id~title\n1~Holes\n", delimiter="~") == [["1", "Holes"]]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_every_line_end_is_one(self, path: Path, end: str) -> None:
        assert cells(path, end.join(["id,title", "1,Holes", "2,Matilda", ""])) == [["1", "Holes"], ["2", "Matilda"]]

    def test_columns_without_a_name_do_no_harm(self, path: Path) -> None:
        columns, rows, _, _ = read(path, b",id,title,,\n0,1,Holes,,\n1,2,Matilda\n2,3,Twits,,,\n")

        assert columns == ["", "id", "title"]
        assert [row.cells for row in rows] == [["0", "1", "Holes"], ["1", "2", "Matilda"], ["2", "3", "Twits"]]

    def test_rows_without_any_content_are_no_rows(self, path: Path) -> None:
        assert cells(path, "id,title\n1,Holes\n,\n \n,,,,\n") == [["1", "Holes"]]

    def test_the_header_again_is_no_row(self, path: Path) -> None:
        assert cells(path, "id,title\n1,Holes\nid,title\n2,Twits\n") == [["1", "Holes"], ["2", "Twits"]]

    def test_a_file_of_column_names_only_has_no_rows(self, path: Path) -> None:
        assert cells(path, "id,title") == []
