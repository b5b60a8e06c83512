"""What one reader sees and why, for staff: ranks in each part of the model, what the filters removed, what was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from apps.catalog.selectors.books import BookCard
from apps.events.selectors import last_acts
from apps.readers.selectors import ReaderProfile
from apps.recommendations.services.lists import contexts, rankings
from apps.recommendations.services.lists.candidate_pool import Mask
from apps.recommendations.services.lists.contexts import ListContext, levels_of
from apps.recommendations.services.lists.reasons import Reason
from epicml.audience.bands import may_see
from epicml.datasets.id_map import ABSENT
from epicml.text.normalise import main_title

SHOWN_ACTS = 5
SHOWN_REMOVED = 5
LOOKED_AT = 100  # a book that would rank beyond this is not missed


@dataclass(frozen=True, slots=True)
class ExplainedItem:
    """One recommended book with its place in each part of the model; a part that did not place it is left out.

    `instead_of` is the later volume of its series whose place it takes; score and places are those of that one then.
    """

    rank: int
    card: BookCard
    reason: Reason
    score: float
    places: Mapping[str, int]
    instead_of: BookCard | None = None


@dataclass(frozen=True, slots=True)
class FilterStep:
    """One filter, how many books it removed, and how many were left after it."""

    name: str
    removed: int
    left: int


@dataclass(frozen=True, slots=True)
class RemovedBook:
    """A book that would stand at this place if no filter had removed it."""

    card: BookCard
    place: int
    reason: str


@dataclass(frozen=True, slots=True)
class LastAct:
    """What the reader did last with a book; the title is missing where the book was withdrawn."""

    title: str | None
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that decides what this reader is shown at this moment."""

    reader: ReaderProfile
    release: str | None
    fallback: str | None
    parts: tuple[str, ...]
    items: tuple[ExplainedItem, ...]
    filters: tuple[FilterStep, ...]
    removed: tuple[RemovedBook, ...]
    removed_at_exit: int
    books_read: int
    acts: tuple[LastAct, ...]


def explain(reader_key: str, *, limit: int, now: datetime) -> Explanation:
    """Explain what this reader is recommended now, and why that and nothing else."""
    context = contexts.of_reader(reader_key, now=now)
    if context.reader is None or context.past is None:
        raise QuestionWithoutReaderError
    found = rankings.for_you(context, k=limit)
    earned_by = [item.row if item.instead_of is None else item.instead_of for item in found]
    places, cards = _places(context, earned_by), context.pool.shelf.cards
    items = tuple(
        ExplainedItem(
            rank=rank,
            card=item.card,
            reason=item.reason,
            score=item.score,
            places=places.get(row, {}),
            instead_of=None if item.instead_of is None else cards[row],
        )
        for rank, (item, row) in enumerate(zip(found, earned_by, strict=True), start=1)
    )
    refused = [item for item in found if not may_see(reader=context.age_band, book=item.card.age_band)]
    return Explanation(
        reader=context.reader,
        release=context.release,
        fallback=context.fallback,
        parts=tuple(dict.fromkeys(part for item in items for part in item.places)),
        items=items,
        filters=tuple(_filters(context)),
        removed=tuple(_removed(context)),
        removed_at_exit=len(refused),
        books_read=len(context.past.book_ids),
        acts=tuple(_acts(context, context.reader.id)),
    )


class QuestionWithoutReaderError(RuntimeError):
    """A context of a reader came back without the reader: a mistake in this program."""

    def __init__(self) -> None:
        super().__init__("A reader was context for, but the context holds none.")


def _places(context: ListContext, rows: list[int]) -> dict[int, dict[str, int]]:
    """Return, for each of these rows of the shelf that the model ranked, the book's place in each part of the model."""
    if context.pool.model is None or not len(context.history):
        return {}
    ranked = rankings.rank(context, _may_earn(context), len(context.pool.shelf.cards))
    wanted = set(rows)
    return {
        row: {part: int(ranks[place]) for part, ranks in ranked.part_ranks.items() if ranks[place] > 0}
        for place, row in enumerate(context.pool.shelf_rows[ranked.books].tolist())
        if row in wanted
    }


