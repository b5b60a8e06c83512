import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.platform.services.tabular.refusals import TableError
from tests.apps.platform.services.tabular.table_reading import cells, read

LINES = "id,title,author\n1,Die Häschenschule,Böß\n2,L'Été,Zoë\n"
CELLS = [["1", "Die Häschenschule", "Böß"], ["2", "L'Été", "Zoë"]]


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
            (gzip.compress(LINES.encode("latin-1"), mtime=0), "Windows-1252"),
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
        monkeypatch.setattr("apps.platform.services.tabular.encodings.CHUNK", 7)

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
