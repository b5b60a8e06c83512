"""Indexes made for a test, without a catalogue."""

from collections.abc import Sequence
from pathlib import Path

from apps.search.engines.embedded.folders import open_engine, write_lexicon
from apps.search.engines.embedded.publication import INDEX, publish
from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.engines.embedded.writer import IndexWriter
from apps.search.engines.protocol import IndexedBook
from epicml.audience.bands import AgeBand
from epicml.search.fields import BookText
from epicml.search.lexicon import Lexicon


def a_book(number: int, title: str, *, popularity: int = 10, band: AgeBand = AgeBand.AGES_0_TO_5) -> IndexedBook:
    return IndexedBook(id=number, text=BookText(title, ["Ann Author"]), age_band=band, popularity=popularity)


def write(folder: Path, books: Sequence[IndexedBook], *, removed: Sequence[int] = (), cursor: int = 1) -> None:
    """One commit into the index in this folder, published."""
    writer = IndexWriter(folder / INDEX)
    try:
        writer.remove(removed)
        writer.replace(books)
        writer.commit(cursor)
    finally:
        writer.close()
    publish(folder, cursor=cursor, last_change="")


def made(folder: Path, books: Sequence[IndexedBook], *, cursor: int = 1) -> EmbeddedEngine:
    """A new index of these books, open."""
    folder.mkdir(parents=True, exist_ok=True)
    write_lexicon(folder, Lexicon.of((book.text, book.popularity) for book in books))
    write(folder, books, cursor=cursor)
    return open_engine(folder)
