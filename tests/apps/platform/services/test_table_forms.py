"""The forms in which real programs write tables as text."""

import gzip
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.platform.services.dialects import LARGEST_RECORD
from apps.platform.services.records import AS_THEY_STAND, NOT_CLOSED, Row
from apps.platform.services.table_errors import TableError
from apps.platform.services.tables import TableOptions, open_table

KNOWN = ("id", "title", "author")
LINES = "id,title,author\n1,Die Häschenschule,Böß\n2,L'Été,Zoë\n"
CELLS = [["1", "Die Häschenschule", "Böß"], ["2", "L'Été", "Zoë"]]


def read(path: Path, content: bytes, **options: str) -> tuple[list[str], list[Row], str, str]:
    path.write_bytes(content)
    with open_table(path, known=KNOWN, options=TableOptions(**options)) as table:
        return table.columns, list(table.rows), table.encoding, table.delimiter


def cells(path: Path, content: bytes | str, **options: str) -> list[list[str]]:
    content = content if isinstance(content, bytes) else content.encode()
    return [row.cells for row in read(path, content, **options)[1]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "books.csv"


class TestEncodings:
    @pytest.mark.parametrize(
        ("content", "encoding"),
        [
            (LINES.encode(), "UTF-8"),
            (LINES.encode("utf-8-sig"), "UTF-8"),
            (LINES.encode("utf-16"), "UTF-16"),
            (b"\xfe\xff" + LINES.encode("utf-16-be"), "UTF-16"),
            (LINES.encode("utf-16-le"), "UTF-16 LE"),
            (LINES.encode("utf-16-be"), "UTF-16 BE"),
            (LINES.encode("utf-32"), "UTF-32"),
            (LINES.encode("cp1252"), "Windows-1252"),
            (gzip.compress(LINES.encode("latin-1")), "Windows-1252"),
        ],
    )
    def test_are_told_from_the_bytes(self, path: Path, content: bytes, encoding: str) -> None:
        columns, rows, said, _ = read(path, content)

        assert (columns, [row.cells for row in rows], said) == (["id", "title", "author"], CELLS, encoding)

    def test_are_told_from_the_last_line_of_a_long_file(self, path: Path) -> None:
        plain = "".join(f"{number},Holes,Sachar\n" for number in range(200_000))
        content = f"id,title,author\n{plain}x,Löcher,Sachar\n"

        for codec, label in (("utf-8", "UTF-8"), ("cp1252", "Windows-1252")):
            _, rows, said, _ = read(path, content.encode(codec))
            assert (rows[-1].cells[1], len(rows), said) == ("Löcher", 200_001, label)

    def test_few_foreign_bytes_do_not_spoil_a_file_in_utf_8(self, path: Path) -> None:
        content = ("id,title,author\n" + "1,Löcher,Böß\n" * 20).encode() + "2,Élan,Zoë\n".encode("cp1252")

        _, rows, said, _ = read(path, content)

        assert (rows[0].cells[1:], rows[-1].cells[1:]) == (["Löcher", "Böß"], ["Élan", "Zoë"])
        assert said == "UTF-8, 2 foreign bytes of it read as Windows-1252"

    def test_chinese_in_utf_8_may_be_cut_between_two_reads(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apps.platform.services.encodings.CHUNK", 7)

        assert cells(path, "id,title,author\n1,红楼梦,曹雪芹\n") == [["1", "红楼梦", "曹雪芹"]]

    def test_what_a_person_says_is_taken(self, path: Path) -> None:
        content = "id,title,author\n1,Война и мир,Толстой\n".encode("cp1251")

        assert cells(path, content, encoding="windows-1251") == [["1", "Война и мир", "Толстой"]]
        with pytest.raises(TableError, match="There is no encoding 'klingon'"):
            read(path, content, encoding="klingon")
        with pytest.raises(TableError, match="is not in utf-8: see after line 0"):
            read(path, content, encoding="utf-8")

    @given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=9), min_size=1))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    def test_any_utf_8_is_utf_8(self, path: Path, titles: list[str]) -> None:
        rows = "".join(f'{n},"{title.replace(chr(34), chr(34) * 2)}",x\n' for n, title in enumerate(titles))

        assert [row[1] for row in cells(path, f"id,title,author\n{rows}")] == titles


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

    def test_a_file_of_column_names_only_has_no_rows(self, path: Path) -> None:
        assert cells(path, "id,title") == []


