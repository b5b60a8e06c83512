"""A folder with goodbooks-10k, whole or a part of it: three tables, plain or gzipped."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

SHELF = Path(__file__).resolve().parent / "data"
RATING_COLUMNS = ("user_id", "book_id", "rating")


class DatasetMissingError(Exception):
    """The folder lacks one of the three tables."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(
            f"{folder} has no {name} and no {name}.gz; goodbooks-10k is books.csv, genres.csv, ratings.csv."
        )


class DatasetDamagedError(Exception):
    """A table is there but cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be used: {reason}.")


@dataclass(frozen=True, slots=True)
class Dataset:
    """The three tables of one folder."""

    books: Path
    genres: Path
    ratings: Path

    @classmethod
    def in_folder(cls, folder: Path) -> "Dataset":
        """Find the tables of this folder.

        Raises:
            DatasetMissingError: one of them is not there.
        """
        return cls(*(_table(folder, name) for name in ("books.csv", "genres.csv", "ratings.csv")))


def rows_of(path: Path, *, columns: Collection[str] = ()) -> Iterator[dict[str, str]]:
    """Read the rows of a table by column name.

    Raises:
        DatasetDamagedError: it lacks one of these columns, or is no table.
    """
    opened = gzip.GzipFile(path) if path.suffix == ".gz" else path.open("rb")
    with opened as binary, io.TextIOWrapper(binary, encoding="utf-8", newline="") as text:
        try:
            reader = csv.DictReader(text)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise DatasetDamagedError(path, f"it has no column {missing[0]}")
            yield from reader
        except (EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
            raise DatasetDamagedError(path, str(error).rstrip(".")) from error


def fingerprint(*parts: Path | str) -> str:
    """Return a SHA-256 over the bytes of these files and texts: equal when nothing changed."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest = hashlib.sha256(part.encode())
        else:
            with part.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
        total.update(digest.digest())
    return total.hexdigest()


def _table(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise DatasetMissingError(folder, name)
