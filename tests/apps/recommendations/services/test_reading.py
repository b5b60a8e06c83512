from collections.abc import Iterator

import numpy as np
import pytest

from apps.events.selectors import TrainingChunk
from apps.recommendations.services.reading import read_facts
from epicml.datasets.audit import Severity
from epicml.datasets.id_map import IdMap

BOOKS = IdMap.of([100, 200, 300])
# By reader, then time: reader 7 reads 100 twice, reader 8 an unknown book and one out of range, reader 9 one book.
ROWS = [
    (7, 100, 2.0, 10),
    (7, 200, 4.0, 20),
    (7, 100, 5.0, 30),
    (8, 999, 3.0, 10),
    (8, 300, 9.0, 11),
    (8, 200, 3.0, 12),
    (9, 300, 1.0, 5),
]


def chunks(size: int) -> Iterator[TrainingChunk]:
    for start in range(0, len(ROWS), size):
        readers, books, values, at = zip(*ROWS[start : start + size], strict=True)
        yield TrainingChunk(
            np.array(readers, np.int64), np.array(books, np.int64), np.array(values, np.float32), np.array(at, np.int64)
        )


@pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
class TestReadFacts:
    def test_keeps_the_latest_sound_row_of_each_reader_and_book(self, size: int) -> None:
        facts = read_facts(chunks(size), BOOKS)
        found = list(
            zip(facts.reader.tolist(), facts.book.tolist(), facts.value.tolist(), facts.at.tolist(), strict=True)
        )
        assert found == [(0, 1, 4.0, 20), (0, 0, 5.0, 30), (1, 1, 3.0, 12), (2, 2, 1.0, 5)]
        assert facts.readers.tolist() == [7, 8, 9]

    def test_counts_what_it_read_and_left_out(self, size: int) -> None:
        facts = read_facts(chunks(size), BOOKS)
        assert (facts.rows_read, facts.repeated) == (7, 1)

    def test_says_what_was_wrong(self, size: int) -> None:
        findings = {finding.column: finding for finding in read_facts(chunks(size), BOOKS).findings}
        assert set(findings) == {"book", "value"}
        assert (findings["book"].rows, findings["book"].share) == (1, 1 / 7)
        assert (findings["value"].rows, findings["value"].examples) == (1, ("9",))
        assert {finding.severity for finding in findings.values()} == {Severity.WARNING}


class TestReaderWithoutAKnownBook:
    def test_gets_no_number(self) -> None:
        rows = TrainingChunk(
            np.array([1, 2], np.int64), np.array([999, 100], np.int64), np.array([5, 5], np.float32), np.array([1, 2])
        )
        facts = read_facts([rows], BOOKS)
        assert (facts.readers.tolist(), facts.reader.tolist()) == ([2], [0])


class TestNothing:
    def test_reads_as_no_facts(self) -> None:
        assert len(read_facts([], BOOKS).book) == 0
