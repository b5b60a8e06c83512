"""One place of a list: the book that is offered, and why."""

from dataclasses import dataclass
from typing import Any

from apps.catalog.selectors.books import BookCard
from apps.recommendations.selectors.question import Question
from apps.recommendations.selectors.reasons import Reason

SCORE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Item:
    """One book of a list; `instead_of` is the row of the later volume that earned the place, where one did."""

    row: int
    card: BookCard
    score: float
    reason: Reason
    instead_of: int | None = None

    def as_json(self, rank: int) -> dict[str, Any]:
        """The item in the API."""
        return {"rank": rank, "book": self.card.as_json(), "score": self.score, "reason": self.reason.as_json()}


def item(question: Question, row: int, score: float, reason: Reason) -> Item:
    """The book in this row of the shelf, as an item."""
    return Item(row=row, card=question.stock.shelf.cards[row], score=round(score, SCORE_DIGITS), reason=reason)
