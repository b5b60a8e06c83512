"""goodbooks-10k as facts and features, read from beside the project; the order of the rows is that of reading."""

import csv
from collections.abc import Hashable, Iterable
from pathlib import Path

import numpy as np

from epicml.datasets.arrays import Int32s
from epicml.datasets.features import BookFeatures
from epicml.datasets.interactions import Interactions
from epicml.text.normalise import series_of

GOODBOOKS = Path(__file__).resolve().parents[4] / "shared" / "data" / "goodbooks"


def interactions() -> Interactions:
    rows = np.loadtxt(GOODBOOKS / "ratings.csv", delimiter=",", skiprows=1, dtype=np.int64)
    users, readers = np.unique(rows[:, 0], return_inverse=True)
    return Interactions.from_rows(
        reader=readers,
        book=rows[:, 1] - 1,
        value=rows[:, 2],
        at=np.arange(len(rows)),
        n_readers=len(users),
        n_books=len(books()),
    )


def features() -> BookFeatures:
    """Series, authors and popularity; everybody may see every book."""
    rows = books()
    notes = [series_of(row["title"]) for row in rows]
    numbers = [note.number if note and note.number is not None else np.nan for note in notes]
    return BookFeatures.of(
        age_band=np.zeros(len(rows), np.int8),
        popularity=np.array([float(row["ratings_count"]) for row in rows]),
        series=_numbered(note.name if note else None for note in notes),
        series_number=np.array(numbers, np.float32),
        author=_numbered(row["authors"].split(",")[0] for row in rows),
    )


def books() -> list[dict[str, str]]:
    """The rows of the books; book_id counts from 1 without a hole."""
    with (GOODBOOKS / "books.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _numbered(names: Iterable[Hashable]) -> Int32s:
    """The same number for the same name, -1 for none."""
    numbers: dict[Hashable, int] = {None: -1}
    return np.array([numbers.setdefault(name, len(numbers) - 1) for name in names], np.int32)
