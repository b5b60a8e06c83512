"""What every recommender takes and gives."""

from dataclasses import dataclass, field
from typing import Protocol, Self

import numpy as np

from epicml.datasets.arrays import Float32s, Int32s, NamedArrays
from epicml.datasets.id_map import ModelRows

# Weight of a book read `age` books ago. Measured: the largest single gain of all settings.
RECENCY_POWER = 0.8
# Older reads weigh under 1.5 % of the newest: they cost time at every request and change no top 10.
LONGEST_HISTORY = 200


class InvalidHistoryError(ValueError):
    """A history whose columns differ in length or hold a value that is not finite."""


class InvalidModelError(ValueError):
    """Saved arrays that are no model of this kind: an array is missing, or does not fit the others."""


@dataclass(frozen=True, slots=True)
class History:
    """What one reader read, newest first, as it stands at this request.

    Attributes:
        books: int32[m], rows of books, each once.
        values: float32[m], rating or implied strength, 1 to 5.
        is_stale: whether the newest entry is so old that the order of reading says little about today; then all books
            weigh the same (with a stale history recency loses).

    Raises:
        InvalidHistoryError: unequal lengths, a row below 0 (a book the model does not know), or a value that is not
            finite.
    """

    books: ModelRows
    values: Float32s
    is_stale: bool = False

    def __post_init__(self) -> None:
        if len(self.books) != len(self.values):
            raise InvalidHistoryError(f"{len(self.books)} books with {len(self.values)} values.")
        if len(self.books) and self.books.min() < 0:
            raise InvalidHistoryError("The history names a book row below 0; leave out books the model does not know.")
        if not np.isfinite(self.values).all():
            raise InvalidHistoryError("A value of the history is not a finite number.")

    def __len__(self) -> int:
        return len(self.books)

    def recent(self, limit: int = LONGEST_HISTORY) -> "History":
        """Keep the newest entries only."""
        return (
            self if len(self) <= limit else History(ModelRows(self.books[:limit]), self.values[:limit], self.is_stale)
        )

    def recency(self) -> Float32s:
        """Return float32[m]: (1 + age) ** -0.8, age 0 for the newest; 1 everywhere if the history is stale.

        >>> History(np.array([7, 8], np.int32), np.array([5, 4], np.float32)).recency().round(4)
        array([1.    , 0.5743], dtype=float32)
        """
        if self.is_stale:
            return np.ones(len(self), np.float32)
        return (np.arange(1, len(self) + 1, dtype=np.float32) ** np.float32(-RECENCY_POWER)).astype(np.float32)


NO_HISTORY = History(ModelRows(np.zeros(0, np.int32)), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A list of books, best first, with why each is on it.

    Attributes:
        books: int32[k], rows of books; fewer than asked only if fewer are eligible.
        scores: float32[k], falling; comparable inside one list only.
        part_ranks: for each part, int32[k], the place that part gave the book (1 = best), 0 if it did not place it.
        contributing_item: int32[k], row of the book of the history that added most to the score in the part `source`;
            -1 if no read book did (a popular book).
        source: for each book the name of the part that gives the reason.
    """

    books: ModelRows
    scores: Float32s
    part_ranks: dict[str, Int32s] = field(default_factory=dict)
    contributing_item: ModelRows = field(default_factory=lambda: ModelRows(np.zeros(0, np.int32)))
    source: tuple[str, ...] = ()


class HistoryScores(Protocol):
    """What one recommender makes of one history: the scores, and what each read book added to them."""

    @property
    def scores(self) -> Float32s:
        """float32[n_books]: higher is better; 0 or less where it has nothing to say."""

    def contributions(self, targets: Int32s) -> Float32s:
        """Return float32[len(targets), m]: what each of the m books of the history added to the target's score.

        Args:
            targets: int32, rows of books, each once.
        """


class Recommender(Protocol):
    """One way to score all books for one reader."""

    @property
    def name(self) -> str:
        """The name it bears in reports and reasons."""

    def score(self, history: History) -> HistoryScores:
        """Score all books for this history, and keep what each read book added.

        Args:
            history: m books, newest first.
        """

    def arrays(self) -> NamedArrays:
        """Return what `from_arrays` needs to make it again."""

    @classmethod
    def from_arrays(cls, arrays: NamedArrays) -> Self:
        """Restore the recommender that gave these arrays.

        Raises:
            InvalidModelError: they are no such recommender.
        """
