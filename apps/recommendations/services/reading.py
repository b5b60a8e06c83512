"""Events become arrays in bounded memory: rows are Python objects for one chunk at a time, then 20 bytes each.

They come by reader, then time, so that each reader can be finished as soon as the next one begins.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from apps.events.selectors import TrainingChunk
from epicml.datasets.audit import Finding, Severity, check_duplicates, check_known, check_order, check_range
from epicml.datasets.feedback import Act, feedback
from epicml.datasets.id_map import ABSENT, IdMap
from epicml.datasets.interactions import Interactions

LOWEST, HIGHEST = 1.0, 5.0
Numbers = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """One fact of each reader on each known book; readers are numbered as they come, row i is the reader `readers[i]`.

    `rows_read` are all rows, `repeated` those that were put together with another one of the same reader and book.
    """

    readers: Numbers
    interactions: Interactions
    rows_read: int
    repeated: int
    findings: tuple[Finding, ...]


def read_facts(chunks: Iterable[TrainingChunk], books: IdMap) -> Facts:
    """Read what these rows say about these books, and what is wrong with them.

    Nothing may be written to the database meanwhile: on SQLite the open cursor would be in the way.
    """
    tally = _Tally(books)
    for block in _whole_readers(chunks):
        tally.add(block)
    return tally.facts()


class _Tally:
    """Collects compact blocks; a column is put together only once, at the end."""

    def __init__(self, books: IdMap) -> None:
        self.books = books
        self.readers: list[Numbers] = [np.zeros(0, np.int64)]
        self.blocks: list[Interactions] = []
        self.findings: dict[tuple[str, str], Finding] = {}
        self.known_readers = 0
        self.rows_read = 0
        self.repeated = 0
        self.hidden = 0

    def add(self, block: TrainingChunk) -> None:
        """Count and audit the rows of some whole readers, and keep them where they are sound."""
        rows = self.books.rows(block.book_ids)
        ids, numbers = np.unique(block.reader_ids, return_inverse=True)
        self._audit(numbers, rows, block)
        out_of_range = (block.acts == Act.RATED) & ~((block.ratings >= LOWEST) & (block.ratings <= HIGHEST))
        sound = np.flatnonzero((rows != ABSENT) & ~out_of_range)
        said = feedback(
            reader=numbers[sound],
            book=rows[sound].astype(np.int64),
            act=block.acts[sound],
            rating=block.ratings[sound],
        )
        kept = sound[said.newest[~said.hidden]]
        self.repeated += len(sound) - len(said)
        self.hidden += int(said.hidden.sum())
        self.rows_read += len(rows)
        present, numbers_kept = np.unique(numbers[kept], return_inverse=True)
        reader = (numbers_kept + self.known_readers).astype(np.int32)
        self.readers.append(ids[present])
        self.known_readers += len(present)
        value, at = said.value[~said.hidden], block.at[kept]
        self.blocks.append(Interactions(reader, rows[kept], value, at, self.known_readers, len(self.books)))

    def facts(self) -> Facts:
        """Join everything that was added; each block is given up as soon as it is copied."""
        whole = Interactions.joined(self.blocks, n_readers=self.known_readers, n_books=len(self.books))
        if self.hidden:
            text, done = "Books that their reader hid", "left out, as they are from the reader's own lists"
            self._count(Finding(Severity.NOTE, "book", text, 0.0, self.hidden, done=done))
        findings = tuple(replace(found, share=found.rows / self.rows_read) for found in self.findings.values())
        return Facts(
            readers=np.concatenate(self.readers),
            interactions=whole,
            rows_read=self.rows_read,
            repeated=self.repeated,
            findings=findings,
        )

    def _audit(self, numbers: Numbers, rows: Rows, block: TrainingChunk) -> None:
        """Add what is wrong with this block to what was wrong with the others."""
        books = rows.astype(np.int64)
        found = (
            check_known("book", books, len(self.books)),
            check_range(block.ratings[block.acts == Act.RATED].astype(np.float64)),
            check_duplicates(numbers, books * len(Act) + block.acts, block.at),
            check_order(numbers, block.at),
        )
        for finding in found:
            if finding is not None:
                self._count(finding)

    def _count(self, finding: Finding) -> None:
        """Add a finding; a block that is wrong as a whole stops nothing, and its row numbers mean nothing."""
        known = self.findings.get((finding.column, finding.text))
        severity = Severity.WARNING if finding.severity is Severity.STOP else finding.severity
        examples = finding.examples if finding.column == "value" else ()
        rows = finding.rows + (known.rows if known else 0)
        self.findings[finding.column, finding.text] = replace(
            finding, severity=severity, rows=rows, examples=known.examples if known else examples
        )


def _whole_readers(chunks: Iterable[TrainingChunk]) -> Iterator[TrainingChunk]:
    """Cut the same rows into blocks that end where a reader ends."""
    held: TrainingChunk | None = None
    for chunk in chunks:
        joined = chunk if held is None else _joined(held, chunk)
        last = int(np.searchsorted(joined.reader_ids, joined.reader_ids[-1]))
        if last:
            yield _part(joined, slice(0, last))
        held = _part(joined, slice(last, None))
    if held is not None:
        yield held


def _joined(first: TrainingChunk, second: TrainingChunk) -> TrainingChunk:
    return TrainingChunk(
        np.concatenate((first.reader_ids, second.reader_ids)),
        np.concatenate((first.book_ids, second.book_ids)),
        np.concatenate((first.acts, second.acts)),
        np.concatenate((first.ratings, second.ratings)),
        np.concatenate((first.at, second.at)),
    )


def _part(chunk: TrainingChunk, rows: slice) -> TrainingChunk:
    return TrainingChunk(
        chunk.reader_ids[rows], chunk.book_ids[rows], chunk.acts[rows], chunk.ratings[rows], chunk.at[rows]
    )
