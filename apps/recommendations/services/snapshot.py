"""The data of one training, frozen: what readers did up to an instant, as arrays with a fingerprint."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import UNKNOWN_LANGUAGE, shelf
from apps.events.selectors import training_rows
from apps.platform.services.errors import ConflictError
from apps.readers.selectors import reader_bands
from apps.recommendations.services.reading import read_facts
from epicml.audience.bands import YOUNGEST
from epicml.datasets.audit import Finding, check_hidden_nulls, check_long_readers, check_positives
from epicml.datasets.features import NO_AUTHOR, NO_SERIES, BookFeatures
from epicml.datasets.id_map import IdMap
from epicml.datasets.interactions import Interactions
from epicml.recommenders.pairs import NEWEST_LIKED

CHUNK_ROWS = 20_000  # rows that are Python objects at the same time, about 4 MiB


class NothingToLearnError(ConflictError):
    """There are no books, or no reader has read one of them."""

    code = "nothing_to_learn"


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everything a model is fitted on; row i of the books is the book `books.ids[i]`.

    `rows_read` are the rows found, `repeated` those put together with another one of the same reader on the same book.
    """

    up_to: datetime
    books: IdMap
    readers: IdMap
    interactions: Interactions
    features: BookFeatures
    reader_bands: npt.NDArray[np.int8]
    rows_read: int
    repeated: int
    findings: tuple[Finding, ...]
    sha256: str

    def details(self) -> dict[str, Any]:
        """What the manifest of a release says of it."""
        return {
            "up_to": self.up_to.isoformat(),
            "rows": len(self.interactions),
            "rows_read": self.rows_read,
            "readers": len(self.readers),
            "books": len(self.books),
            "sha256": self.sha256,
        }


def take_snapshot(*, up_to: datetime, chunk: int = CHUNK_ROWS) -> Snapshot:
    """What readers did up to this instant, one fact of each reader and book; read in bounded memory."""
    cards = shelf().cards
    books = IdMap.of([card.id for card in cards])
    facts = read_facts(training_rows(up_to=up_to, received_by=up_to, chunk=chunk), books)
    if not len(facts.book):
        raise NothingToLearnError("There is nothing to learn from: no reader has read a book of the catalogue.")
    readers = IdMap(facts.readers)
    interactions = Interactions(
        facts.reader, facts.book, facts.value, facts.at, n_readers=len(readers), n_books=len(books)
    )
    features, bands = features_of(cards), _bands_of(readers)
    return Snapshot(
        up_to=up_to,
        books=books,
        readers=readers,
        interactions=interactions,
        features=features,
        reader_bands=bands,
        rows_read=facts.rows_read,
        repeated=facts.repeated,
        findings=(*facts.findings, *_about_all(interactions, cards)),
        sha256=_sha256(interactions, features, books.ids, readers.ids, bands),
    )


def features_of(cards: Sequence[BookCard]) -> BookFeatures:
    """What is known of these books beside their readers; row i is card i."""
    series, authors, genres = _Numbering(), _Numbering(), _Numbering()
    of_book = [[genres.number(genre) for genre in card.genres] for card in cards]
    book = np.repeat(np.arange(len(cards)), [len(found) for found in of_book])
    genre = np.array([number for found in of_book for number in found], np.int64)
    numbers = [np.nan if card.series_number is None else card.series_number for card in cards]
    matrix = sparse.csr_array((np.ones(len(genre), np.float32), (book, genre)), shape=(len(cards), len(genres.known)))
    return BookFeatures(
        age_band=np.array([card.age_band for card in cards], np.int8),
        popularity=np.array([card.popularity for card in cards], np.float64),
        series=np.array([series.number(card.series) if card.series else NO_SERIES for card in cards], np.int32),
        series_number=np.array(numbers, np.float32),
        author=np.array([authors.number(card.authors[0]) if card.authors else NO_AUTHOR for card in cards], np.int32),
        genres=matrix,
    )


class _Numbering:
    """Numbers names in the order in which they are first seen."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known))


def _about_all(interactions: Interactions, cards: Sequence[BookCard]) -> list[Finding]:
    """What can be said only of all rows together, and of the books."""
    languages = ["" if card.language == UNKNOWN_LANGUAGE else card.language for card in cards]
    found = [
        check_positives(interactions.value.astype(np.float64)),
        check_long_readers(interactions, most=NEWEST_LIKED),
        check_hidden_nulls("language", languages),
    ]
    return [finding for finding in found if finding is not None]


def _bands_of(readers: IdMap) -> npt.NDArray[np.int8]:
    known = reader_bands()
    return np.array([known.get(reader_id, YOUNGEST) for reader_id in readers.ids.tolist()], np.int8)


def _sha256(interactions: Interactions, features: BookFeatures, *more: npt.NDArray[Any]) -> str:
    digest = hashlib.sha256(interactions.sha256().encode())
    columns = (features.age_band, features.popularity, features.series, features.series_number, features.author)
    for array in (*columns, features.genres.indptr, features.genres.indices, *more):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
