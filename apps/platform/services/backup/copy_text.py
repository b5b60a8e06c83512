r"""Rows as text, in the form that PostgreSQL's COPY reads and writes, so that one backup serves both databases.

A row is a line, values are parted by tabs, \N is NULL, and what could be taken for one of these is escaped. SQLite has
no such form: this module makes and reads it from what SQLite stores.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

NULL = r"\N"
_ESCAPES = {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_PLAIN = {escape[1]: character for character, escape in _ESCAPES.items()}
_TO_ESCAPE = re.compile("[\\\\\b\f\n\r\t\v]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Kind(Enum):
    """What is written differently by the two databases."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    UUID = "uuid"


def escape(text: str) -> str:
    r"""Return the text without a character that has a meaning in the form.

    >>> escape("a\tb")
    'a\\tb'
    """
    return _TO_ESCAPE.sub(lambda found: _ESCAPES[found[0]], text)


def unescape(text: str) -> str:
    r"""Return what was escaped.

    >>> unescape("a\\tb")
    'a\tb'
    """
    return _ESCAPED.sub(lambda found: _PLAIN.get(found[1], found[1]), text) if "\\" in text else text


def line_writer(kinds: Sequence[Kind]) -> Callable[[Sequence[Any]], bytes]:
    r"""Return what makes a line of a row of SQLite whose columns are of these kinds.

    Raises, when it is called:
        ValueError: SQLite, which lets any value into any column, holds one that is not of the column's kind.

    >>> line_writer([Kind.INTEGER, Kind.TEXT, Kind.BOOLEAN, Kind.TEXT])([7, None, 1, "a\\b"])
    b'7\t\\N\tt\ta\\\\b\n'
    """
    writers = [_WRITE[kind] for kind in kinds]

    def write(row: Sequence[Any]) -> bytes:
        cells = [NULL if value is None else writer(value) for value, writer in zip(row, writers, strict=True)]
        return ("\t".join(cells) + "\n").encode()

    return write


def line_reader(kinds: Sequence[Kind]) -> Callable[[bytes], list[Any]]:
    r"""Return what makes the row that SQLite stores of a line whose values are of these kinds.

    Raises, when it is called:
        ValueError: the line has another number of values, or one that is not of its kind.

    >>> line_reader([Kind.INTEGER, Kind.TEXT, Kind.BOOLEAN])(b"7\t\\N\tt\n")
    [7, None, 1]
    """
    readers = [_READ[kind] for kind in kinds]

    def read(line: bytes) -> list[Any]:
        cells = line.decode().removesuffix("\n").split("\t")
        return [None if cell == NULL else reader(cell) for cell, reader in zip(cells, readers, strict=True)]

    return read


def _moment_of_sqlite(text: str) -> str:
    moment = datetime.fromisoformat(text)
    # Django stores UTC there, without saying so; SQL by hand may have said so.
    return f"{text}+00" if moment.tzinfo is None else f"{moment.astimezone(UTC).replace(tzinfo=None)}+00"


def _moment_for_sqlite(text: str) -> str:
    # As Django writes it: six digits or none. SQLite compares moments as texts, so any other number would sort wrongly.
    return str(datetime.fromisoformat(text).replace(tzinfo=None))


def _boolean_for_sqlite(text: str) -> int:
    if text not in {"t", "f"}:
        raise ValueError(f"{text!r} is not t or f")
    return int(text == "t")


_WRITE: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: lambda value: escape(str(value)),
    Kind.INTEGER: lambda value: str(int(value)),
    Kind.FLOAT: lambda value: repr(float(value)),
    Kind.BOOLEAN: lambda value: "t" if value else "f",
    Kind.MOMENT: _moment_of_sqlite,
    Kind.UUID: str,
}
_READ: dict[Kind, Callable[[str], Any]] = {
    Kind.TEXT: unescape,
    Kind.INTEGER: int,
    Kind.FLOAT: float,
    Kind.BOOLEAN: _boolean_for_sqlite,
    Kind.MOMENT: _moment_for_sqlite,
    Kind.UUID: lambda text: text.replace("-", ""),
}
