"""Lists in which no volume of a series comes before the one that the reader goes on with."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from apps.recommendations.services.lists import reasons
from apps.recommendations.services.lists.candidate_pool import Mask
from apps.recommendations.services.lists.contexts import ListContext
from apps.recommendations.services.lists.items import Item
from apps.recommendations.services.lists.reasons import Reason
from epicml.audience.bands import may_see
from epicml.datasets.id_map import ABSENT
from epicml.recommenders.series import NextVolumes, offered

RankItems = Callable[[Mask, int], list[Item]]  # the best so many items of the books in a mask


def in_order(
    context: ListContext, rank_items: RankItems, mask: Mask, k: int, *, anchor: int | None = None
) -> list[Item]:
    """Make k items in which the next volume stands for each later one, with a reason that is true of it.

    `anchor` is the book that the list is beside: its own number needs no reading, and it is what the reasons name.
    """
    volumes = context.volumes if anchor is None else beside(context, anchor)
    items = []
    for place, row in offered(rank_items, volumes=volumes, eligible=mask, k=k, book_of=lambda place: place.row):
        if place.row != row:
            word_reason = partial(_reason_of_stand_in, context, place, row, volumes, anchor)
            items.append(replace(place, row=row, word_reason=word_reason, instead_of=place.row))
        else:
            items.append(place)
    return items


def beside(context: ListContext, anchor: int) -> NextVolumes:
    """Find what the reader goes on with after looking at this book."""
    order = context.pool.series_order
    if order.volume_of[anchor] == ABSENT or anchor in context.read_rows:
        return context.volumes
    return order.after(context.volumes.read, at_hand=anchor)


def reason_of_next(context: ListContext, row: int, volumes: NextVolumes) -> Reason | None:
    """Word that this volume follows one that was read; None where none was that may be named."""
    before = volumes.before(row)
    cards = context.pool.shelf.cards
    if before == ABSENT or not may_see(reader=context.age_band, book=cards[before].age_band):
        return None
    return reasons.next_after(cards[before], cards[row])


def _reason_of_stand_in(
    context: ListContext, place: Item, row: int, volumes: NextVolumes, anchor: int | None
) -> Reason:
    cards = context.pool.shelf.cards
    if anchor is None:
        reason = reason_of_next(context, row, volumes)
    else:
        reason = reasons.in_series_of(cards[anchor], cards[row])
    if reason is not None:
        return reason
    earned, is_started = place.reason, volumes.before(row) != ABSENT
    contributing_item = None if earned.book_key is None else context.pool.shelf.card(earned.book_key)
    return reasons.instead(earned, cards[row], is_started=is_started, contributing_item=contributing_item)