def _may_earn(context: ListContext) -> Mask:
    """Return the books that may stand in the list, or give their place to the volume before them."""
    return np.asarray(context.candidate_masks[0] & (context.volumes.stand_ins(context.candidate_masks[0]) != ABSENT))


def _filters(context: ListContext) -> list[FilterStep]:
    """List the filters in their order, with the falling count of books."""
    names = _filter_names(context)
    steps, left = [], np.ones(len(context.pool.shelf.cards), np.bool_)
    steps.append(FilterStep("All books in the catalogue", 0, int(left.sum())))
    for name, mask in zip(names, _masks(context), strict=True):
        kept = left & mask
        steps.append(FilterStep(name, int(left.sum() - kept.sum()), int(kept.sum())))
        left = kept
    return steps


def _filter_names(context: ListContext) -> tuple[str, ...]:
    reader, levels = context.reader, levels_of(context.reader)
    languages = ", ".join(reader.languages) if reader else ""
    return (
        f"Above the age band {context.age_band.label}",
        f"Reading level outside {levels[0]} to {levels[1]}" if levels else "Reading level: none is set",
        f"Language not {languages}" if languages else "Language: none is set",
        "Already read",
        "Hidden by the reader",
        "Later volume of a series than the next one",
    )


def _masks(context: ListContext) -> tuple[Mask, ...]:
    """Return what each filter lets through, in the order of the names."""
    shelf, reader, past = context.pool.shelf, context.reader, context.past
    band = shelf.allowed(context.age_band)
    levels = shelf.allowed(context.age_band, levels=levels_of(reader))
    languages = shelf.allowed(context.age_band, languages=reader.languages if reader else ())
    unread, shown = np.ones(len(band), np.bool_), np.ones(len(band), np.bool_)
    if past is not None:
        unread[context.read_rows[context.read_rows != ABSENT]] = False
        hidden = shelf.rows_of_ids(past.hidden_ids)
        shown[hidden[hidden != ABSENT]] = False
    in_order = context.volumes.stand_ins(context.candidate_masks[0]) == np.arange(len(band))
    # levels and languages are masks within the band; outside it they must not count as removed by themselves
    return band, levels | ~band, languages | ~band, unread, shown, in_order


def _removed(context: ListContext) -> list[RemovedBook]:
    """List the books that the model alone would rank highest, but that a filter removed."""
    if context.pool.model is None or not len(context.history):
        return []
    everything = np.ones(len(context.pool.shelf.cards), np.bool_)
    rows = context.pool.shelf_rows[rankings.rank(context, everything, LOOKED_AT).books].tolist()
    may_earn = _may_earn(context)
    removed = [(place, row) for place, row in enumerate(rows, start=1) if not may_earn[row]]
    return [_removed_book(context, row, place) for place, row in removed[:SHOWN_REMOVED]]


def _removed_book(context: ListContext, row: int, place: int) -> RemovedBook:
    card = context.pool.shelf.cards[row]
    band, levels, languages, unread, shown, _ = (bool(mask[row]) for mask in _masks(context))
    if not band:
        reason = f"Above the age band: {card.age_band.label}"
    elif not levels:
        reason = f"Reading level {card.reading_level}"
    elif not languages:
        reason = f"Language: {card.language}"
    elif not unread or not shown:
        reason = "Hidden by the reader" if unread else "Already read"
    else:
        before = context.pool.shelf.cards[context.volumes.keeping_back(row)]
        reason = f"Comes after {main_title(before.title)}, which may not be shown"
    return RemovedBook(card, place, reason)


def _acts(context: ListContext, reader_id: int) -> list[LastAct]:
    acts = last_acts(reader_id, limit=SHOWN_ACTS)
    rows = context.pool.shelf.rows_of_ids(np.array([act.book_id for act in acts], np.int64)).tolist()
    return [
        LastAct(None if row == ABSENT else context.pool.shelf.cards[row].title, act.kind, act.at)
        for act, row in zip(acts, rows, strict=True)
    ]
