from collections.abc import Iterator

import pytest

from epicml.datasets.audit import Severity
from epicml.datasets.event_log import LogAudit, read_log
from epicml.datasets.feedback import Act, Acts
from epicml.datasets.id_map import IdMap

BOOKS = IdMap.of([100, 200, 300])
RATED, STARTED, HIDDEN, NO_RATING = Act.RATED, Act.STARTED, Act.HIDDEN, float("nan")
# By reader, then time: reader 7 rates 100 twice, reader 8 an unknown book and one out of range, and hides one; reader 9
# rates one book.
ROWS = [
    (7, 100, RATED, 2.0, 10),
    (7, 200, STARTED, NO_RATING, 20),
    (7, 100, RATED, 5.0, 30),
    (8, 999, RATED, 3.0, 10),
    (8, 300, RATED, 9.0, 11),
    (8, 200, RATED, 3.0, 12),
    (8, 100, HIDDEN, NO_RATING, 13),
    (9, 300, RATED, 1.0, 5),
]


def chunks(size: int) -> Iterator[Acts]:
    for start in range(0, len(ROWS), size):
        yield Acts.of_rows(ROWS[start : start + size])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
class TestReadLog:
    def test_keeps_one_sound_fact_of_each_reader_and_book(self, size: int) -> None:
        readers, facts, _ = read_log(chunks(size), books=BOOKS)
        columns = facts.arrays()
        found = list(zip(*(columns[name].tolist() for name in ("reader", "book", "value", "at")), strict=True))
        assert found == [(0, 1, 3.0, 20), (0, 0, 5.0, 30), (1, 1, 3.0, 12), (2, 2, 1.0, 5)]
        assert readers.ids.tolist() == [7, 8, 9]

    def test_counts_what_it_read_and_left_out(self, size: int) -> None:
        _, _, audit = read_log(chunks(size), books=BOOKS)
        assert (audit.rows_read, audit.repeated) == (8, 1)

    def test_says_what_was_wrong(self, size: int) -> None:
        _, _, audit = read_log(chunks(size), books=BOOKS)
        findings = {finding.text: finding for finding in audit.findings}
        assert {text: (finding.severity, finding.rows, finding.share) for text, finding in findings.items()} == {
            "Unknown book": (Severity.WARNING, 1, 1 / 8),
            "Ratings outside 1 to 5": (Severity.WARNING, 1, 1 / 8),
            "Books that their reader hid": (Severity.NOTE, 1, 1 / 8),
        }
        assert findings["Ratings outside 1 to 5"].examples == ("9",)


class TestReaderWithoutAKnownBook:
    def test_gets_no_number(self) -> None:
        readers, facts, _ = read_log([Acts.of_rows([(1, 999, RATED, 5.0, 1), (2, 100, RATED, 5.0, 2)])], books=BOOKS)
        assert (readers.ids.tolist(), facts.reader.tolist()) == ([2], [0])


class TestReaderOfManyActs:
    def test_keeps_the_rating_of_a_book_that_was_started_again(self) -> None:
        rows = [(1, 100, RATED, 5.0, 1), (1, 200, Act.FINISHED, NO_RATING, 2)]
        again = [(1, book, STARTED, NO_RATING, 3 + place) for place, book in enumerate([100, 200])]
        _, facts, _ = read_log([Acts.of_rows([*rows, *again])], books=BOOKS)
        assert (facts.book.tolist(), facts.value.tolist(), facts.at.tolist()) == ([0, 1], [5, 4], [3, 4])

    def test_repeats_nothing_where_two_acts_fell_into_one_second(self) -> None:
        rows = [(1, 100, STARTED, NO_RATING, 1), (1, 100, Act.LIKED, NO_RATING, 1)]
        _, facts, audit = read_log([Acts.of_rows(rows)], books=BOOKS)
        assert (facts.value.tolist(), audit.findings) == ([5], ())


class TestNothing:
    def test_reads_as_no_facts(self) -> None:
        readers, facts, audit = read_log([], books=BOOKS)
        assert (len(readers), len(facts), audit) == (0, 0, LogAudit(rows_read=0, repeated=0, findings=()))
