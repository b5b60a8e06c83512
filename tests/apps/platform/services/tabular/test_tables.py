import csv
import gzip
import io
from contextlib import suppress
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.platform.services.tabular.refusals import TableError
from apps.platform.services.tabular.tables import columns_of, only_place, open_table

ROWS = [["1", "Holes", "Sachar, Louis"], ["2", 'The "Twits"', "Dahl\nRoald"], ["3", "", "Ööö"]]
CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    with open_table(path) as table:
        return table.columns, [list(row.cells) for row in table.rows]


def as_csv(rows: list[list[str]], *, delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([["id", "title", "authors"], *rows])
    return text.getvalue().encode()


def any_text(row: list[str]) -> bool:
    return any(cell.strip() for cell in row)


class TestOpenTable:
    @pytest.mark.parametrize(
        "content",
        [
            as_csv(ROWS),
            b"\xef\xbb\xbf" + as_csv(ROWS),
            gzip.compress(as_csv(ROWS), mtime=0),
            as_csv(ROWS, delimiter=";"),
            as_csv(ROWS, delimiter="\t"),
            as_csv(ROWS).replace(b"\r\n1,", b"\r\n\r\n1,"),
        ],
        ids=["csv", "with a byte order mark", "gzip", "semicolons", "tabs", "a blank line"],
    )
    def test_reads_text_in_its_usual_forms(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "any name"
        path.write_bytes(content)

        assert read(path) == (["id", "title", "authors"], ROWS)

    def test_reads_parquet_as_text(self, tmp_path: Path) -> None:
        path = tmp_path / "books"
        pl.DataFrame(
            {"id": [1, None], "tags": [["a", "b"], []], "day": [date(2026, 11, 24), None], "share": [0.5, None]}
        ).write_parquet(path)

        assert read(path) == (["id", "tags", "day", "share"], [["1", "a\x1fb", "2026-11-24", "0.5"], ["", "", "", ""]])

    def test_reads_parquet_in_bounded_parts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apps.platform.services.tabular.parquet.PARQUET_ROWS", 4)
        path = tmp_path / "books"
        pl.DataFrame({"id": range(10), "title": ["x"] * 10}).write_parquet(path)

        with open_table(path) as table:
            assert [(row.line, row.cells[0]) for row in table.rows] == [(n + 1, str(n)) for n in range(10)]

    def test_tells_the_line_on_which_a_row_ends(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_bytes(as_csv(ROWS))

        with open_table(path) as table:
            assert [row.line for row in table.rows] == [2, 4, 5]  # the second row has a line break in a cell

    @given(rows=st.lists(st.lists(CELL, min_size=3, max_size=3).filter(any_text), max_size=5))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_gives_back_what_was_written(self, tmp_path: Path, rows: list[list[str]]) -> None:
        path = tmp_path / "books.csv"
        path.write_bytes(as_csv(rows))

        assert [[cell.lstrip(" ") for cell in row] for row in read(path)[1]] == [
            [cell.lstrip(" ") for cell in row] for row in rows
        ]


class TestUnreadableFiles:
    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "books.csv is empty"),
            (b" \r\n\r\n", "books.csv is empty"),
            (b"just one line of prose", "is not a CSV file: no line at its start names columns"),
            (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "what it is in cannot be told: say it with --encoding"),
            (b"id,title\n" + bytes(range(1, 9)), "is not a CSV file: it holds binary data"),
            (b"PK\x03\x04\x00\x00,\x00", "is a zip archive: unpack it first"),
            ("id,title\n1,Война и мир\n".encode("cp1251"), "say it with --encoding, such as windows-1251"),
            ("id,title\n1,坊っちゃん\n".encode("shift_jis"), "say it with --encoding"),
            (b"%PDF-1.7 ...", "is a PDF: ask the program that made it for an export as CSV"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 99, "is an old Office file such as .xls: .* as CSV"),
            (b"\xef\xbb\xbf<!DOCTYPE html><html>", "is a page of HTML: .* save the sheet as CSV"),
            (b"<?xml version='1.0'?><collection/>", "is XML: convert it to CSV"),
            (b'[{"id": 1}]', "is JSON: convert it to CSV"),
            (b"00714cam a2200205 a 4500001", "is MARC records: export them as CSV"),
            (gzip.compress(b"%PDF-1.7 ...", mtime=0), "is a PDF"),
            (gzip.compress(as_csv(ROWS * 999), mtime=0)[:-20], "is damaged: its gzip data end or break"),
            (b"\x1f\x8bno gzip at all, really", "is damaged: its gzip data end or break"),
            (b"PAR1 and then nothing of Parquet", "is not a Parquet file that can be read"),
        ],
    )
    def test_are_refused_with_one_sentence(self, tmp_path: Path, content: bytes, sentence: str) -> None:
        path = tmp_path / "books.csv"
        path.write_bytes(content)

        with pytest.raises(TableError, match=sentence) as caught:
            read(path)
        assert "\n" not in caught.value.message

    def test_are_named_when_they_are_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(TableError, match="There is no file"):
            read(tmp_path / "none.csv")
        with pytest.raises(TableError, match="is not a file"):
            read(tmp_path)

    @given(content=st.binary(max_size=300))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_never_fail_in_another_way(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "garbage"
        path.write_bytes(content)

        with suppress(TableError):
            read(path)


class TestColumnsOf:
    NAMES = {"key": ("key", "book_id"), "title": ("title",), "year": ("year",)}

    def places(self, tmp_path: Path, header: bytes, mapping: dict[str, str]) -> dict[str, tuple[int, ...]]:
        path = tmp_path / "books.csv"
        path.write_bytes(header)
        with open_table(path) as table:
            return columns_of(table, names=self.NAMES, required=("key", "title"), mapping=mapping)

    def test_knows_columns_by_their_usual_names(self, tmp_path: Path) -> None:
        assert self.places(tmp_path, b"title,book_id,other", {}) == {"key": (1,), "title": (0,)}

    def test_takes_the_mapped_column_before_the_known_name(self, tmp_path: Path) -> None:
        assert self.places(tmp_path, b"title,book_id,Name", {"title": "Name"}) == {"key": (1,), "title": (2,)}

    @pytest.mark.parametrize(
        ("mapping", "sentence"),
        [
            ({"title": "Nmae"}, "has no column 'Nmae'; it has book_id, Name"),
            ({"titel": "Name"}, "There is no field 'titel'; fields are key, title, year"),
            ({"key": "book id"}, "has no column for title"),
            ({}, "has no column for title .* Say which one with --map title=COLUMN"),
        ],
    )
    def test_says_what_is_missing_and_what_is_there(
        self, tmp_path: Path, mapping: dict[str, str], sentence: str
    ) -> None:
        with pytest.raises(TableError, match=sentence):
            self.places(tmp_path, b"book_id,Name", mapping)

    @pytest.mark.parametrize("name", ["Book Id", "book-id", "BOOK_ID", "BookID", " book id "])
    def test_knows_a_column_however_its_name_is_spelled(self, tmp_path: Path, name: str) -> None:
        assert self.places(tmp_path, f"title,{name}".encode(), {}) == {"key": (1,), "title": (0,)}

    def test_tells_every_place_of_a_field_with_several_columns(self, tmp_path: Path) -> None:
        assert self.places(tmp_path, b"book_id,title,key", {})["key"] == (2, 0)

    def test_knows_one_column_from_two_of_one_name(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_bytes(b"id,title,id,Title\n")
        with open_table(path) as table:
            assert only_place(table, (0,)) == 0
            with pytest.raises(TableError, match="names a column twice: title"):
                only_place(table, (1, 3))
