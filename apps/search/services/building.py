"""A search index as a release: built from a snapshot of the catalogue and sealed with the words it knows."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.changes import catalogue_snapshot
from apps.releases.services.catalogue import books_of, catalogue_findings, keep_catalogue
from apps.releases.services.kinds import Audit, BuildContext
from apps.releases.services.steps import Stored
from apps.search.engines.database import book_text
from apps.search.engines.embedded import folders
from apps.search.engines.embedded.publication import INDEX
from apps.search.engines.embedded.writer import IndexWriter
from apps.search.services.applying import indexed_book
from epicml.audience.bands import AgeBand
from epicml.datasets.audit import Finding, Severity
from epicml.search.lexicon import Lexicon

CHUNK = 2000  # books between two words on progress
TUPLES = ("authors", "genres", "isbns")  # JSON has lists


@dataclass(frozen=True, slots=True)
class Library:
    """Every live book, by id, and the number of the change past which changes must be replayed."""

    cards: Sequence[BookCard]
    last_change: int

    def stored(self) -> Stored:
        """Return it as it is written."""
        return Stored({"last_change": self.last_change, "cards": [asdict(card) for card in self.cards]})

    @classmethod
    def restored(cls, stored: Stored) -> "Library":
        """Return the library that was written."""
        cards = [
            BookCard(**{**row, **{name: tuple(row[name]) for name in TUPLES}, "age_band": AgeBand(row["age_band"])})
            for row in stored.values["cards"]
        ]
        return cls(cards, stored.values["last_change"])


@dataclass(frozen=True, slots=True)
class BuiltIndex:
    """What the manifest says of an index."""

    details: Mapping[str, Any]

    def stored(self) -> Stored:
        """Return it as it is written."""
        return Stored(self.details)

    @classmethod
    def restored(cls, stored: Stored) -> "BuiltIndex":
        """Return what was written."""
        return cls(stored.values)


def snapshot_catalogue(_context: BuildContext) -> Library:
    """Read every live book."""
    snapshot = catalogue_snapshot(chunk=CHUNK)
    return Library([card for chunk in snapshot.books for card in chunk], snapshot.last_number)


def audit_catalogue(context: BuildContext, library: Library) -> Audit:
    """Find an empty catalogue, and what changed in the books since the live index was built."""
    if not library.cards:
        text = "The catalogue has no books; import some first."
        return Audit((Finding(Severity.STOP, "books", text, share=1.0, rows=0, done=""),))
    return Audit(tuple(catalogue_findings(context, books_of(library.cards))))


def build_index(context: BuildContext, library: Library) -> BuiltIndex:
    """Write an index of every book of the library, and the words it knows, into the folder."""
    cards = library.cards
    writer = IndexWriter(context.folder / INDEX)
    try:
        for start in range(0, len(cards), CHUNK):
            writer.replace(indexed_book(card) for card in cards[start : start + CHUNK])
            done = min(start + CHUNK, len(cards))
            context.progress(done, len(cards), f"{done:,} books indexed")
        writer.commit(library.last_change)
    finally:
        writer.close()
    folders.write_lexicon(context.folder, Lexicon.of((book_text(card), card.popularity) for card in cards))
    keep_catalogue(context.folder, books_of(cards))
    return BuiltIndex({"cursor": library.last_change, "books": len(cards), "content_sha256": _digest(cards)})


def _digest(cards: Sequence[BookCard]) -> str:
    """Of what was indexed: tantivy names its files at random, so that equal indexes differ in their bytes."""
    digest = hashlib.sha256()
    for card in cards:
        digest.update(repr(indexed_book(card)).encode())
    return digest.hexdigest()
