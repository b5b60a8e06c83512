from pathlib import Path

import pytest

from apps.platform.services.tabular.dialects import LARGEST_RECORD
from apps.platform.services.tabular.records import AS_THEY_STAND, NOT_CLOSED
from tests.apps.platform.services.tabular.table_reading import cells, read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "books.csv"


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
