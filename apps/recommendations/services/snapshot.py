"""The data of one training, frozen: what readers did up to an instant, as arrays with a fingerprint."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.changes import catalogue_snapshot
from apps.catalog.selectors.shelf import UNKNOWN_LANGUAGE
from apps.events.selectors import latest_event_id, training_rows
from apps.platform.services.errors import ConflictError
from apps.readers.selectors import reader_bands
from apps.releases.services.catalogue import NO_BOOKS, Books, arrays_of, books_from, books_of
from apps.releases.services.steps import Stored
from epicml.audience.bands import YOUNGEST
from epicml.datasets.arrays import part_of
from epicml.datasets.audit import Finding, check_hidden_nulls, check_long_readers, check_positives
from epicml.datasets.event_log import LogAudit, read_log
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ABSENT, IdMap
from epicml.datasets.interactions import Interactions
from epicml.datasets.splits import Split, temporal_split
from epicml.recommenders.pairs import NEWEST_LIKED

TEST_SHARE = 0.2
CHUNK_ROWS = 20_000  # rows that are Python objects at the same time, about 4 MiB


class NothingToLearnError(ConflictError):
    """There are no books, or no reader has read one of them."""

    code = "nothing_to_learn"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything a model is fitted on; row i of the books is the book `books.ids[i]`.

    `log` says how many rows were read, and what is wrong with them, with the facts and with the books.
    `last_event` and `last_change` are the newest event and change of the catalogue that were stored when it was taken.
    """

    up_to: datetime
    books: IdMap
    readers: IdMap
    interactions: Interactions
    features: BookFeatures
    reader_bands: npt.NDArray[np.int8]
    log: LogAudit
    sha256: str
    catalogue: Books = NO_BOOKS
    last_event: int = 0
    last_change: int = 0

    @cached_property
    def split(self) -> Split:
        """Cut each reader's history into the older and the newer part; its audit says whether there are both."""
        return temporal_split(self.interactions, test_share=TEST_SHARE)

    def details(self) -> dict[str, Any]:
        """Return what the manifest of a release says of it."""
        return {
            "up_to": self.up_to.isoformat(),
            "last_event": self.last_event,
            "last_change": self.last_change,
            "rows": len(self.interactions),
            "rows_read": self.log.rows_read,
            "readers": len(self.readers),
            "books": len(self.books),
            "sha256": self.sha256,
        }

    def stored(self) -> Stored:
        """Return it as it is written."""
        more = {"repeated": self.log.repeated, "findings": [finding.as_json() for finding in self.log.findings]}
        arrays = {
            **{f"facts.{name}": column for name, column in self.interactions.arrays().items()},
            **{f"features.{name}": column for name, column in self.features.arrays().items()},
            **{f"catalogue.{name}": column for name, column in arrays_of(self.catalogue).items()},
            "books": self.books.ids,
            "readers": self.readers.ids,
            "reader_bands": self.reader_bands,
        }
        return Stored({**self.details(), **more}, arrays)

    @classmethod
    def restored(cls, stored: Stored) -> "Snapshot":
        """Return the snapshot that was written."""
        values, arrays = stored.values, stored.arrays
        books, readers = (IdMap(arrays[name].astype(np.int64, copy=False)) for name in ("books", "readers"))
        findings = tuple(Finding.from_json(row) for row in values["findings"])
        return cls(
            up_to=datetime.fromisoformat(values["up_to"]),
            books=books,
            readers=readers,
            interactions=Interactions.from_arrays(part_of("facts", arrays), n_readers=len(readers), n_books=len(books)),
            features=BookFeatures.from_arrays(part_of("features", arrays)),
            reader_bands=arrays["reader_bands"].astype(np.int8, copy=False),
            log=LogAudit(values["rows_read"], values["repeated"], findings),
            sha256=values["sha256"],
            catalogue=books_from(part_of("catalogue", arrays)),
            last_event=values["last_event"],
            last_change=values["last_change"],
        )


def take_snapshot(*, up_to: datetime, last_event: int | None = None, chunk: int = CHUNK_ROWS) -> Snapshot:
    """Read what readers did up to this instant, one fact of each reader and book, in bounded memory.

    No event counts that happened or came to us later, or is past `last_event`. Bands, genres and series are those of
    this moment: whoever needs the same snapshot again keeps it.
    """
    if last_event is None:
        last_event = latest_event_id()
    catalogue = catalogue_snapshot()
    cards = [card for found in catalogue.books for card in found]
    books = IdMap.of([card.id for card in cards])
    rows = training_rows(up_to=up_to, received_by=up_to, last_event=last_event, chunk=chunk)
    # On SQLite nothing can be written to the database meanwhile: the open cursor is in the way.
    readers, interactions, log = read_log(rows, books=books)
    if not len(interactions):
        raise NothingToLearnError("There is nothing to learn from: no reader has read a book of the catalogue.")
    features, known = features_of(cards), reader_bands()
    bands = np.array([known.get(reader_id, YOUNGEST) for reader_id in readers.ids.tolist()], np.int8)
    return Snapshot(
        up_to=up_to,
        books=books,
        readers=readers,
        interactions=interactions,
        features=features,
        reader_bands=bands,
        log=replace(log, findings=(*log.findings, *_about_all(interactions, cards))),
        sha256=fingerprint(interactions, features, books.ids, readers.ids, bands),
        catalogue=books_of(cards),
        last_event=last_event,
        last_change=catalogue.last_number,
    )


def features_of(cards: Sequence[BookCard]) -> BookFeatures:
    """Return what is known of these books beside their readers; row i is card i."""
    series, authors, genres = _Numbering(), _Numbering(), _Numbering()
    of_book = [[genres.number(genre) for genre in card.genres] for card in cards]
    book = np.repeat(np.arange(len(cards)), [len(found) for found in of_book])
    genre = np.array([number for found in of_book for number in found], np.int64)
    numbers = [np.nan if card.series_number is None else card.series_number for card in cards]
    matrix = sparse.csr_array((np.ones(len(genre), np.float32), (book, genre)), shape=(len(cards), len(genres.known)))
    return BookFeatures(
        age_band=np.array([card.age_band for card in cards], np.int8),
        popularity=np.array([card.popularity for card in cards], np.float64),
        series=np.array([series.number(card.series) if card.series else ABSENT for card in cards], np.int32),
        series_number=np.array(numbers, np.float32),
        author=np.array([authors.number(card.authors[0]) if card.authors else ABSENT for card in cards], np.int32),
        genres=matrix,
    )


class _Numbering:
    """Numbers names in the order in which they are first seen."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known))


def _about_all(interactions: Interactions, cards: Sequence[BookCard]) -> list[Finding]:
    """Find what can be said only of all rows together, and of the books."""
    languages = ["" if card.language == UNKNOWN_LANGUAGE else card.language for card in cards]
    found = [
        check_positives(interactions.value.astype(np.float64)),
        check_long_readers(interactions, most=NEWEST_LIKED),
        check_hidden_nulls("language", languages),
    ]
    return [finding for finding in found if finding is not None]


def fingerprint(interactions: Interactions, features: BookFeatures, *more: npt.NDArray[Any]) -> str:
    """Return the SHA-256 over everything that a model sees."""
    digest = hashlib.sha256(interactions.sha256().encode())
    columns = (features.age_band, features.popularity, features.series, features.series_number, features.author)
    # As int64: which width scipy gives them depends on how the matrix was made.
    genres = features.genres.indptr.astype(np.int64), features.genres.indices.astype(np.int64)
    for array in (*columns, *genres, *more):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
