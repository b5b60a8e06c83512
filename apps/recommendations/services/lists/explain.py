"""What one reader sees and why, for staff: ranks in each part of the model, what the filters removed, what was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from apps.catalog.selectors.books import BookCard
from apps.events.selectors import last_acts
from apps.readers.selectors import ReaderProfile
from apps.recommendations.services.lists import contexts, rankings
from apps.recommendations.services.lists.contexts import ListContext, levels_of
from apps.recommendations.services.lists.items import Item
from apps.recommendations.services.lists.reasons import Reason
from apps.recommendations.services.lists.stock import Mask
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
    """What this reader is recommended now, and why that and nothing else."""
    asked = contexts.of_reader(reader_key, now=now)
    if asked.reader is None or asked.past is None:
        raise QuestionWithoutReaderError
    found = rankings.for_you(asked, k=limit)
    places = _places(asked, [_earned_by(item) for item in found])
    items = tuple(_explained(asked, item, rank, places) for rank, item in enumerate(found, start=1))
    refused = [item for item in found if not may_see(reader=asked.age_band, book=item.card.age_band)]
    return Explanation(
        reader=asked.reader,
        release=asked.release,
        fallback=asked.fallback,
        parts=tuple(dict.fromkeys(part for item in items for part in item.places)),
        items=items,
        filters=tuple(_filters(asked)),
        removed=tuple(_removed(asked)),
        removed_at_exit=len(refused),
        books_read=len(asked.past.book_ids),
        acts=tuple(_acts(asked, asked.reader.id)),
    )


class QuestionWithoutReaderError(RuntimeError):
    """A context of a reader came back without the reader: a mistake in this program."""

    def __init__(self) -> None:
        super().__init__("A reader was asked for, but the context holds none.")


def _earned_by(item: Item) -> int:
    """The row of the book that earned the place: the later volume where this one stands in for it."""
    return item.row if item.instead_of is None else item.instead_of


def _explained(asked: ListContext, item: Item, rank: int, places: Mapping[int, Mapping[str, int]]) -> ExplainedItem:
    instead_of = None if item.instead_of is None else asked.stock.shelf.cards[item.instead_of]
    return ExplainedItem(rank, item.card, item.reason, item.score, places.get(_earned_by(item), {}), instead_of)


def _places(asked: ListContext, rows: list[int]) -> dict[int, dict[str, int]]:
    """For each of these rows of the shelf that the model ranked, the place that each of its parts gave the book."""
    if asked.stock.model is None or not len(asked.history):
        return {}
    ranked = rankings.rank(asked, _may_earn(asked), len(asked.stock.shelf.cards))
    wanted = set(rows)
    return {
        row: {part: int(ranks[place]) for part, ranks in ranked.part_ranks.items() if ranks[place] > 0}
        for place, row in enumerate(asked.stock.shelf_rows[ranked.books].tolist())
        if row in wanted
    }


def _may_earn(asked: ListContext) -> Mask:
    """The books that may stand in the list, or lend their place to the volume before them."""
    return np.asarray(asked.candidate_masks[0] & (asked.volumes.stand_ins(asked.candidate_masks[0]) != ABSENT))


def _filters(asked: ListContext) -> list[FilterStep]:
    """The filters in their order, as a falling count."""
    names = _filter_names(asked)
    steps, left = [], np.ones(len(asked.stock.shelf.cards), np.bool_)
    steps.append(FilterStep("All books in the catalogue", 0, int(left.sum())))
    for name, mask in zip(names, _masks(asked), strict=True):
        kept = left & mask
        steps.append(FilterStep(name, int(left.sum() - kept.sum()), int(kept.sum())))
        left = kept
    return steps


def _filter_names(asked: ListContext) -> tuple[str, ...]:
    reader, levels = asked.reader, levels_of(asked.reader)
    languages = ", ".join(reader.languages) if reader else ""
    return (
        f"Above the age band {asked.age_band.label}",
        f"Reading level outside {levels[0]} to {levels[1]}" if levels else "Reading level: none is set",
        f"Language not {languages}" if languages else "Language: none is set",
        "Already read",
        "Hidden by the reader",
        "Later volume of a series than the next one",
    )


def _masks(asked: ListContext) -> tuple[Mask, ...]:
    """What each filter lets through, in the order of the names."""
    shelf, reader, past = asked.stock.shelf, asked.reader, asked.past
    band = shelf.allowed(asked.age_band)
    levels = shelf.allowed(asked.age_band, levels=levels_of(reader))
    languages = shelf.allowed(asked.age_band, languages=reader.languages if reader else ())
    unread, shown = np.ones(len(band), np.bool_), np.ones(len(band), np.bool_)
    if past is not None:
        unread[asked.read_rows[asked.read_rows != ABSENT]] = False
        hidden = shelf.rows_of_ids(past.hidden_ids)
        shown[hidden[hidden != ABSENT]] = False
    in_order = asked.volumes.stand_ins(asked.candidate_masks[0]) == np.arange(len(band))
    # levels and languages are masks within the band; outside it they must not count as removed by themselves
    return band, levels | ~band, languages | ~band, unread, shown, in_order


def _removed(asked: ListContext) -> list[RemovedBook]:
    """The books that the model alone would rank highest, but that a filter removed."""
    if asked.stock.model is None or not len(asked.history):
        return []
    everything = np.ones(len(asked.stock.shelf.cards), np.bool_)
    rows = asked.stock.shelf_rows[rankings.rank(asked, everything, LOOKED_AT).books].tolist()
    may_earn = _may_earn(asked)
    removed = [(place, row) for place, row in enumerate(rows, start=1) if not may_earn[row]]
    return [_removed_book(asked, row, place) for place, row in removed[:SHOWN_REMOVED]]


def _removed_book(asked: ListContext, row: int, place: int) -> RemovedBook:
    card = asked.stock.shelf.cards[row]
    band, levels, languages, unread, shown, _ = (bool(mask[row]) for mask in _masks(asked))
    if not band:
        reason = f"Above the age band: {card.age_band.label}"
    elif not levels:
        reason = f"Reading level {card.reading_level}"
    elif not languages:
        reason = f"Language: {card.language}"
    elif not unread or not shown:
        reason = "Hidden by the reader" if unread else "Already read"
    else:
        before = asked.stock.shelf.cards[asked.volumes.keeping_back(row)]
        reason = f"Comes after {main_title(before.title)}, which may not be shown"
    return RemovedBook(card, place, reason)


def _acts(asked: ListContext, reader_id: int) -> list[LastAct]:
    acts = last_acts(reader_id, limit=SHOWN_ACTS)
    rows = asked.stock.shelf.rows_of_ids(np.array([act.book_id for act in acts], np.int64)).tolist()
    return [
        LastAct(None if row == ABSENT else asked.stock.shelf.cards[row].title, act.kind, act.at)
        for act, row in zip(acts, rows, strict=True)
    ]
