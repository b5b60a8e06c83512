"""Rows of an Open Library dump: the book is JSON in the last column, and its authors are keys of rows elsewhere."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from apps.catalog.services.book_shapes import KNOWN_COLUMNS, OPEN_LIBRARY_DUMP
from apps.platform.services.tabular.records import Row
from apps.platform.services.tabular.refusals import RowError
from apps.platform.services.tabular.tables import open_table

BETWEEN = "\x1f"
BOOK_TYPES = frozenset({"/type/work", "/type/edition"})
AUTHOR_TYPE = "/type/author"
Json = Mapping[str, Any]


def author_names(paths: Iterable[Path]) -> dict[str, str]:
    """Read the name of every author that has a row in one of these dumps, by key such as "/authors/OL26320A"."""
    names: dict[str, str] = {}
    for path in paths:
        with open_table(path, known=KNOWN_COLUMNS, without_header=(OPEN_LIBRARY_DUMP,)) as table:
            for row in table.rows:
                if row.cells[0] == AUTHOR_TYPE and len(row.cells) == len(table.columns):
                    name = _record(row).get("name")
                    if isinstance(name, str) and name.strip():
                        names[row.cells[1]] = name
    return names


def is_book(row: Row) -> bool:
    """Tell whether the row is a work or an edition; the dump has authors, redirects and others too."""
    return row.cells[0] in BOOK_TYPES


def cells_of(row: Row, *, names: Mapping[str, str]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Return the cells of the book by field, and the keys of authors that nothing names; RowError if it is no JSON."""
    record = _record(row)
    keys = [key for author in _list(record, "authors") if (key := _author_key(author))]
    languages = (str(item.get("key", "")) if isinstance(item, dict) else "" for item in _list(record, "languages"))
    joined = {
        "title": _text(record, "title"),
        "genres": BETWEEN.join(_texts(record, "subjects")),
        "authors": BETWEEN.join(names[key] for key in keys if key in names) or _text(record, "by_statement"),
        "isbns": BETWEEN.join((*_texts(record, "isbn_13"), *_texts(record, "isbn_10"))),
        "year": _text(record, "publish_date") or _text(record, "first_publish_date"),
        "language": next(languages, "").rpartition("/")[2],
        "series": next(iter(_texts(record, "series")), ""),
    }
    given = {name: (text,) for name, text in joined.items() if text}
    return {"key": (row.cells[1].rpartition("/")[2],), **given}, [key for key in keys if key not in names]


def _record(row: Row) -> Json:
    try:
        record = json.loads(row.cells[-1])
    except ValueError as error:
        raise RowError("The last column is not JSON.", column="json", value=row.cells[-1]) from error
    if not isinstance(record, dict):
        raise RowError("The last column is no record.", column="json", value=row.cells[-1])
    return record


def _text(record: Json, name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _list(record: Json, name: str) -> Sequence[Any]:
    value = record.get(name)
    return value if isinstance(value, list) else []


def _texts(record: Json, name: str) -> list[str]:
    return [item for item in _list(record, name) if isinstance(item, str)]


def _author_key(author: Any) -> str:
    """Read the key: works name {"author": {"key": …}} or {"author": "/authors/…"}, editions {"key": …}."""
    if isinstance(author, dict):
        inner = author.get("author", author)
        return str(inner.get("key", "")) if isinstance(inner, dict) else str(inner)
    return author if isinstance(author, str) else ""
