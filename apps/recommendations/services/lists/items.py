"""One place of a list: the book that is offered, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf
from apps.recommendations.services.lists.contexts import ListContext
from apps.recommendations.services.lists.reasons import Reason

SCORE_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One book of a list; `instead_of` is the row of the later volume that earned the place, where one did.

    Card and reason are made when somebody asks: of the books that are tried, a third stays on the list.
    """

    shelf: Shelf
    row: int
    score: float
    word_reason: Callable[[], Reason]
    instead_of: int | None = None

    @property
    def card(self) -> BookCard:
        """The book itself."""
        return self.shelf.cards[self.row]

    @property
    def reason(self) -> Reason:
        """The reason for which the book is on the list."""
        return self.word_reason()

    def as_json(self, rank: int) -> dict[str, Any]:
        """Write the item as the API has it."""
        book = self.shelf.cards.json(self.row)
        return {"rank": rank, "book": book, "score": self.score, "reason": self.reason.as_json()}


def item(context: ListContext, row: int, score: float, word_reason: Callable[[], Reason]) -> Item:
    """Make an item of the book in this row of the shelf."""
    return Item(context.pool.shelf, row, round(score, SCORE_DIGITS), word_reason)
