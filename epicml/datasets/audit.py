"""Look at data before anything is learned from them: what stops the training, what is mended, what is only said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np

from epicml.datasets.arrays import Bools, Float64s, Int64s
from epicml.datasets.interactions import POSITIVE_FROM, Interactions
from epicml.datasets.splits import Split

# Words that mean "nothing" in the columns of real catalogues.
NULL_WORDS = frozenset({"", "-", "--", "?", "n/a", "na", "nan", "nil", "none", "null", "unknown", "undefined"})
LOWEST_RATING, HIGHEST_RATING = 1.0, 5.0
_EXAMPLES = 3


class Severity(StrEnum):
    """What a finding means for the training, the most severe first."""

    STOP = "stop"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the data.

    Attributes:
        severity: stop, warning or note.
        column: where.
        text: what, in words.
        share: share of the rows, in [0, 1].
        rows: how many rows.
        examples: a few of them, written out.
        done: what was done about it, as "read as missing".
        name: under which a person may accept it where it stops, as "rows_lost"; "" where nobody may.
    """

    severity: Severity
    column: str
    text: str
    share: float
    rows: int
    examples: tuple[str, ...] = ()
    done: str = ""
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the finding as a dictionary of texts, numbers and lists."""
        return asdict(self) | {"examples": list(self.examples)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Restore the finding that was stored."""
        return cls(**{**stored, "severity": Severity(stored["severity"]), "examples": tuple(stored["examples"])})


def stops(finding: Finding) -> bool:
    """Tell whether the finding forbids to go on, until a person accepts it where it has a name.

    >>> stops(Finding(Severity.NOTE, "language", "Many languages", 0.5, 10))
    False
    """
    return finding.severity == Severity.STOP


