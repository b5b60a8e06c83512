"""Books in memory under the tokens that every engine indexes, and the score that a clause gives each of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from epicml.search.clauses import Best, Clause, Every, Field, Fuzzy, Relevance, Term
from epicml.search.fields import BookText, texts_of
from epicml.search.sorted_texts import Rows, SortedTexts, concatenated, entry

Scores = NDArray[np.float32]
NOT_FOUND = np.float32(-1)  # below every weight


@dataclass(frozen=True, slots=True)
class _Segment:
    """Some of the books: in each field their tokens that stand alone, and the texts of which every beginning is one."""

    size: int
    whole: dict[Field, SortedTexts]
    begun: dict[Field, SortedTexts]

    @classmethod
    def of(cls, books: Sequence[BookText]) -> "_Segment":
        whole: dict[Field, list[bytes]] = {field: [] for field in Field}
        begun: dict[Field, list[bytes]] = {field: [] for field in Field}
        for row, book in enumerate(books):
            for field, texts in texts_of(book).items():
                whole[field] += (entry(text, row) for text in texts.whole)
                begun[field] += (entry(text, row) for text in texts.begun)
        return cls(
            size=len(books),
            whole={field: SortedTexts(entries) for field, entries in whole.items()},
            begun={field: SortedTexts(entries) for field, entries in begun.items()},
        )


class MemoryIndex:
    """Books by row. It never changes; with other books added it is another index that shares what it has.

    >>> index = MemoryIndex.of([BookText("Owl Babies", []), BookText("Fox", [])])
    >>> index.scores(Term(Field.START, "ow", 2.0)).tolist()
    [2.0, -1.0]
    >>> index.adding([BookText("Owls", [])]).scores(Term(Field.START, "ow", 2.0)).tolist()
    [2.0, -1.0, 2.0]
    """

    def __init__(self, segments: Sequence[_Segment]) -> None:
        """Hold these segments one after the other."""
        self._segments = tuple(segments)
        self.sizes = [segment.size for segment in segments]
        self.size = sum(self.sizes)

    @classmethod
    def of(cls, books: Sequence[BookText]) -> "MemoryIndex":
        """Index these books: row i is books[i]. Takes about .2 ms a book."""
        return cls([_Segment.of(books)])

    def adding(self, books: Sequence[BookText], *, after: int | None = None) -> "MemoryIndex":
        """Add books behind the first `after` segments, or behind all; the other segments are left out."""
        return MemoryIndex([*self._segments[:after], _Segment.of(books)])

    def words(self) -> set[str]:
        """List every word by which a book is found whole."""
        tokens = (token for segment in self._segments for token in segment.whole[Field.WORD].texts())
        return {token.removesuffix("_") for token in tokens if token.endswith("_")}

    def scores(self, clause: Clause) -> Scores:
        """Score every row.

        Args:
            clause: which books are meant. Relevance counts each token by how few books have it (the idf of BM25).

        Returns:
            float32[size], NOT_FOUND where the clause does not find the book.
        """
        match clause:
            case Term(field, token, weight):
                return self._constant(self._having(field, token), weight)
            case Fuzzy(field, token, edits, weight):
                return self._constant(self._near(field, token, edits), weight)
            case Best([]) | Every([]) | Relevance(_, []):
                return self._nothing()
            case Best(clauses):
                return np.asarray(np.maximum.reduce([self.scores(part) for part in clauses]))
            case Every(clauses, weight):
                found = [self.scores(part) for part in clauses]
                mean = np.mean(found, axis=0, dtype=np.float32) * np.float32(weight)
                return np.where(np.minimum.reduce(found) >= 0, mean, NOT_FOUND)
            case Relevance(field, tokens, every):
                found = [self._rarity(field, token) for token in tokens]
                is_found = (np.minimum if every else np.maximum).reduce(found) >= 0
                return np.where(is_found, np.maximum(found, 0).sum(axis=0, dtype=np.float32), NOT_FOUND)

    def _nothing(self) -> Scores:
        return np.full(self.size, NOT_FOUND)

    def _constant(self, rows: Rows, weight: float) -> Scores:
        scores = self._nothing()
        scores[rows] = weight
        return scores

    def _rarity(self, field: Field, token: str) -> Scores:
        scores = self._constant(self._having(field, token), 1.0)
        books = np.count_nonzero(scores > 0)
        scores[scores > 0] = np.log(1 + (self.size - books + 0.5) / (books + 0.5))
        return scores

    def _having(self, field: Field, token: str) -> Rows:
        return concatenated(
            rows + start
            for start, segment in self._starts()
            for rows in (segment.whole[field].equal(token), segment.begun[field].starting(token))
        )

    def _near(self, field: Field, token: str, edits: int) -> Rows:
        return concatenated(
            rows + start
            for start, segment in self._starts()
            for rows in (
                segment.whole[field].near(token, edits=edits, whole=True),
                segment.begun[field].near(token, edits=edits),
            )
        )

    def _starts(self) -> Iterator[tuple[np.int32, _Segment]]:
        start = 0
        for segment in self._segments:
            yield np.int32(start), segment
            start += segment.size
