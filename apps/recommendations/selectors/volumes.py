"""Lists in which no volume of a series comes before the one that the reader goes on with."""

from collections.abc import Callable
from dataclasses import replace

from apps.catalog.selectors.books import BookCard
from apps.recommendations.selectors import reasons
from apps.recommendations.selectors.items import Item
from apps.recommendations.selectors.question import Question
from apps.recommendations.selectors.reasons import Reason
from apps.recommendations.selectors.stock import Mask
from epicml.audience.bands import may_see
from epicml.datasets.id_map import ABSENT
from epicml.recommenders.series import NextVolumes, offered

Maker = Callable[[Mask, int], list[Item]]


def in_order(question: Question, make: Maker, mask: Mask, k: int, *, subject: int | None = None) -> list[Item]:
    """k items by this maker, each later volume replaced by the one that comes next, with a reason that is true of it.

    `subject` is the book that the list is beside: its own number needs no reading, and it is what the reasons name.
    """
    volumes = question.volumes if subject is None else beside(question, subject)
    places = offered(make, volumes=volumes, eligible=mask, k=k, book_of=_row_of)
    return [
        place if place.row == row else _standing_in(question, place, row, volumes, subject) for place, row in places
    ]


def beside(question: Question, subject: int) -> NextVolumes:
    """What the reader goes on with after looking at this book."""
    if subject in question.read_rows:
        return question.volumes
    return question.stock.series_order.after(question.volumes.read, at_hand=subject)


def reason_of_next(question: Question, row: int, volumes: NextVolumes) -> Reason | None:
    """That this volume follows one that was read; None where none was that may be named."""
    before = volumes.before(row)
    cards = question.stock.shelf.cards
    if before == ABSENT or not may_see(reader=question.age_band, book=cards[before].age_band):
        return None
    return reasons.next_after(cards[before], cards[row])


def _row_of(place: Item) -> int:
    return place.row


def _standing_in(question: Question, place: Item, row: int, volumes: NextVolumes, subject: int | None) -> Item:
    cards = question.stock.shelf.cards
    if subject is None:
        reason = reason_of_next(question, row, volumes)
    else:
        reason = reasons.in_series_of(cards[subject], cards[row])
    if reason is None:
        begun = volumes.before(row) != ABSENT
        reason = reasons.instead(place.reason, cards[row], begun=begun, spoke=_card(question, place.reason.book_key))
    return replace(place, row=row, reason=reason, instead_of=place.row)


def _card(question: Question, key: str | None) -> BookCard | None:
    return None if key is None else question.stock.shelf.card(key)