def most_severe_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings: what stops, then warnings, then notes.

    >>> note, stop = (Finding(severity, "at", "", 1.0, 1) for severity in (Severity.NOTE, Severity.STOP))
    >>> [finding.severity.value for finding in most_severe_first([note, stop])]
    ['stop', 'note']
    """
    return sorted(findings, key=lambda finding: list(Severity).index(finding.severity))


def check_hidden_nulls(column: str, values: Sequence[object]) -> Finding | None:
    """Find values that say "nothing" in words, or are empty; an `isna` passes over them.

    Args:
        column: what the values are, as "language".
        values: n of them; what is no text is passed over.

    >>> check_hidden_nulls("language", ["en", "n/a", " - ", "en"]).share
    0.5
    """
    hidden = [value for value in values if isinstance(value, str) and value.strip().lower() in NULL_WORDS]
    if not hidden:
        return None
    examples = tuple(f"“{value}”" for value in dict.fromkeys(hidden))[:_EXAMPLES]
    share = len(hidden) / len(values)
    return Finding(Severity.WARNING, column, "Hidden missing values", share, len(hidden), examples, "read as missing")


def check_known(column: str, rows: Int64s, count: int) -> Finding | None:
    """Find rows of readers or books that are not in the catalogue; all of them stop the training.

    Args:
        column: "reader" or "book".
        rows: int64[n], the row of each fact; -1 where it is not known.
        count: how many rows there are.

    >>> found = check_known("book", np.array([0, -1, 1, 7]), 2)
    >>> found.rows, found.severity.value, found.examples
    (2, 'warning', ('row 2', 'row 4'))
    """
    unknown = (rows < 0) | (rows >= count)
    if not unknown.any():
        return None
    severity = Severity.STOP if unknown.all() else Severity.WARNING
    return _finding(severity, column, f"Unknown {column}", unknown, "left out")


def check_range(values: Float64s) -> Finding | None:
    """Find ratings outside 1 to 5, or not a number.

    Args:
        values: float64[n], ratings in stars.

    >>> check_range(np.array([5.0, 0.5, np.nan, 1.0])).examples
    ('0.5', 'nan')
    """
    wrong = ~((values >= LOWEST_RATING) & (values <= HIGHEST_RATING))
    if not wrong.any():
        return None
    severity = Severity.STOP if wrong.all() else Severity.WARNING
    examples = tuple(f"{value:g}" for value in dict.fromkeys(values[wrong].tolist()))[:_EXAMPLES]
    return _finding(severity, "value", "Ratings outside 1 to 5", wrong, "left out", examples)


def check_positives(values: Float64s) -> Finding | None:
    """Stop where no book is liked: there is nothing to recommend from.

    Args:
        values: float64[n], ratings in stars.

    >>> check_positives(np.array([3.0, 4.0])) is None, check_positives(np.array([3.0])).text
    (True, 'No rating reaches 4 stars.')
    """
    if ((values >= POSITIVE_FROM) & (values <= HIGHEST_RATING)).any():  # a rating above is left out
        return None
    return Finding(Severity.STOP, "value", f"No rating reaches {POSITIVE_FROM:g} stars.", 1.0, len(values))


def check_duplicates(readers: Int64s, books: Int64s, times: Int64s) -> Finding | None:
    """Find the same fact told twice: reader, book and time alike.

    Args:
        readers: int64[n].
        books: int64[n].
        times: int64[n], seconds since 1970 UTC.

    >>> same = np.array([1, 1, 1])
    >>> check_duplicates(same, np.array([4, 5, 4]), same).examples
    ('row 3',)
    """
    order = np.lexsort((times, books, readers))
    same = np.ones(len(order), bool)
    for column in (readers, books, times):
        same[1:] &= column[order][1:] == column[order][:-1]
    same[0] = False
    repeated = np.zeros(len(order), bool)
    repeated[order] = same
    return _finding(Severity.WARNING, "rows", "Duplicate rows", repeated, "counted once") if same.any() else None


def check_order(readers: Int64s, times: Int64s) -> Finding | None:
    """Find times that go back within a reader, in the order the rows came.

    Args:
        readers: int64[n].
        times: int64[n], seconds since 1970 UTC.

    >>> check_order(np.array([8, 8, 9]), np.array([20, 10, 5])).examples
    ('reader 8, rows 1 and 2',)
    """
    back = np.zeros(len(readers), bool)
    back[1:] = (readers[1:] == readers[:-1]) & (times[1:] < times[:-1])
    if not back.any():
        return None
    examples = tuple(f"reader {readers[row]}, rows {row} and {row + 1}" for row in np.flatnonzero(back)[:_EXAMPLES])
    text = "Times out of order within a reader"
    return _finding(Severity.WARNING, "at", text, back, "sorted before the split", examples)


def check_long_readers(interactions: Interactions, *, most: int) -> Finding | None:
    """Find readers who liked more books than count as pairs: a shared account, or a machine.

    Args:
        interactions: the facts that are learned from.
        most: how many liked books of one reader count, >= 1.

    >>> facts = Interactions.from_rows(reader=[0, 0, 0, 1], book=[0, 1, 2, 0], value=[5, 4, 5, 5], at=[1, 2, 3, 4],
    ...                                n_readers=2, n_books=3)
    >>> finding = check_long_readers(facts, most=2)
    >>> finding.text, finding.rows, finding.examples
    ('Liked books beyond the newest 2 of a reader', 1, ('1 reader',))
    """
    liked = np.bincount(interactions.reader[interactions.value >= POSITIVE_FROM], minlength=interactions.n_readers)
    beyond = np.maximum(liked - most, 0)
    rows, readers = int(beyond.sum()), int((beyond > 0).sum())
    if not rows:
        return None
    text, done = f"Liked books beyond the newest {most:,} of a reader", "left out of what is read together"
    examples = (f"{readers:,} reader{'s' if readers > 1 else ''}",)
    return Finding(Severity.WARNING, "reader", text, rows / len(interactions), rows, examples, done)


def check_leak(split: Split) -> Finding | None:
    """Find test facts older than the newest training fact of their reader: the model would have seen the future.

    Args:
        split: both sides over the same readers and books.

    >>> facts = dict(value=[5], n_readers=1, n_books=2)
    >>> new = Interactions.from_rows(reader=[0], book=[0], at=[9], **facts)
    >>> old = Interactions.from_rows(reader=[0], book=[1], at=[3], **facts)
    >>> check_leak(Split(train=old, test=new)) is None, check_leak(Split(train=new, test=old)).severity.value
    (True, 'stop')
    """
    newest = np.full(split.train.n_readers, np.iinfo(np.int64).min)
    np.maximum.at(newest, split.train.reader, split.train.at)
    early = split.test.at < newest[split.test.reader]
    if not early.any():
        return None
    return _finding(Severity.STOP, "at", "Test facts older than training facts of their reader", early, "")


def _finding(
    severity: Severity, column: str, text: str, wrong: Bools, done: str, examples: tuple[str, ...] | None = None
) -> Finding:
    if examples is None:
        examples = tuple(f"row {row + 1}" for row in np.flatnonzero(wrong)[:_EXAMPLES])
    return Finding(severity, column, text, float(wrong.mean()), int(wrong.sum()), examples, done)
