"""From the acts in the event log to interactions, in bounded memory, with what was wrong with the rows.

Acts come in chunks, by reader, then time, so that each reader can be finished as soon as the next one begins; of each
chunk 20 bytes a fact are kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from epicml.datasets.arrays import Int64s
from epicml.datasets.audit import (
    HIGHEST_RATING,
    LOWEST_RATING,
    Finding,
    Severity,
    check_duplicates,
    check_known,
    check_order,
    check_range,
)
from epicml.datasets.feedback import Act, Acts, feedback
from epicml.datasets.id_map import ABSENT, IdMap
from epicml.datasets.interactions import Interactions


@dataclass(frozen=True, slots=True)
class LogAudit:
    """How many rows were read, and what was wrong with them.

    Attributes:
        rows_read: all rows of the log, whatever became of them.
        repeated: rows that were put together with another one of the same reader and book.
        findings: what was left out, and what looks wrong; shares are of `rows_read`.
    """

    rows_read: int
    repeated: int
    findings: tuple[Finding, ...]


def read_log(chunks: Iterable[Acts], *, books: IdMap) -> tuple[IdMap, Interactions, LogAudit]:
    """Put together one fact of each reader on each known book, and audit the rows.

    Args:
        chunks: acts by reader, then time, cut anywhere; readers and books are ids.
        books: the ids of the known books.

    Returns:
        The readers who have a fact; the facts, over the rows of these readers and of `books`; the audit.

    >>> acts = Acts.of(reader=[7, 7, 9], book=[1, 1, 5], act=[Act.STARTED, Act.LIKED, Act.LIKED],
    ...                rating=[np.nan] * 3, at=[10, 20, 30])
    >>> readers, facts, audit = read_log([acts], books=IdMap.of([1, 2]))
    >>> readers.ids.tolist(), facts.value.tolist(), audit.rows_read, audit.repeated, audit.findings[0].text
    ([7], [5.0], 3, 1, 'Unknown book')
    """
    tally = _Tally(books)
    for acts in _whole_readers(chunks):
        tally.add(acts)
    return tally.result()


class _Tally:
    """Collects the facts of whole readers; a column is put together only once, at the end."""

    def __init__(self, books: IdMap) -> None:
        self.books = books
        self.readers: list[Int64s] = [np.zeros(0, np.int64)]
        self.facts: list[Interactions] = []
        self.findings: dict[tuple[str, str], Finding] = {}
        self.known_readers = 0
        self.rows_read = 0
        self.repeated = 0
        self.hidden = 0

    def add(self, acts: Acts) -> None:
        """Count and audit the acts of some whole readers, and keep what the sound ones say."""
        ids, numbers = np.unique(acts.reader, return_inverse=True)
        acts = replace(acts, reader=numbers, book=self.books.rows(acts.book).astype(np.int64))
        self._audit(acts)
        in_range = (acts.rating >= LOWEST_RATING) & (acts.rating <= HIGHEST_RATING)
        sound = acts.take((acts.book != ABSENT) & (in_range | (acts.act != Act.RATED)))
        said = feedback(sound)
        self.rows_read += len(acts)
        self.repeated += len(sound) - len(said)
        self.hidden += int(said.hidden.sum())
        kept, value = sound.take(said.newest[~said.hidden]), said.value[~said.hidden]
        present, numbers = np.unique(kept.reader, return_inverse=True)
        reader = (numbers + self.known_readers).astype(np.int32)
        self.readers.append(ids[present])
        self.known_readers += len(present)
        self.facts.append(
            Interactions(reader, kept.book.astype(np.int32), value, kept.at, self.known_readers, len(self.books))
        )

    def result(self) -> tuple[IdMap, Interactions, LogAudit]:
        """Join everything that was added; each part is given up as soon as it is copied."""
        facts = Interactions.joined(self.facts, n_readers=self.known_readers, n_books=len(self.books))
        if self.hidden:
            text, done = "Books that their reader hid", "left out, as they are from the reader's own lists"
            self._count(Finding(Severity.NOTE, "book", text, 0.0, self.hidden, done=done))
        findings = tuple(replace(found, share=found.rows / self.rows_read) for found in self.findings.values())
        return IdMap(np.concatenate(self.readers)), facts, LogAudit(self.rows_read, self.repeated, findings)

    def _audit(self, acts: Acts) -> None:
        """Add what is wrong with these acts to what was wrong with the others."""
        found = (
            check_known("book", acts.book, len(self.books)),
            check_range(acts.rating[acts.act == Act.RATED].astype(np.float64)),
            check_duplicates(acts.reader, acts.book * len(Act) + acts.act, acts.at),
            check_order(acts.reader, acts.at),
        )
        for finding in found:
            if finding is not None:
                self._count(finding)

    def _count(self, finding: Finding) -> None:
        """Add a finding; a chunk that is wrong as a whole stops nothing, and its row numbers mean nothing."""
        known = self.findings.get((finding.column, finding.text))
        severity = Severity.WARNING if finding.severity is Severity.STOP else finding.severity
        examples = finding.examples if finding.column == "value" else ()
        rows = finding.rows + (known.rows if known else 0)
        self.findings[finding.column, finding.text] = replace(
            finding, severity=severity, rows=rows, examples=known.examples if known else examples
        )


def _whole_readers(chunks: Iterable[Acts]) -> Iterator[Acts]:
    """Cut the same rows so that each part ends where a reader ends."""
    held: Acts | None = None
    for chunk in chunks:
        acts = chunk if held is None else Acts.joined([held, chunk])
        last = int(np.searchsorted(acts.reader, acts.reader[-1]))
        if last:
            yield acts.take(slice(0, last))
        held = acts.take(slice(last, None))
    if held is not None:
        yield held
