"""Writing a tantivy index: one process at a time, and never on a request."""

from collections.abc import Iterable
from pathlib import Path

import tantivy
from tantivy import Query

from apps.search.engines.embedded.faults import told_apart
from apps.search.engines.embedded.schema import (
    CURSOR_MARK,
    ID,
    book_document,
    cursor_document,
    schema,
)
from apps.search.engines.protocol import IndexedBook

HEAP_BYTES = 64_000_000  # 10,000 books fit in one segment
THREADS = 1  # one segment per commit, and documents in the order given


class IndexWriter:
    """The open writer of an index; the caller holds the lock that makes it the only one."""

    def __init__(self, folder: Path) -> None:
        """Open the index in the folder for writing; an empty folder becomes an empty index."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with told_apart(folder):
            self._index = tantivy.Index(schema(), path=str(folder), reuse=True)
            self._writer = self._index.writer(HEAP_BYTES, THREADS)

    def replace(self, books: Iterable[IndexedBook]) -> int:
        """Put each book into the index as given, once; return how many they were."""
        count = 0
        for book in books:
            self._delete(book.id)
            with told_apart(self._folder):
                self._writer.add_document(book_document(book))
            count += 1
        return count

    def remove(self, book_ids: Iterable[int]) -> None:
        """Take these books out of the index."""
        for book_id in book_ids:
            self._delete(book_id)

    def commit(self, cursor: int) -> None:
        """Commit what was written, and that the index goes up to this change: readers see both or neither."""
        mark = Query.term_query(schema(), CURSOR_MARK, CURSOR_MARK, "basic")
        with told_apart(self._folder):
            self._writer.delete_documents_by_query(mark)
            self._writer.add_document(cursor_document(cursor))
            self._writer.commit()

    def close(self) -> None:
        """Finish merges and hold nothing open."""
        with told_apart(self._folder):
            self._writer.wait_merging_threads()

    def _delete(self, book_id: int) -> None:
        # Not delete_documents_by_term: it takes Python's numbers for signed and finds none in an unsigned field.
        with told_apart(self._folder):
            self._writer.delete_documents_by_query(Query.term_query(schema(), ID, book_id))
