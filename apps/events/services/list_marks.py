"""Whether an event agrees with the list that it names: known, of this reader, with this book at this position.

A list and its events come from different processes, in any order: a click is often stored before the list that it is
in. So whoever stores one of the two looks for the other afterwards: whichever of both was stored last finds it.
"""

import re
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from prometheus_client import Counter

from apps.events.models import Event, ListMark, ServedList
from apps.platform.services.metrics import registry

OTHER_READER = "reader"  # in the metrics alone: the row says unknown, so that nobody learns of another's list
IDS_PER_QUERY = 500
# The conditions of both partial indexes as they are written there, or SQLite would not take them.
SENT_LISTS = "SELECT sent_id, id, sender FROM events_servedlist WHERE sent_id IN ({places}) AND NOT (sent_id = '')"
UNKNOWN_EVENTS = """
    SELECT id, sender, list_id, reader_id, book_id, position FROM events_event
    WHERE list_id IN ({places}) AND list_mark = 'unknown'
"""

EVENTS_OF_LISTS = Counter(
    "epicml_events_of_lists", "Stored events that name a list, by how they agree.", ("agree",), registry=registry
)
MARKED_LATER = Counter(
    "epicml_events_of_lists_settled", "Events whose list was stored after them.", ("agree",), registry=registry
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class ListReference(NamedTuple):
    """What an event says of its list."""

    sender: str
    list_id: str
    reader_id: int | None
    book_id: int | None
    position: int | None


@dataclass(frozen=True, slots=True)
class _List:
    sender: str
    reader_id: int | None
    items: Sequence[int]
    first_position: int
    is_named_by_us: bool  # the id is the row's; else the sender's own, which another sender may have given by chance

    def is_of(self, named: "ListReference") -> bool:
        """Tell whether the event may be of this list: the same reader, or nobody and no chance of another list."""
        if self.reader_id is None:
            return self.is_named_by_us or self.sender == named.sender
        return self.reader_id == named.reader_id


class KnownLists:
    """The stored lists of some ids: our own, and those that clients gave an id of theirs."""

    def __init__(self, list_ids: Collection[str]) -> None:
        self._lists: dict[str, list[_List]] = defaultdict(list)
        named = sorted(list_ids)
        for start in range(0, len(named), IDS_PER_QUERY):
            self._read(named[start : start + IDS_PER_QUERY])

    @property
    def ids(self) -> set[str]:
        """Return those of the ids that name a list."""
        return set(self._lists)

    def agreement(self, named: ListReference) -> str:
        """Say how the event agrees with its list: a ListMark, or OTHER_READER."""
        found = self._lists.get(named.list_id)
        if not found:
            return ListMark.UNKNOWN
        mine = [each for each in found if each.is_of(named)]
        if not mine:
            return OTHER_READER
        return _agreement(min(mine, key=lambda each: each.sender != named.sender), named)

    def _read(self, list_ids: Sequence[str]) -> None:
        names = [(UUID(list_id), list_id, True) for list_id in list_ids if _UUID.fullmatch(list_id)]
        names += [(row_id, sent_id, False) for sent_id, row_id, _ in _sent_lists(list_ids)]
        rows = ServedList.objects.in_bulk({row_id for row_id, *_ in names}) if names else {}
        for row_id, name, by_us in names:
            row = rows.get(row_id)
            if row is not None:
                self._lists[name].append(_List(row.sender, row.reader_id, row.items, row.first_position, by_us))


def canonical_list_id(list_id: str) -> str:
    """Write an id of ours in the one way in which it is stored; any other as it was sent."""
    return list_id.lower() if _UUID.fullmatch(list_id) else list_id


def known_sent_ids(sent_ids: Sequence[str], *, sender: str) -> set[str]:
    """Find those of these ids that this sender gave to lists which are stored."""
    return {sent_id for sent_id, _, by in _sent_lists(sent_ids) if by == sender}


def update_marks(list_ids: Collection[str]) -> int:
    """Mark anew the events whose lists were not stored when they came; returns how many have found theirs.

    To be called when what was stored is committed: then of a list and its event the later one sees the earlier.
    """
    events = list(_unknown_events(sorted(list_ids)))
    known = KnownLists({event.list_id for _, event in events})
    marked: dict[str, list[int]] = defaultdict(list)
    for row_id, event in events:
        agree = known.agreement(event)
        if agree not in {ListMark.UNKNOWN, OTHER_READER}:
            marked[agree].append(row_id)
    for agree, row_ids in marked.items():
        Event.objects.filter(id__in=row_ids, list_mark=ListMark.UNKNOWN).update(list_mark=agree)
        MARKED_LATER.labels(agree).inc(len(row_ids))
    return sum(map(len, marked.values()))


def count_agreements(agreements: Iterable[str]) -> None:
    """Count events that were stored by how they agree with their lists."""
    for agree, count in Tally(agreements).items():
        EVENTS_OF_LISTS.labels(agree).inc(count)


def mark_of(agreement: str) -> str:
    """Return what the row of an event says."""
    return ListMark.UNKNOWN if agreement == OTHER_READER else agreement


def _agreement(found: _List, named: ListReference) -> str:
    if named.book_id not in found.items:
        return ListMark.BOOK
    if named.position is None:
        return ListMark.MATCHED
    place = named.position - found.first_position
    there = 0 <= place < len(found.items) and found.items[place] == named.book_id
    return ListMark.MATCHED if there else ListMark.POSITION


def _sent_lists(sent_ids: Sequence[str]) -> list[tuple[str, UUID, str]]:
    """Find the id that its sender gave each list, that of its row, and the sender."""
    if not sent_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(SENT_LISTS.format(places=_places(sent_ids)), list(sent_ids))
        return [(sent_id, UUID(str(row_id)), sender) for sent_id, row_id, sender in cursor.fetchall()]


def _unknown_events(list_ids: Sequence[str]) -> Iterable[tuple[int, ListReference]]:
    for start in range(0, len(list_ids), IDS_PER_QUERY):
        some = list_ids[start : start + IDS_PER_QUERY]
        with connection.cursor() as cursor:
            cursor.execute(UNKNOWN_EVENTS.format(places=_places(some)), list(some))
            rows = cursor.fetchall()
        for row_id, *values in rows:
            yield row_id, ListReference(*values)


def _places(values: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(values))
