"""A search index as a release: built from a snapshot of the catalogue and sealed with the words it knows."""

import hashlib

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.changes import catalogue_snapshot
from apps.releases.services.catalogue import books_of, keep_catalogue
from apps.releases.services.kinds import BuildContext, Built
from apps.search.engines.database import book_text
from apps.search.engines.embedded import folders
from apps.search.engines.embedded.publication import INDEX
from apps.search.engines.embedded.writer import IndexWriter
from apps.search.services.applying import indexed_book
from epicml.datasets.audit import Finding, Severity
from epicml.search.lexicon import Lexicon


def build_index(context: BuildContext) -> Built:
    """An index of every live book in the folder, and the number of the change past which changes must be replayed."""
    snapshot = catalogue_snapshot()
    cards: list[BookCard] = []
    writer = IndexWriter(context.folder / INDEX)
    try:
        for chunk in snapshot.books:
            writer.replace(indexed_book(card) for card in chunk)
            cards += chunk
            context.progress(len(cards), 0, f"{len(cards):,} books indexed")
        writer.commit(snapshot.last_number)
    finally:
        writer.close()
    folders.write_lexicon(context.folder, Lexicon.of((book_text(card), card.popularity) for card in cards))
    details = {"cursor": snapshot.last_number, "books": len(cards), "content_sha256": _digest(cards)}
    findings = _audit(cards) or keep_catalogue(context, books_of(cards))
    return Built(details=details, findings=findings, carried=cards)


def _digest(cards: list[BookCard]) -> str:
    """Of what was indexed: tantivy names its files at random, so that equal indexes differ in their bytes."""
    digest = hashlib.sha256()
    for card in cards:
        digest.update(repr(indexed_book(card)).encode())
    return digest.hexdigest()


def _audit(cards: list[BookCard]) -> list[Finding]:
    if cards:
        return []
    text = "The catalogue has no books; import some first."
    return [Finding(Severity.STOP, "books", text, share=1.0, rows=0, done="")]
