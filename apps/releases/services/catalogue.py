"""The books that a release was built from lie beside it, so that the next build can say what changed in them.

Of each book its id, its age band, and a fingerprint of its value in some columns: books are not personal data.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.catalog.selectors.books import BookCard, live_cards
from apps.catalog.selectors.shelf import UNKNOWN_LANGUAGE
from apps.releases.artifacts import ArtifactCorruptError, load_arrays, save_arrays
from apps.releases.services.kinds import BuildContext
from epicml.datasets.arrays import NamedArrays
from epicml.datasets.audit import Finding, Severity
from epicml.datasets.drift import (
    BAND_SHARES,
    BANDS_MOVED,
    COLUMNS_CHANGED,
    COLUMNS_LOST,
    check_band_shares,
    check_bands_moved,
    check_column_changed,
    check_column_lost,
    check_order_changed,
)
from epicml.evaluation.gate import NOT_COMPARED

CATALOGUE_FILE = "catalogue.npz"
IDS, BANDS, VALUE = "ids", "bands", "value."
ACCEPTABLE = (BAND_SHARES, BANDS_MOVED, COLUMNS_CHANGED, COLUMNS_LOST)
LEAST_LEFT = 0.1  # of a catalogue that was replaced, the books that are left say nothing about the others
POPULARITY = "popularity"
# By title and author a book is known: they are corrected one by one. Other columns change as tags are tidied.
CHECKS = {"author": check_column_changed, "title": check_column_changed, POPULARITY: check_order_changed}


class NoCatalogueError(ValueError):
    """The files of a release do not say what books it was built from, or these are not there any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Books:
    """The books of a build: ids in rising order, the rank of each one's band, and by column a number for each value.

    The number is a fingerprint of a text, or the number itself; 0 where the book has no value.
    """

    ids: npt.NDArray[np.int64]
    bands: npt.NDArray[np.int8]
    values: Mapping[str, npt.NDArray[np.int64]]


NO_BOOKS = Books(np.zeros(0, np.int64), np.zeros(0, np.int8), {})


def books_of(cards: Sequence[BookCard]) -> Books:
    """Return these books as the next build will compare them."""
    ordered = sorted(cards, key=lambda card: card.id)
    columns = {
        "title": [card.title for card in ordered],
        "author": [card.authors[0] if card.authors else "" for card in ordered],
        "series": [card.series or "" for card in ordered],
        "genres": [" ".join(sorted(card.genres)) for card in ordered],
        "language": ["" if card.language == UNKNOWN_LANGUAGE else card.language for card in ordered],
    }
    values = {name: np.array([_fingerprint(text) for text in texts], np.int64) for name, texts in columns.items()}
    return Books(
        np.array([card.id for card in ordered], np.int64),
        np.array([card.age_band for card in ordered], np.int8),
        {**values, POPULARITY: np.array([card.popularity for card in ordered], np.int64)},
    )


def _fingerprint(value: str) -> int:
    return int.from_bytes(hashlib.blake2b(value.encode(), digest_size=8).digest(), "big", signed=True) if value else 0


def keep_catalogue(folder: Path, books: Books) -> None:
    """Write the books into the folder of a release."""
    save_arrays(folder / CATALOGUE_FILE, arrays_of(books))


def catalogue_findings(context: BuildContext, books: Books) -> list[Finding]:
    """List what changed in the books since the live release was built.

    Where the files of the live release are damaged nothing is found: the gate refuses then, since nothing was compared.
    """
    if context.champion is None or context.champion_folder is None:
        return []
    try:
        return list(_changes(read_catalogue(context.champion_folder), books))
    except NoCatalogueError as error:
        text = f"Release {context.champion.key} is live but its age bands could not be compared, because {error}."
        return [Finding(Severity.STOP, "age_band", text, 1.0, len(books.ids), name=NOT_COMPARED)]


def read_catalogue(folder: Path) -> Books:
    """Read the books that lie beside a release."""
    if not (folder / CATALOGUE_FILE).exists():
        raise NoCatalogueError(f"it has no {CATALOGUE_FILE}: an earlier version of this program built it")
    try:
        arrays = load_arrays(folder / CATALOGUE_FILE)
        return books_from(arrays)
    except (ArtifactCorruptError, KeyError, ValueError) as error:
        raise NoCatalogueError(f"its {CATALOGUE_FILE} cannot be read") from error


def arrays_of(books: Books) -> NamedArrays:
    """Return the books as arrays by name."""
    return {IDS: books.ids, BANDS: books.bands, **{f"{VALUE}{name}": values for name, values in books.values.items()}}


def books_from(arrays: Mapping[str, npt.NDArray[Any]]) -> Books:
    """Return the books of these arrays; other arrays among them are passed over.

    Raises:
        NoCatalogueError: the columns are of unequal lengths.
        KeyError: a column is missing.
    """
    ids, bands = arrays[IDS].astype(np.int64), arrays[BANDS].astype(np.int8)
    values = {name.removeprefix(VALUE): array for name, array in arrays.items() if name.startswith(VALUE)}
    if {len(ids)} != {len(bands), *map(len, values.values())}:
        raise NoCatalogueError(f"its {CATALOGUE_FILE} has columns of unequal lengths")
    return Books(ids, bands, {name: array.astype(np.int64) for name, array in values.items()})


def _changes(before: Books, books: Books) -> Iterator[Finding]:
    common, old, new = np.intersect1d(before.ids, books.ids, assume_unique=True, return_indices=True)
    if len(common) < LEAST_LEFT * len(before.ids):
        raise NoCatalogueError(f"of its {len(before.ids):,} books only {len(common):,} are left")
    shares = check_band_shares(before.bands, books.bands)
    if shares is not None:
        yield shares
    label = _names(common)
    moved = check_bands_moved(before.bands[old], books.bands[new], label=label)
    if moved is not None:
        yield moved
    for column in sorted(books.values.keys() & before.values.keys()):
        was, now = before.values[column][old], books.values[column][new]
        lost = check_column_lost(column, was, now, label=label)
        if lost is not None:
            yield lost
        check = CHECKS.get(column)
        changed = check(column, was, now, label=label) if check else None
        if changed is not None:
            yield changed


def _names(ids: npt.NDArray[np.int64]) -> Callable[[int], str]:
    """Return what finds the key of the book at a place; asked for a few examples only."""

    def name(place: int) -> str:
        found = live_cards([int(ids[place])])
        return found[0].key if found else f"book {ids[place]}"

    return name
