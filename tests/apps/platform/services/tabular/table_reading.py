"""Reading made files as tables, for the tests of each part of it."""

from pathlib import Path

from apps.platform.services.tabular.records import Row
from apps.platform.services.tabular.tables import TableOptions, open_table

KNOWN = ("id", "title", "author")


def read(path: Path, content: bytes, **options: str) -> tuple[list[str], list[Row], str, str]:
    """The columns, the rows, the encoding and the delimiter of a file with this content."""
    path.write_bytes(content)
    with open_table(path, known=KNOWN, options=TableOptions(**options)) as table:
        return table.columns, list(table.rows), table.encoding, table.delimiter


def cells(path: Path, content: bytes | str, **options: str) -> list[list[str]]:
    """The rows of a file with this content."""
    content = content if isinstance(content, bytes) else content.encode()
    return [row.cells for row in read(path, content, **options)[1]]
