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

from apps.platform.services.tables import TableError, columns_of, open_table

ROWS = [["1", "Holes", "Sachar, Louis"], ["2", 'The "Twits"', "Dahl\nRoald"], ["3", "", "Ööö"]]
CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    with open_table(path) as table:
        return table.columns, [list(row.cells) for row in table.rows]


def as_csv(rows: list[list[str]], *, delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([["id", "title", "authors"], *rows])
    return text.getvalue().encode()


class TestOpenTable:
    @pytest.mark.parametrize(
        "content",
        [
            as_csv(ROWS),
            b"\xef\xbb\xbf" + as_csv(ROWS),
            gzip.compress(as_csv(ROWS)),
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

        assert read(path) == (["id", "tags", "day", "share"], [["1", "a,b", "2026-11-24", "0.5"], ["", "", "", ""]])

    def test_reads_parquet_in_bounded_parts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apps.platform.services.tables.PARQUET_ROWS", 4)
        path = tmp_path / "books"
        pl.DataFrame({"id": range(10), "title": ["x"] * 10}).write_parquet(path)

        with open_table(path) as table:
            assert [(row.line, row.cells[0]) for row in table.rows] == [(n + 1, str(n)) for n in range(10)]

    def test_tells_the_line_on_which_a_row_ends(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_bytes(as_csv(ROWS))

        with open_table(path) as table:
            assert [row.line for row in table.rows] == [2, 4, 5]  # the second row has a line break in a cell

    @given(rows=st.lists(st.lists(CELL, min_size=3, max_size=3).filter(any), max_size=5))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_gives_back_what_was_written(self, tmp_path: Path, rows: list[list[str]]) -> None:
        path = tmp_path / "books.csv"
        path.write_bytes(as_csv(rows))

        assert read(path)[1] == rows


class TestUnreadableFiles:
    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "books.csv is empty"),
            (b"just one line of prose", "is not a CSV file: its first line does not name columns"),
            (b"id,,title\n", "is not a CSV file: its first line does not name columns"),
            (b"id,title,id\n", "names a column twice"),
            (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is not a CSV file in UTF-8: see after line 0"),
            (b"PK\x03\x04\x00\x00,\x00", "is not a CSV file: it holds binary data"),
            (b"id,title\n1,Holes\n2,L\xf6cher\n", "is not a CSV file in UTF-8"),
            (b"id,title\n1," + b"x" * 200_000, "is not a CSV file: field larger than field limit"),
            (gzip.compress(as_csv(ROWS * 999))[:-20], "is damaged: its gzip data end or break"),
            (b"\x1f\x8bno gzip at all, really", "is damaged: its gzip data end or break after line 0"),
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

    def places(self, tmp_path: Path, header: bytes, mapping: dict[str, str]) -> dict[str, int]:
        path = tmp_path / "books.csv"
        path.write_bytes(header)
        with open_table(path) as table:
            return columns_of(table, names=self.NAMES, required=("key", "title"), mapping=mapping)

    def test_knows_columns_by_their_usual_names(self, tmp_path: Path) -> None:
        assert self.places(tmp_path, b"title,book_id,other", {}) == {"key": 1, "title": 0}

    def test_takes_the_mapped_column_before_the_known_name(self, tmp_path: Path) -> None:
        assert self.places(tmp_path, b"title,book_id,Name", {"title": "Name"}) == {"key": 1, "title": 2}

    @pytest.mark.parametrize(
        ("mapping", "sentence"),
        [
            ({"title": "Nmae"}, "has no column 'Nmae'; it has book_id, Name"),
            ({"titel": "Name"}, "There is no field 'titel'; fields are key, title, year"),
            ({}, "has no column for title .* Say which one with --map title=COLUMN"),
        ],
    )
    def test_says_what_is_missing_and_what_is_there(
        self, tmp_path: Path, mapping: dict[str, str], sentence: str
    ) -> None:
        with pytest.raises(TableError, match=sentence):
            self.places(tmp_path, b"book_id,Name", mapping)
