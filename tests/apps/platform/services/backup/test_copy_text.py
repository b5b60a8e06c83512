import sqlite3
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from apps.platform.services.backup.copy_text import Kind, escape, line_reader, line_writer, unescape

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def line_of(row: Sequence[Any], kinds: Sequence[Kind]) -> bytes:
    return line_writer(kinds)(row)


def values_of(line: bytes, kinds: Sequence[Kind]) -> list[Any]:
    return line_reader(kinds)(line)


class TestEscape:
    @given(TEXTS)
    def test_is_undone_by_unescape(self, text: str) -> None:
        assert unescape(escape(text)) == text

    @given(TEXTS)
    def test_leaves_nothing_that_parts_rows_or_values(self, text: str) -> None:
        assert not set("\t\n\r") & set(escape(text))

    @pytest.mark.parametrize(
        ("text", "written"),
        # The table of escapes in PostgreSQL's documentation of COPY, "Text Format".
        [("\b", r"\b"), ("\f", r"\f"), ("\n", r"\n"), ("\r", r"\r"), ("\t", r"\t"), ("\v", r"\v"), ("\\", r"\\")],
    )
    def test_writes_what_copy_reads(self, text: str, written: str) -> None:
        assert escape(text) == written

    def test_tells_the_two_letters_from_null(self) -> None:
        assert line_of([r"\N", None], [Kind.TEXT, Kind.TEXT]) == b"\\\\N\t\\N\n"
        assert values_of(b"\\\\N\t\\N\n", [Kind.TEXT, Kind.TEXT]) == [r"\N", None]


class TestValues:
    @given(st.lists(st.one_of(st.none(), TEXTS), min_size=1))
    def test_rows_of_text_come_back(self, row: list[str | None]) -> None:
        kinds = [Kind.TEXT] * len(row)
        assert values_of(line_of(row, kinds), kinds) == row

    @given(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.booleans())
    def test_numbers_come_back(self, whole: int, real: float, yes: bool) -> None:
        kinds = [Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN]
        assert values_of(line_of([whole, real, int(yes)], kinds), kinds) == [whole, real, int(yes)]

    @pytest.mark.parametrize(
        ("line", "stored"),
        [
            # As PostgreSQL writes a moment: no trailing zeros. SQLite sorts text, so it needs six digits or none.
            (b"2026-11-24 12:00:00+00\n", "2026-11-24 12:00:00"),
            (b"2026-11-24 12:00:00.12+00\n", "2026-11-24 12:00:00.120000"),
            (b"2026-11-24 12:00:00.000001+00\n", "2026-11-24 12:00:00.000001"),
        ],
    )
    def test_moments_of_postgresql_are_stored_as_django_does(self, line: bytes, stored: str) -> None:
        assert values_of(line, [Kind.MOMENT]) == [stored]

    @pytest.mark.parametrize(
        ("stored", "line"),
        [
            ("2026-11-24 12:00:00.120000", b"2026-11-24 12:00:00.120000+00\n"),
            ("2026-11-24 13:00:00+01:00", b"2026-11-24 12:00:00+00\n"),  # by hand: SQL of a person, not Django's
        ],
    )
    def test_moments_of_sqlite_say_that_they_are_utc(self, stored: str, line: bytes) -> None:
        assert line_of([stored], [Kind.MOMENT]) == line

    def test_uuids_of_postgresql_are_stored_as_django_does(self) -> None:
        line = b"123e4567-e89b-12d3-a456-426614174000\n"
        assert values_of(line, [Kind.UUID]) == ["123e4567e89b12d3a456426614174000"]

    @pytest.mark.parametrize("line", [b"1\n", b"1\t2\t3\n", b"x\tt\n", b"1\tyes\n"])
    def test_a_line_that_is_no_row_is_refused(self, line: bytes) -> None:
        with pytest.raises(ValueError, match=r"zip|invalid literal|is not t or f"):
            values_of(line, [Kind.INTEGER, Kind.BOOLEAN])


@pytest.mark.django_db
class TestAgainstTheDatabase:
    AWKWARD = ("tab\there", "line\nbreak", "return\r", "back\\slash", r"\N", "", " ", "ünïcödé 龍", "\b\f\v", "\\t")

    def test_postgresql_reads_these_lines_and_writes_the_same(self) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("needs PostgreSQL")
        lines = b"".join(line_of([number, text], [Kind.INTEGER, Kind.TEXT]) for number, text in enumerate(self.AWKWARD))
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE awkward (id bigint, said text) ON COMMIT DROP")
            with cursor.copy("COPY awkward FROM STDIN") as copy:
                copy.write(lines)
            cursor.execute("SELECT said FROM awkward ORDER BY id")
            assert [row[0] for row in cursor.fetchall()] == list(self.AWKWARD)
            with cursor.copy("COPY (SELECT * FROM awkward ORDER BY id) TO STDOUT") as copy:
                assert b"".join(bytes(data) for data in copy) == lines


def test_sqlite_takes_what_was_read() -> None:
    stored = sqlite3.connect(":memory:").execute(
        "SELECT typeof(?), typeof(?)", values_of(b"7\t7.0\n", [Kind.INTEGER, Kind.FLOAT])
    )
    assert stored.fetchone() == ("integer", "real")
