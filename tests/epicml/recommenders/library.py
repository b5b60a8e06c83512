"""A small library whose readers have two kinds of taste, with a series, books that share an author and unread books."""

import numpy as np

from epicml.datasets.arrays import Bools
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ModelRows
from epicml.datasets.interactions import Interactions
from epicml.recommenders.protocol import History

BOOKS, READERS = 36, 50
READ_BY_NOBODY = (17, 34, 35)  # 17 is the sixth volume of a series


def history(books: list[int], values: list[float] | None = None, *, is_stale: bool = False) -> History:
    """These books, newest first, all liked unless other stars are given."""
    stars = [5.0] * len(books) if values is None else values
    return History(ModelRows(np.array(books, np.int32)), np.array(stars, np.float32), is_stale)


def everything(n: int = BOOKS) -> Bools:
    return np.ones(n, np.bool_)


def only(*books: int, n: int = BOOKS) -> Bools:
    mask = np.zeros(n, np.bool_)
    mask[list(books)] = True
    return mask


def features() -> BookFeatures:
    """Six authors with six books each; the third one wrote a series; the bands go round."""
    number = np.arange(BOOKS)
    in_series = number // 6 == 2
    return BookFeatures.of(
        age_band=(number % 6).astype(np.int8),
        popularity=(1000 - 20 * number).astype(np.float64),
        series=np.where(in_series, 0, -1).astype(np.int32),
        series_number=np.where(in_series, number % 6 + 1, np.nan).astype(np.float32),
        author=(number // 6).astype(np.int32),
    )


def interactions() -> Interactions:
    """Each reader reads 12 books, most of them from one half of the shelf, and likes about three quarters of them."""
    random = np.random.default_rng(11)
    known = np.setdiff1d(np.arange(BOOKS), READ_BY_NOBODY)
    reader, book, value = [], [], []
    for number in range(READERS):
        weight = np.where((known < BOOKS // 2) == (number % 2 == 0), 6.0, 1.0)
        chosen = random.choice(known, 12, replace=False, p=weight / weight.sum())
        reader += [number] * len(chosen)
        book += chosen.tolist()
        value += random.choice([5, 4, 4, 2], len(chosen)).tolist()
    return Interactions.from_rows(
        reader=reader, book=book, value=value, at=np.arange(len(book)), n_readers=READERS, n_books=BOOKS
    )


def reader_bands() -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    return (np.arange(READERS) % 6).astype(np.int8)


def facts(*rows: tuple[int, int] | tuple[int, int, float], n_books: int) -> Interactions:
    """Facts (reader, book) or (reader, book, stars), in the order in which they happened."""
    return Interactions.from_rows(
        reader=[row[0] for row in rows],
        book=[row[1] for row in rows],
        value=[row[2] if len(row) == 3 else 5.0 for row in rows],
        at=range(len(rows)),
        n_readers=max(row[0] for row in rows) + 1,
        n_books=n_books,
    )
