"""One place of a list: the book that is offered, and why."""

from dataclasses import dataclass
from typing import Any

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf
from apps.recommendations.services.lists.contexts import ListContext
from apps.recommendations.services.lists.reasons import Reason

SCORE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Item:
    """One book of a list; `instead_of` is the row of the later volume that earned the place, where one did."""

    shelf: Shelf
    row: int
    score: float
    reason: Reason
    instead_of: int | None = None

    @property
    def card(self) -> BookCard:
        """The book itself: made only for what stays on the list, and three times as many are tried."""
        return self.shelf.cards[self.row]

    def as_json(self, rank: int) -> dict[str, Any]:
        """The item in the API."""
        return {"rank": rank, "book": self.card.as_json(), "score": self.score, "reason": self.reason.as_json()}


def item(context: ListContext, row: int, score: float, reason: Reason) -> Item:
    """The book in this row of the shelf, as an item."""
    return Item(context.stock.shelf, row, round(score, SCORE_DIGITS), reason)
