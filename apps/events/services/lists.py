"""Keep what is shown: one row per list, which waits in this process's memory and is stored with others."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.events.services.list_buffer import ListBuffer
from apps.events.services.list_ids import RANDOM_BITS, unix_ms, uuid7
from apps.events.services.list_storing import NewRow, store_lists
from epicml.audience.bands import AgeBand

_RANDOM_BYTES = (RANDOM_BITS + 7) // 8
_TOO_MANY_BITS = 8 * _RANDOM_BYTES - RANDOM_BITS


@dataclass(frozen=True, slots=True)
class NewList:
    """A list as it is shown; `items` are ids of books in the order shown."""

    surface: str
    age_band: AgeBand
    items: Sequence[int]
    reader_id: int | None = None
    release: str = ""
    fallback: str = ""
    first_position: int = 1  # of the first item: a later page of a search begins behind the earlier ones
    arms: Mapping[str, str] = field(default_factory=dict)  # experiment -> arm
    propensities: Sequence[float] | None = None  # of each item, where a choice was random


_buffer = ListBuffer(store_lists)
flush_lists, end_lists, reset_lists = _buffer.flush, _buffer.end, _buffer.reset
os.register_at_fork(after_in_child=reset_lists)


def serve_list(new: NewList, *, now: datetime) -> UUID:
    """Give the list an id, and keep it in memory until it is stored with others; the database is not asked."""
    list_id = new_list_id(now)
    _buffer.add(
        NewRow(
            id=list_id,
            surface=new.surface,
            reader_id=new.reader_id,
            age_band=new.age_band,
            items=new.items,
            first_position=new.first_position,
            release=new.release,
            arms=new.arms,
            propensities=new.propensities,
            fallback=new.fallback,
            served_at=now,
        )
    )
    return list_id


def new_list_id(now: datetime) -> UUID:
    """Draw an id of this moment."""
    return uuid7(unix_ms(now), random_bits=int.from_bytes(os.urandom(_RANDOM_BYTES)) >> _TOO_MANY_BITS)
