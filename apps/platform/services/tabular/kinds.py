"""Files that hold no table as text: told by their first bytes, with what a person does to get a table out of them."""

import re
import zipfile
from pathlib import Path

SAVE_AS_CSV = "open it there and save the sheet as CSV (in Excel: CSV UTF-8)"
_STARTS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file such as .xls", SAVE_AS_CSV),
    (b"%PDF", "a PDF", "ask the program that made it for an export as CSV"),
    (b"BZh", "packed with bzip2", "unpack it first"),
    (b"\xfd7zXZ", "packed with xz", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"{\\rtf", "a text document (RTF)", "save the table as CSV"),
    (b"ARROW1", "an Arrow file", "write it as Parquet or CSV"),
)
_IN_ZIP = (
    ("xl/", "an Excel workbook (.xlsx)", SAVE_AS_CSV),
    ("word/", "a Word document (.docx)", "save the table as CSV"),
    ("content.xml", "an OpenDocument file such as .ods", "open it there and save the sheet as CSV"),
    ("META-INF/container.xml", "a book (.epub)", "this command reads tables: export the catalogue as CSV"),
)
_MARKUP = (
    (re.compile(rb"\s*<(?:!doctype html|html|head|body|table)\b", re.IGNORECASE), "a page of HTML", SAVE_AS_CSV),
    (re.compile(rb"\s*<(?:\?xml|[a-z:]+[ >])", re.IGNORECASE), "XML", "convert it to CSV first"),
    (re.compile(rb"\s*(?:\[\s*)?\{\s*(?:\"|\})"), "JSON", "convert it to CSV first"),
    (
        re.compile(rb"\d{5}[acdnp][a-z][a-z ][ a-z][ a]22\d{5}"),
        "MARC records",
        "export them as CSV with a tool for MARC",
    ),
)


def why_no_table(start: bytes, path: Path) -> str | None:
    """Say what the file is and what to do, in one sentence without its subject; None when it may be a table."""
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        what, advice = _zipped(path)
        return f"is {what}: {advice}"
    for bytes_, what, advice in _STARTS:
        if start.startswith(bytes_):
            return f"is {what}: {advice}"
    bare = start.removeprefix(b"\xef\xbb\xbf")
    for pattern, what, advice in _MARKUP:
        if pattern.match(bare):
            return f"is {what}: {advice}"
    return None


def _zipped(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        names = []
    for member, what, advice in _IN_ZIP:
        if any(name.startswith(member) for name in names):
            return what, advice
    return "a zip archive", "unpack it first and import the CSV files that are in it"
