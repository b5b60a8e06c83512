"""Answering batches from the books in memory when no index can: nothing is ever out of date, and no file is needed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf
from epicml.search.engine import ClauseQuery, Hits, LazyHits
from epicml.search.fields import BookText
from epicml.search.lexicon import Lexicon
from epicml.search.memory_index import MemoryIndex


def book_text(card: BookCard) -> BookText:
    """Return what of a book's card can be searched."""
    return BookText(
        title=card.title,
        authors=card.authors,
        series=card.series,
        series_number=card.series_number,
        isbns=card.isbns,
        language=card.language,
    )


class DatabaseEngine:
    """The books of one shelf under their tokens; popularity and band are read off the shelf itself.

    Of a shelf that changed only the changed books are indexed, as parts that follow those of the one before.
    """

    name = "database"

    def __init__(
        self, shelf: Shelf, *, index: MemoryIndex, ids: NDArray[np.int64], replaced: NDArray[np.bool_]
    ) -> None:
        """Answer from this shelf.

        Args:
            shelf: the books as they are now.
            index: their texts, and perhaps older ones.
            ids: int64[rows of the index], whose text it is.
            replaced: bool[rows of the index], where a later row has the newer text of the book.
        """
        self.shelf = shelf
        self._index, self._ids, self._replaced = index, ids, replaced
        self._rows = np.where(replaced, -1, shelf.rows_of_ids(ids))
        popularity = shelf.popularity[self._rows] if len(shelf.ids) else np.zeros(len(ids))
        self._popularity = popularity
        self._factors = np.log2(2 + popularity).astype(np.float32)

    @classmethod
    def of(cls, shelf: Shelf) -> "DatabaseEngine":
        """Index every book of the shelf; takes seconds for 10,000."""
        index = MemoryIndex.of([book_text(card) for card in shelf.cards])
        return cls(shelf, index=index, ids=shelf.ids, replaced=np.zeros(len(shelf.ids), dtype=np.bool_))

    def following(self, shelf: Shelf, changed: Sequence[int]) -> "DatabaseEngine":
        """Answer from a later shelf, of which these books changed since, or are gone, or new."""
        replaced = self._replaced | np.isin(self._ids, changed)
        kept = self._parts_to_keep(len(changed))
        start = sum(self._index.sizes[:kept])
        cards = shelf.cards_of_ids(sorted({*changed, *self._ids[start:][~replaced[start:]].tolist()}))
        ids = np.array([card.id for card in cards], dtype=np.int64)
        return DatabaseEngine(
            shelf,
            index=self._index.adding([book_text(card) for card in cards], after=kept),
            ids=np.concatenate([self._ids[:start], ids]),
            replaced=np.concatenate([replaced[:start], np.zeros(len(ids), dtype=np.bool_)]),
        )

    def lexicon(self) -> Lexicon:
        """Make the lexicon of the words that it finds books by; takes .02 ms a book."""
        titles = ((card.title, card.popularity) for card in self.shelf.cards)
        return Lexicon.of_titles(titles, name_words=self._index.words())

    @property
    def state(self) -> object:
        return self.shelf

    def execute(self, queries: Sequence[ClauseQuery]) -> Sequence[Hits]:
        return LazyHits(queries, self._hits)

    def _hits(self, ask: ClauseQuery) -> Hits:
        if not len(self.shelf.ids):
            return Hits([], [])
        scores = self._index.scores(ask.clause)
        may_be_shown = (self._rows >= 0) & self.shelf.allowed(ask.audience)[self._rows]
        found = np.flatnonzero((scores >= 0) & may_be_shown)
        scores = scores[found] * self._factors[found]
        if len(found) > ask.limit:  # ordering all that begin with a letter would cost most of the answer
            least = np.partition(scores, -ask.limit)[-ask.limit]
            found, scores = found[scores >= least], scores[scores >= least]
        order = np.lexsort((self._ids[found], -self._popularity[found], -scores))[: ask.limit]
        return Hits(self._ids[found[order]].tolist(), scores[order].tolist())

    def _parts_to_keep(self, books: int) -> int:
        """How many parts stay as they are beside so many changed books.

        Each part but the first is at least twice the next one: their number grows as the logarithm of the changes, and
        the first, which takes seconds to make, is never made again.
        """
        sizes = self._index.sizes
        kept = len(sizes)
        while kept > 1 and sizes[kept - 1] < 2 * books:
            kept -= 1
            books += sizes[kept]
        return kept