class TestQuotationMarks:
    def test_doubled_ones_are_one(self, path: Path) -> None:
        assert cells(path, 'id,title\n1,"He said ""no"""\n2,"a\\"\n') == [["1", 'He said "no"'], ["2", "a\\"]]

    @pytest.mark.parametrize(
        "line", ['"1","He said \\"no\\"","X"', '"1","He said \\"no\\"",X', '1,"He said \\"no\\"","X"']
    )
    def test_backslashes_before_them_are_read_too(self, path: Path, line: str) -> None:
        assert cells(path, f"id,title,author\n{line}\n") == [["1", 'He said "no"', "X"]]

    def test_one_file_may_have_both(self, path: Path) -> None:
        content = 'id,title,author\n1,"a ""b"" c","d ""e"" f"\n2,"He said \\"no\\", twice",X\n3,"say ""hi""",Y\n'

        assert cells(path, content) == [
            ["1", 'a "b" c', 'd "e" f'],
            ["2", 'He said "no", twice', "X"],
            ["3", 'say "hi"', "Y"],
        ]

    def test_a_backslash_at_the_end_of_a_cell_is_one(self, path: Path) -> None:
        content = 'id,title,author\n1,"He said \\"no\\"",X\n2,"C:\\",Y\n3,"\\"So\\"",Z\n'

        assert cells(path, content) == [["1", 'He said "no"', "X"], ["2", "C:\\", "Y"], ["3", '"So"', "Z"]]

    @pytest.mark.parametrize(
        ("line", "title"),
        [
            ('1,"The "Twits" again",Dahl', 'The "Twits" again'),
            ('1,"12" ruler",Dahl', '12" ruler'),
            ('1,"Twits" he said,Dahl', '"Twits" he said'),
            ('1, "Twits, the" ,Dahl', "Twits, the"),
        ],
    )
    def test_ones_that_are_not_doubled_are_read_with_a_remark(self, path: Path, line: str, title: str) -> None:
        _, rows, _, _ = read(path, f"id,title,author\n{line}\n2,Holes,Sachar\n".encode())

        assert [row.cells for row in rows] == [["1", title, "Dahl"], ["2", "Holes", "Sachar"]]
        assert rows[0].remark == AS_THEY_STAND

    def test_those_of_inches_are_text(self, path: Path) -> None:
        assert cells(path, 'id,title\n1,6" ruler\n2,The "Twits"\n') == [["1", '6" ruler'], ["2", 'The "Twits"']]

    def test_one_that_is_never_closed_costs_its_own_line(self, path: Path) -> None:
        content = 'id,title,author\n1,"Holes,Sachar\n2,Twits,Dahl\n3,"Matilda",Dahl\n4,Emil,Lindgren\n'

        _, rows, _, _ = read(path, content.encode())

        assert [(row.line, row.fault) for row in rows] == [(2, NOT_CLOSED), (3, ""), (4, ""), (5, "")]
        assert [row.cells[1] for row in rows[1:]] == ["Twits", "Matilda", "Emil"]

    def test_the_last_one_that_is_never_closed_costs_its_own_line(self, path: Path) -> None:
        content = "id,title\n" + '1,"Holes\n' + "".join(f"{n},Book {n}\n" for n in range(2, 5000))

        _, rows, _, _ = read(path, content.encode())

        assert (rows[0].fault, len(rows), rows[-1].cells) == (NOT_CLOSED, 4999, ["4999", "Book 4999"])

    def test_a_record_longer_than_any_book_is_given_up(self, path: Path) -> None:
        content = 'id,title\n1,"' + "x" * (LARGEST_RECORD + 10) + "\n2,Holes\n"

        _, rows, _, _ = read(path, content.encode())

        assert rows[0].fault == NOT_CLOSED
        assert rows[-1].cells == ["2", "Holes"]

    def test_line_breaks_between_them_belong_to_the_cell(self, path: Path) -> None:
        content = 'id,title,author\n1,"The\nWild\r\nThings",Sendak\n2,Holes,Sachar\n'

        _, rows, _, _ = read(path, content.encode())

        assert [(row.line, row.cells[1]) for row in rows] == [(4, "The\nWild\r\nThings"), (5, "Holes")]

    def test_a_cell_may_be_long(self, path: Path) -> None:
        long = "x" * 1_000_000

        assert cells(path, f'id,title\n1,"{long}"\n2,{long}\n3,Holes\n') == [["1", long], ["2", long], ["3", "Holes"]]


class TestOddBytes:
    def test_zero_bytes_are_left_out(self, path: Path) -> None:
        assert cells(path, "id,title\n" + "1,Holes\n" * 20 + "2,Mat\0ilda\0\n")[-1] == ["2", "Matilda"]

    def test_the_null_of_mysql_is_nothing(self, path: Path) -> None:
        assert cells(path, "id;title;author\n1;\\N;\\N\n\\N;A\\Not;x\n") == [["1", "", ""], ["", "A\\Not", "x"]]

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
